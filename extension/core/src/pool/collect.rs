//! A pool from pages: a row a week and unit, in any order, though it is quickest if those of a member come together.

use super::{Id, Pool, Requirement};
use crate::error::Error;
use crate::grain::Grain;
use crate::layout::Stored;
use crate::map::{Bits, MAX_WORDS, Slotmap};
use crate::set::or_into;
use std::collections::HashMap;

/// A page, or what else is known of a unit: 0 is the resource itself.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Which unit.
    pub unit: i32,
    /// When it is open; only of unit 0.
    pub open: Option<Stored<'a>>,
    /// When it is not to be had.
    pub busy: Option<Stored<'a>>,
    /// `busy` is only held.
    pub held: bool,
}

/// A pool in the making.
#[derive(Debug, Default, Clone)]
pub struct Collector {
    requirements: Vec<Requirement>,
    members: Vec<Collected>,
    places: HashMap<Id, usize>,
    last: usize,
}

#[derive(Debug, Clone)]
struct Collected {
    requirement: usize,
    resource: Id,
    capacity: i32,
    weeks: i32,
    open: Gathered,
    busy: Gathered,
    units: Vec<(i32, Gathered, Gathered)>,
}

impl Collected {
    fn words(&self) -> usize {
        let units = self.units.iter();
        let units = units.map(|(_, busy, held)| busy.words.len() + held.words.len());
        self.open.words.len() + self.busy.words.len() + units.sum::<usize>()
    }
}

impl Collector {
    /// Knows of a requirement, even if nobody comes for it; says its place.
    pub fn requirement(&mut self, id: Id, pick: i32) -> Result<usize, Error> {
        if pick < 1 {
            return Err(Error::NotPositive);
        }
        let known = self.requirements.iter().rposition(|known| known.id == id);
        Ok(known.unwrap_or_else(|| {
            self.requirements.push(Requirement { id, pick });
            self.requirements.len() - 1
        }))
    }

    /// Knows of a member of the requirement at a place, even without a page.
    pub fn member(&mut self, requirement: usize, resource: Id, capacity: i32) {
        if self
            .members
            .get(self.last)
            .is_some_and(|last| last.resource == resource)
        {
            return;
        }
        self.last = *self.places.entry(resource).or_insert_with(|| {
            self.members.push(Collected {
                requirement,
                resource,
                capacity,
                weeks: 0,
                open: Gathered::default(),
                busy: Gathered::default(),
                units: Vec::new(),
            });
            self.members.len() - 1
        });
    }

    /// Takes a page of the member that was named last.
    pub fn page(&mut self, page: Page<'_>) -> Result<(), Error> {
        let Some(member) = self.members.get_mut(self.last) else {
            return Ok(());
        };
        if let Some(open) = &page.open {
            member.weeks += 1;
            member.open.add(open)?;
        }
        let Some(busy) = &page.busy else {
            return Ok(());
        };
        if page.unit == 0 {
            return member.busy.add(busy);
        }
        let known = member.units.iter().rposition(|unit| unit.0 == page.unit);
        let place = known.unwrap_or_else(|| {
            let none = Gathered::default();
            member.units.push((page.unit, none.clone(), none));
            member.units.len() - 1
        });
        match member.units.get_mut(place) {
            Some((_, _, held)) if page.held => held.add(busy),
            Some((_, taken, _)) => taken.add(busy),
            None => Ok(()),
        }
    }

    /// Takes back what a pool was made of, to add to it.
    pub fn pool(&mut self, pool: &Pool<'_>) -> Result<(), Error> {
        for requirement in &pool.requirements {
            self.requirement(requirement.id, requirement.pick)?;
        }
        for member in &pool.members {
            self.member(member.requirement, member.resource, member.capacity);
            let page = |unit, open, busy, held| Page {
                unit,
                open,
                busy,
                held,
            };
            self.page(page(0, member.open, member.busy, false))?;
            for unit in &member.units {
                self.page(page(unit.number, None, unit.busy, false))?;
                self.page(page(unit.number, None, unit.held, true))?;
            }
            if let Some(known) = self.members.get_mut(self.last) {
                known.weeks = member.weeks;
            }
        }
        Ok(())
    }

    /// The pool as bytes.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let mut order: Vec<_> = self.members.iter().collect();
        order.sort_by_key(|member| (member.requirement, member.resource));
        // Room for all maps and some more: to grow by doubling copies 200 kB twice.
        let words: usize = order.iter().map(|member| member.words()).sum();
        let mut bytes = Writer(Vec::with_capacity(8 * words + 256 * order.len() + 1024));
        bytes.number(self.requirements.len() as i32);
        for requirement in &self.requirements {
            bytes.0.extend(requirement.id);
            bytes.number(requirement.pick);
        }
        bytes.number(order.len() as i32);
        for member in order {
            bytes.number(member.requirement as i32);
            bytes.0.extend(member.resource);
            bytes.number(member.capacity);
            bytes.number(member.weeks);
            bytes.map(&member.open)?;
            bytes.map(&member.busy)?;
            let mut units: Vec<_> = member.units.iter().collect();
            units.sort_by_key(|unit| unit.0);
            bytes.number(units.len() as i32);
            for (number, busy, held) in units {
                bytes.number(*number);
                bytes.map(busy)?;
                bytes.map(held)?;
            }
        }
        Ok(bytes.0)
    }
}

/// A union of maps that mostly come one behind the other.
#[derive(Debug, Default, Clone)]
struct Gathered {
    grain: Option<Grain>,
    first_word: i64,
    words: Vec<u64>,
}

impl Gathered {
    fn add(&mut self, map: &impl Bits) -> Result<(), Error> {
        let grain = *self.grain.get_or_insert(map.grain());
        if grain != map.grain() {
            return Err(Error::MixedGrains(grain, map.grain()));
        }
        if map.is_empty() {
            return Ok(());
        }
        if self.words.is_empty() {
            self.first_word = map.first_word();
            // A week of quarter hours has eleven words, a list of a month reads six.
            self.words.reserve(6 * map.len());
        }
        let first = self.first_word.min(map.first_word());
        let end = map
            .end_word()
            .max(self.first_word + self.words.len() as i64);
        if end - first > MAX_WORDS as i64 {
            return Err(Error::TooLong);
        }
        if first < self.first_word {
            let zeros = (self.first_word - first) as usize;
            self.words.splice(0..0, core::iter::repeat_n(0, zeros));
            self.first_word = first;
        }
        self.words.resize((end - first) as usize, 0);
        or_into(&mut self.words, self.first_word, map);
        Ok(())
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: i32) {
        self.0.extend(number.to_le_bytes());
    }

    fn map(&mut self, map: &Gathered) -> Result<(), Error> {
        let Some(grain) = map.grain else {
            self.number(0);
            return Ok(());
        };
        let map = Slotmap::new(grain, map.first_word, map.words.clone())?;
        self.number(map.payload_len() as i32);
        let start = self.0.len();
        self.0.resize(start + map.payload_len(), 0);
        map.write(self.0.get_mut(start..).unwrap_or_default());
        Ok(())
    }
}
