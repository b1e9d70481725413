//! Services with seats: who books the same start shares the same units, until all seats are taken.
use std::ops::Range;

use anyhow::Result;

use super::{
    rule::{Rule, Wish, is_in_the_way},
    world::Claim,
};

/// What those who booked one start together have: units, and seats in them.
#[derive(Debug)]
pub struct Class {
    pub units: Vec<(usize, i32)>,
    pub taken: i64,
}

impl Rule<'_> {
    /// How many more bookings of one seat fit, or 1 if one of several seats does: those seats have to be in one class. So many
    /// further classes can be opened.
    pub fn seats(&self, wish: &Wish, span: &Range<i64>, seats: i64, further: i64) -> Result<i64> {
        let mut left = 0;
        let mut joins = false;
        for class in self.joinable(wish, span)? {
            left += (seats - class.taken).max(0);
            joins = joins || seats - class.taken >= wish.seats;
        }
        Ok(match wish.seats {
            1 => left + seats * further,
            _ => i64::from(joins || further > 0),
        })
    }

    /// Whether a booking takes one resource, and no other.
    pub fn picks_one(&self) -> bool {
        matches!(&self.world.service.requirements[..], [only] if only.pick == 1)
    }

    /// How many more bookings of one seat fit, each of which counts against the limits of the one resource of its class.
    pub fn seats_one_by_one(&self, wish: &Wish, span: &Range<i64>, seats: i64) -> Result<i64> {
        let classes = self.joinable(wish, span)?;
        let mut sum = 0;
        for requirement in &self.world.service.requirements {
            for resource in requirement.members.iter().map(|member| member.resource) {
                if wish.resource.is_some_and(|given| given != resource)
                    || !self.is_open(wish, resource, span)?
                {
                    continue;
                }
                let of_it = classes
                    .iter()
                    .filter(|class| class.units.iter().any(|(member, _)| *member == resource));
                let left: i64 = of_it.map(|class| (seats - class.taken).max(0)).sum();
                let all = left + seats * self.free_units(wish, resource, span);
                sum += all.min(self.room(wish, Some(resource), span)?);
            }
        }
        Ok(sum)
    }

    /// The classes of a span that have somebody in them, and whose members are still there for more.
    pub fn joinable(&self, wish: &Wish, span: &Range<i64>) -> Result<Vec<Class>> {
        let claimed = self.claimed(span);
        let mut classes: Vec<Class> = Vec::new();
        for taken in self
            .world
            .taken
            .iter()
            .filter(|taken| taken.ours && is_in_the_way(taken, wish))
        {
            if taken.seats.is_empty() || taken.claims.iter().any(|claim| claim.span != claimed) {
                continue;
            }
            let units = units(&taken.claims);
            let seats = taken.seats.len() as i64;
            match classes.iter_mut().find(|class| class.units == units) {
                Some(class) => class.taken += seats,
                None => classes.push(Class {
                    units,
                    taken: seats,
                }),
            }
        }
        let mut joinable = Vec::new();
        for class in classes {
            let mut there = wish
                .resource
                .is_none_or(|given| class.units.iter().any(|(resource, _)| *resource == given));
            for (resource, _) in &class.units {
                there = there
                    && self.is_open(wish, *resource, span)?
                    && !self.is_busy(*resource, &claimed)
                    && self.room(wish, Some(*resource), span)? > 0;
            }
            if there {
                joinable.push(class);
            }
        }
        Ok(joinable)
    }
}

/// The units of some claims, in one order.
pub fn units(claims: &[Claim]) -> Vec<(usize, i32)> {
    let mut units: Vec<_> = claims
        .iter()
        .map(|claim| (claim.resource, claim.unit))
        .collect();
    units.sort_unstable();
    units.dedup();
    units
}
