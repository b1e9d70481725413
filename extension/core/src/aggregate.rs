//! What the SQL aggregates keep between rows. Each can be merged with a twin and written down for another process.

use crate::error::Error;
use crate::map::{Bits, Slotmap};
use crate::set::intersection;
use crate::tally::Tally;

/// A state that takes maps one by one.
pub trait State: Sized {
    /// The state after the first map.
    fn first(map: &impl Bits) -> Result<Self, Error>;
    /// One more map.
    fn add(&mut self, map: &impl Bits) -> Result<(), Error>;
}

/// `slotmap_agg`.
#[derive(Debug, Clone)]
pub struct Union(Tally);

impl State for Union {
    fn first(map: &impl Bits) -> Result<Self, Error> {
        let mut state = Union(Tally::new(map.grain()));
        state.add(map)?;
        Ok(state)
    }

    fn add(&mut self, map: &impl Bits) -> Result<(), Error> {
        self.0.set(map)
    }
}

impl Union {
    /// The union so far.
    pub fn map(&self) -> Result<Slotmap, Error> {
        self.0.at_least(1)
    }
}

/// `slotmap_intersect_agg`.
#[derive(Debug, Clone)]
pub struct Intersection(Slotmap);

impl State for Intersection {
    fn first(map: &impl Bits) -> Result<Self, Error> {
        Ok(Intersection(map.to_map()))
    }

    fn add(&mut self, map: &impl Bits) -> Result<(), Error> {
        self.0 = intersection(&self.0, map)?;
        Ok(())
    }
}

impl Intersection {
    /// The intersection so far.
    pub fn map(&self) -> &Slotmap {
        &self.0
    }
}

/// `slotmap_tally_agg`, and under `slotmap_atleast_agg`.
#[derive(Debug, Clone)]
pub struct Counts(pub Tally);

impl State for Counts {
    fn first(map: &impl Bits) -> Result<Self, Error> {
        let mut state = Counts(Tally::new(map.grain()));
        state.add(map)?;
        Ok(state)
    }

    fn add(&mut self, map: &impl Bits) -> Result<(), Error> {
        self.0.add(map)
    }
}

/// `slotmap_atleast_agg`.
#[derive(Debug, Clone)]
pub struct AtLeast {
    counts: Counts,
    k: i32,
}

impl AtLeast {
    /// The state after the first map.
    pub fn first(map: &impl Bits, k: i32) -> Result<Self, Error> {
        let counts = Counts::first(map)?;
        Ok(AtLeast { counts, k })
    }

    /// One more map, `k` still the same.
    pub fn add(&mut self, map: &impl Bits, k: i32) -> Result<(), Error> {
        if k != self.k {
            return Err(Error::NotConstant);
        }
        self.counts.add(map)
    }

    /// The slots in at least `k` maps so far.
    pub fn map(&self) -> Result<Slotmap, Error> {
        self.counts.0.at_least(self.k.max(1) as u64)
    }
}
