//! What the SQL aggregates keep between rows: changed in place, merged with a twin, written down for another process.

use crate::error::Error;
use crate::layout::Stored;
use crate::map::{Bits, Slotmap};
use crate::set::intersection;
use crate::tally::Tally;

/// A state that takes maps one by one.
pub trait State: Sized + Clone {
    /// What comes with each map.
    type Argument;
    /// The state after the first map.
    fn first(map: &impl Bits, argument: Self::Argument) -> Result<Self, Error>;
    /// One more map.
    fn add(&mut self, map: &impl Bits, argument: Self::Argument) -> Result<(), Error>;
    /// Everything that another state took.
    fn merge(&mut self, other: &Self) -> Result<(), Error>;
    /// The state as bytes for another process of the same server.
    fn to_bytes(&self) -> Result<Vec<u8>, Error>;
    /// The state that `to_bytes` wrote.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error>;
}

/// `slotmap_agg`.
#[derive(Debug, Clone)]
pub struct Union(Tally);

impl Union {
    /// The union so far.
    pub fn map(&self) -> Result<Slotmap, Error> {
        self.0.at_least(1)
    }
}

impl State for Union {
    type Argument = ();

    fn first(map: &impl Bits, (): ()) -> Result<Self, Error> {
        let mut state = Union(Tally::new(map.grain()));
        state.add(map, ())?;
        Ok(state)
    }

    fn add(&mut self, map: &impl Bits, (): ()) -> Result<(), Error> {
        self.0.set(map)
    }

    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.0.set(&other.map()?)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.map()?.payload())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::first(&Stored::read(bytes)?, ())
    }
}

/// `slotmap_intersect_agg`.
#[derive(Debug, Clone)]
pub struct Intersection(Slotmap);

impl Intersection {
    /// The intersection so far.
    pub fn map(&self) -> &Slotmap {
        &self.0
    }
}

impl State for Intersection {
    type Argument = ();

    fn first(map: &impl Bits, (): ()) -> Result<Self, Error> {
        Ok(Intersection(map.to_map()))
    }

    fn add(&mut self, map: &impl Bits, (): ()) -> Result<(), Error> {
        self.0 = intersection(&self.0, map)?;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.add(&other.0, ())
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.0.payload())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::first(&Stored::read(bytes)?, ())
    }
}

/// `slotmap_tally_agg`.
#[derive(Debug, Clone)]
pub struct Counts(Tally);

impl Counts {
    /// The bit planes so far.
    pub fn planes(&self) -> Result<Vec<Slotmap>, Error> {
        self.0.planes()
    }
}

impl State for Counts {
    /// How many times to count the map; zero or less is not at all.
    type Argument = i32;

    fn first(map: &impl Bits, times: i32) -> Result<Self, Error> {
        let mut state = Counts(Tally::new(map.grain()));
        state.add(map, times)?;
        Ok(state)
    }

    fn add(&mut self, map: &impl Bits, times: i32) -> Result<(), Error> {
        self.0.add_times(map, times.max(0).unsigned_abs())
    }

    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.0.merge(&other.0)
    }

    /// An empty map for the grain, then the planes, each behind its length.
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Slotmap::empty(self.0.grain()).payload();
        for plane in self.planes()? {
            bytes.extend((plane.payload_len() as u64).to_le_bytes());
            bytes.extend(plane.payload());
        }
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cut = |bytes: &mut &[u8], len: u64| -> Result<Slotmap, Error> {
            let len = usize::try_from(len).map_err(|_| Error::Malformed)?;
            let (payload, rest) = bytes.split_at_checked(len).ok_or(Error::Malformed)?;
            *bytes = rest;
            Ok(Stored::read(payload)?.to_map())
        };
        let mut rest = bytes;
        let mut tally = Tally::new(cut(&mut rest, crate::layout::HEADER as u64)?.grain());
        let mut level = 0;
        while let Some((&len, behind)) = rest.split_first_chunk() {
            rest = behind;
            tally.add_at(level, &cut(&mut rest, u64::from_le_bytes(len))?)?;
            level += 1;
        }
        Ok(Counts(tally))
    }
}

/// `slotmap_atleast_agg`.
#[derive(Debug, Clone)]
pub struct AtLeast {
    k: i32,
    counts: Counts,
}

impl AtLeast {
    /// The slots in at least `k` maps so far.
    pub fn map(&self) -> Result<Slotmap, Error> {
        self.counts.0.at_least(u64::from(self.k.unsigned_abs()))
    }

    fn check(&self, k: i32) -> Result<(), Error> {
        match k == self.k {
            true => Ok(()),
            false => Err(Error::NotConstant),
        }
    }
}

impl State for AtLeast {
    /// `k`, at least 1 and always the same.
    type Argument = i32;

    fn first(map: &impl Bits, k: i32) -> Result<Self, Error> {
        if k < 1 {
            return Err(Error::NotPositive);
        }
        let counts = Counts::first(map, 1)?;
        Ok(AtLeast { k, counts })
    }

    fn add(&mut self, map: &impl Bits, k: i32) -> Result<(), Error> {
        self.check(k)?;
        self.counts.add(map, 1)
    }

    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check(other.k)?;
        self.counts.merge(&other.counts)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = self.k.to_le_bytes().to_vec();
        bytes.extend(self.counts.to_bytes()?);
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (&k, rest) = bytes.split_first_chunk().ok_or(Error::Malformed)?;
        let counts = Counts::from_bytes(rest)?;
        Ok(AtLeast {
            k: i32::from_le_bytes(k),
            counts,
        })
    }
}
