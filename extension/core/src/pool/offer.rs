//! Who of a pool is free when: unit by unit, and counted along starts. A unit is free for a booking if its own claims, and
//! what keeps the whole resource, miss the booking with its buffers.

use super::{Member, Pool};
use crate::count::{plane_fits, slot_counts, slot_least};
use crate::error::Error;
use crate::grain::Grain;
use crate::map::{Bits, Slotmap};
use crate::set::{intersection, union};
use crate::start::{Need, slot_starts, without_blocked};
use crate::tally::Tally;

/// What is asked of every unit.
#[derive(Debug)]
pub enum Ask<B> {
    /// A booking that lies in the opening hours of its members.
    Inside(Need),
    /// Stays, and spans that cross closed hours: starts by length, and of each member those that its hours, or closed nights,
    /// allow.
    Across(Vec<(Need, B)>, Vec<B>),
}

/// A unit of a member, or the lowest of so many, alike, that nobody has.
#[derive(Debug, PartialEq, Eq)]
pub struct Offer {
    /// The place of the member.
    pub member: usize,
    /// From 1 on.
    pub unit: i32,
    /// How many units.
    pub units: i32,
    /// The starts that only opening hours allow.
    pub hours: Option<Slotmap>,
    /// Those with nothing in the way that cannot expire.
    pub stable: Slotmap,
    /// Those with no hold in the way either, where there are holds.
    pub free: Option<Slotmap>,
}

impl<B: Bits> Ask<B> {
    /// The starts of a member, given its place, for which a map is no obstacle.
    fn starts(
        &self,
        member: &Member<'_>,
        place: usize,
        busy: &impl Bits,
    ) -> Result<Slotmap, Error> {
        let grain = busy.grain();
        match self {
            Ask::Inside(need) => match &member.open {
                Some(open) => slot_starts(open, busy, *need),
                None => Ok(Slotmap::empty(grain)),
            },
            Ask::Across(arrivals, allowed) => {
                let allowed = allowed.get(place).ok_or(Error::Ragged)?;
                let mut all = Slotmap::empty(grain);
                for (need, starts) in arrivals {
                    let starts = without_blocked(&intersection(starts, allowed)?, busy, *need)?;
                    all = union(&all, &starts)?;
                }
                Ok(all)
            }
        }
    }

    /// The starts of a member if nothing were in the way; not cut to the arrivals.
    fn hours(&self, member: &Member<'_>, place: usize, none: &Slotmap) -> Result<Slotmap, Error> {
        match self {
            Ask::Inside(need) => {
                let bare = Need {
                    before: 0,
                    after: 0,
                    ..*need
                };
                Ask::<B>::Inside(bare).starts(member, place, none)
            }
            Ask::Across(_, allowed) => Ok(allowed.get(place).ok_or(Error::Ragged)?.to_map()),
        }
    }
}

impl Pool<'_> {
    /// Every unit of every member; all maps have that grain.
    pub fn offers(
        &self,
        ask: &Ask<impl Bits>,
        grain: Grain,
        with_hours: bool,
    ) -> Result<Vec<Offer>, Error> {
        let none = &Slotmap::empty(grain);
        let mut offers = Vec::with_capacity(self.members.len());
        for (place, member) in self.members.iter().enumerate() {
            let hours = match with_hours {
                true => Some(ask.hours(member, place, none)?),
                false => None,
            };
            self.each_unit(place, ask, none, &mut |offer| {
                offers.push(Offer {
                    hours: hours.clone(),
                    ..offer
                });
                Ok(())
            })?;
        }
        Ok(offers)
    }

    /// How many bookings fit at each start, of all requirements together; with holds in the way, or without.
    pub fn counts(
        &self,
        starts: &impl Bits,
        ask: &Ask<impl Bits>,
        holds_count: bool,
    ) -> Result<Vec<i32>, Error> {
        let none = Slotmap::empty(starts.grain());
        let mut least: Option<Vec<i32>> = None;
        for (number, requirement) in self.requirements.iter().enumerate() {
            let mut all = Tally::new(starts.grain());
            let mut each = Vec::new();
            for (place, _) in self
                .members
                .iter()
                .enumerate()
                .filter(|(_, m)| m.requirement == number)
            {
                let mut own = Tally::new(starts.grain());
                let tally = match requirement.pick {
                    1 => &mut all,
                    _ => &mut own,
                };
                self.each_unit(place, ask, &none, &mut |offer| {
                    let free = match offer.free {
                        Some(free) if holds_count => free,
                        _ => offer.stable,
                    };
                    tally.add_times(&free, offer.units.unsigned_abs())
                })?;
                if requirement.pick != 1 {
                    each.push(own.planes()?);
                }
            }
            let counts = match requirement.pick {
                1 => slot_counts(starts, &all.planes()?)?,
                pick => plane_fits(starts, &each, pick)?,
            };
            least = Some(match least {
                Some(least) => slot_least(&least, &counts)?,
                None => counts,
            });
        }
        Ok(least.unwrap_or_default())
    }

    /// The units of a member one by one, without their hours.
    fn each_unit(
        &self,
        place: usize,
        ask: &Ask<impl Bits>,
        none: &Slotmap,
        take: &mut impl FnMut(Offer) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(member) = self.members.get(place) else {
            return Ok(());
        };
        let of_all = member
            .busy
            .map_or_else(|| none.clone(), |busy| busy.to_map());
        let mut known = 0;
        // The lowest unit that nobody has.
        let mut lowest = 1;
        for unit in member
            .units
            .iter()
            .take_while(|unit| unit.number <= member.capacity)
        {
            known += 1;
            if unit.number == lowest {
                lowest += 1;
            }
            let taken = match &unit.busy {
                Some(busy) => &union(&of_all, busy)?,
                None => &of_all,
            };
            let free = match &unit.held {
                Some(held) => Some(ask.starts(member, place, &union(taken, held)?)?),
                None => None,
            };
            take(Offer {
                member: place,
                unit: unit.number,
                units: 1,
                hours: None,
                stable: ask.starts(member, place, taken)?,
                free,
            })?;
        }
        if member.capacity > known {
            take(Offer {
                member: place,
                unit: lowest,
                units: member.capacity - known,
                hours: None,
                stable: ask.starts(member, place, &of_all)?,
                free: None,
            })?;
        }
        Ok(())
    }
}
