//! A pool: the members of a service, each with its units, as one value. `collect` makes it of pages, row by row; `offer`
//! says who is free. It lives for one question and is stored nowhere.
//!
//! ```text
//! pool        = count requirement* count member*
//! requirement = id (16 bytes) pick
//! member      = requirement resource (16 bytes) capacity weeks open busy count unit*
//! unit        = number busy held
//! open, busy, held = bytes map                 no bytes: no map
//! ```
//!
//! Numbers are 32 bits, little-endian; a member's requirement is its place in the list, a map is as in `layout`.

use crate::error::Error;
use crate::layout::Stored;
use crate::map::{Bits, Slotmap};
use crate::set::intersection;
use crate::tally::Tally;

/// Making one.
pub mod collect;
/// Who is free when.
pub mod offer;

/// A uuid.
pub type Id = [u8; 16];

/// What a service needs: so many different members of some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// Its id.
    pub id: Id,
    /// How many members a booking takes.
    pub pick: i32,
}

/// A resource that a requirement may take.
#[derive(Debug)]
pub struct Member<'a> {
    /// The place of its requirement.
    pub requirement: usize,
    /// Its id.
    pub resource: Id,
    /// How many units it has, alike.
    pub capacity: i32,
    /// How many weeks of pages there were; after more were added by hand it means nothing.
    pub weeks: i32,
    /// When it is open; `None` without a page.
    pub open: Option<Stored<'a>>,
    /// When no unit can be had.
    pub busy: Option<Stored<'a>>,
    /// The units that anybody has, ascending.
    pub units: Vec<Unit<'a>>,
}

/// A unit that somebody has at some time.
#[derive(Debug)]
pub struct Unit<'a> {
    /// From 1 on; beyond the capacity it is gone.
    pub number: i32,
    /// When it is booked.
    pub busy: Option<Stored<'a>>,
    /// When it is held.
    pub held: Option<Stored<'a>>,
}

/// The members of a service, by requirement and id.
#[derive(Debug)]
pub struct Pool<'a> {
    /// What a booking takes.
    pub requirements: Vec<Requirement>,
    /// Of whom.
    pub members: Vec<Member<'a>>,
}

impl<'a> Pool<'a> {
    /// Reads one and believes nothing of it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = Reader(bytes);
        let requirements: Vec<_> = (0..rest.count()?)
            .map(|_| {
                let (id, pick) = (rest.id()?, rest.number()?);
                match pick {
                    1.. => Ok(Requirement { id, pick }),
                    _ => Err(Error::Malformed),
                }
            })
            .collect::<Result<_, Error>>()?;
        let members = (0..rest.count()?)
            .map(|_| rest.member(requirements.len()))
            .collect::<Result<_, Error>>()?;
        match rest.0 {
            [] => Ok(Pool {
                requirements,
                members,
            }),
            _ => Err(Error::Malformed),
        }
    }

    /// The service's map: when every requirement has open members enough. `None` where one has too few members of any
    /// kind, or there is none, or nobody has a page.
    pub fn open(&self) -> Result<Option<Slotmap>, Error> {
        let mut all: Option<Slotmap> = None;
        for (place, requirement) in self.requirements.iter().enumerate() {
            let members = || self.members_of(place);
            let pick = usize::try_from(requirement.pick).map_err(|_| Error::Malformed)?;
            let Some(first) = members().find_map(|member| member.open) else {
                return Ok(None);
            };
            if members().count() < pick {
                return Ok(None);
            }
            let mut tally = Tally::new(first.grain());
            for open in members().filter_map(|member| member.open) {
                match pick {
                    1 => tally.set(&open)?,
                    _ => tally.add(&open)?,
                }
            }
            let open = tally.at_least(pick as u64)?;
            all = Some(match all {
                Some(all) => intersection(&all, &open)?,
                None => open,
            });
        }
        Ok(all)
    }

    /// How many weeks of pages there are of the member that has the fewest.
    pub fn weeks(&self) -> i32 {
        let weeks = self.members.iter().map(|member| member.weeks);
        weeks.min().unwrap_or(0)
    }

    fn members_of(&self, requirement: usize) -> impl Iterator<Item = &Member<'a>> {
        let members = self.members.iter();
        members.filter(move |member| member.requirement == requirement)
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (&bytes, rest) = self.0.split_first_chunk().ok_or(Error::Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn id(&mut self) -> Result<Id, Error> {
        self.array()
    }

    fn number(&mut self) -> Result<i32, Error> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<usize, Error> {
        usize::try_from(self.number()?).map_err(|_| Error::Malformed)
    }

    fn map(&mut self) -> Result<Option<Stored<'a>>, Error> {
        let len = self.count()?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Error::Malformed)?;
        self.0 = rest;
        match len {
            0 => Ok(None),
            _ => Stored::read(bytes).map(Some),
        }
    }

    fn member(&mut self, requirements: usize) -> Result<Member<'a>, Error> {
        let requirement = self.count()?;
        if requirement >= requirements {
            return Err(Error::Malformed);
        }
        let member = Member {
            requirement,
            resource: self.id()?,
            capacity: self.number()?,
            weeks: self.number()?,
            open: self.map()?,
            busy: self.map()?,
            units: (0..self.count()?)
                .map(|_| {
                    let (number, busy, held) = (self.number()?, self.map()?, self.map()?);
                    Ok(Unit { number, busy, held })
                })
                .collect::<Result<_, Error>>()?,
        };
        let numbers = member.units.iter().map(|unit| unit.number);
        let ascend = core::iter::once(0)
            .chain(numbers)
            .is_sorted_by(|a, b| a < b);
        let known = member
            .units
            .iter()
            .all(|unit| unit.busy.is_some() || unit.held.is_some());
        match ascend && known {
            true => Ok(member),
            false => Err(Error::Malformed),
        }
    }
}

#[cfg(test)]
mod tests;
