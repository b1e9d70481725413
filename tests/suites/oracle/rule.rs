//! The oracle: when a start is offered, by loops over plain data. It knows the contract and nothing of the engine.
use std::ops::Range;

use anyhow::Result;

use super::{
    clock::{wall, zone},
    hours::Hours,
    world::{By, Question, Requirement, Taken, World},
};

pub struct Rule<'a> {
    pub world: &'a World,
    pub hours: &'a Hours,
}

/// What is wanted, apart from the start.
#[derive(Clone, Debug)]
pub struct Wish {
    pub duration: i64,
    pub resource: Option<usize>,
    pub session: Option<String>,
    pub now: i64,
    /// Whether live holds of others are in the way.
    pub mind_holds: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// BK003
    NotOffered,
    /// BK001
    Taken,
    /// So many more bookings fit.
    Free(i64),
}

/// A row of `available_slots`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub starts_at: i64,
    pub ends_at: i64,
    pub resource: Option<usize>,
    pub status: &'static str,
    pub remaining: i64,
}

impl Rule<'_> {
    pub fn shortest(&self) -> i64 {
        self.world
            .service
            .durations
            .iter()
            .copied()
            .min()
            .unwrap_or(0)
    }

    /// The step where none is given.
    pub fn step(&self) -> i64 {
        self.world.service.step.unwrap_or_else(|| self.shortest())
    }

    /// The answer to a question, by start and resource.
    pub fn list(&self, question: &Question, now: i64) -> Result<Vec<Row>> {
        let grid = self
            .hours
            .grid(question.step.unwrap_or_else(|| self.step()));
        let resources = if question.each_resource && question.resource.is_none() {
            self.members().map(|(_, resource)| Some(resource)).collect()
        } else {
            // Of a service with a single active resource everybody knows which one it is.
            vec![question.resource.or_else(|| self.only_member())]
        };
        let mut rows = Vec::new();
        for starts_at in self.hours.slots().filter(|at| question.range.contains(at)) {
            for resource in &resources {
                let wish = Wish {
                    duration: question.duration.unwrap_or_else(|| self.shortest()),
                    resource: *resource,
                    session: question.session.clone(),
                    now,
                    mind_holds: question.holds != "ignore",
                };
                let (status, remaining) = match self.judge(&wish, &grid, starts_at)? {
                    Verdict::Free(remaining) => ("available", remaining),
                    Verdict::Taken if question.holds == "mark" => {
                        let alone = Wish {
                            mind_holds: false,
                            ..wish.clone()
                        };
                        match self.judge(&alone, &grid, starts_at)? {
                            Verdict::Free(_) => ("held", 0),
                            _ => continue,
                        }
                    }
                    _ => continue,
                };
                let ends_at = starts_at + wish.duration;
                rows.push(Row {
                    starts_at,
                    ends_at,
                    resource: *resource,
                    status,
                    remaining,
                });
            }
        }
        rows.sort();
        Ok(rows)
    }

    /// What becomes of a wish for a start.
    pub fn judge(&self, wish: &Wish, grid: &[bool], at: i64) -> Result<Verdict> {
        let service = &self.world.service;
        let end = at + wish.duration;
        if !self.service_offers(wish, grid, at)? {
            return Ok(Verdict::NotOffered);
        }
        let fits = |count: &dyn Fn(usize) -> i64, times: i64| {
            service
                .requirements
                .iter()
                .all(|requirement| self.fits(requirement, wish.resource, count, times))
        };
        if !fits(&|resource| i64::from(self.is_open(resource, at, end)), 1) {
            return Ok(Verdict::NotOffered);
        }
        let free = |resource| self.free_units(wish, resource, at, end);
        let mut times = 0;
        while fits(&free, times + 1) {
            times += 1;
        }
        Ok(if times == 0 {
            Verdict::Taken
        } else {
            Verdict::Free(times)
        })
    }

    /// What does not depend on any one resource: durations, the grid, the service's map, notice, horizon and dates.
    pub fn service_offers(&self, wish: &Wish, grid: &[bool], at: i64) -> Result<bool> {
        let on_grid = self.hours.index(at).is_some_and(|slot| grid[slot]);
        Ok(self.world.service.durations.contains(&wish.duration)
            && on_grid
            && self.hours.all(&self.hours.map, at, at + wish.duration)
            && self.in_time(at, wish.now)?)
    }

    /// Whether so many bookings, each with `pick` different members of a requirement, find units; a given resource has to be
    /// in each of them.
    fn fits(
        &self,
        requirement: &Requirement,
        given: Option<usize>,
        units: &dyn Fn(usize) -> i64,
        times: i64,
    ) -> bool {
        let mut sum = 0;
        for member in &requirement.members {
            let units = units(member.resource);
            if given == Some(member.resource) && units < times {
                return false;
            }
            sum += units.min(times);
        }
        sum >= times * requirement.pick
    }

    /// Notice, horizon and dates.
    fn in_time(&self, at: i64, now: i64) -> Result<bool> {
        let service = &self.world.service;
        let home = zone(&service.zone)?;
        let after_notice = service.min_notice.after(now, &home)? <= at;
        let before_horizon = match service.horizon {
            Some(horizon) => at < horizon.after(now, &home)?,
            None => true,
        };
        Ok(after_notice && before_horizon && service.bookable.contains(wall(&home, at)?.date()))
    }

    pub fn is_open(&self, resource: usize, from: i64, to: i64) -> bool {
        let resource = &self.world.resources[resource];
        resource.active && self.hours.open(resource.schedule, from, to)
    }

    fn free_units(&self, wish: &Wish, resource: usize, at: i64, end: i64) -> i64 {
        if !self.is_open(resource, at, end) {
            return 0;
        }
        let units = 1..=self.world.resources[resource].capacity;
        units
            .filter(|unit| self.is_free(wish, resource, *unit, at, end))
            .count() as i64
    }

    /// Whether nothing is in the way of a unit, buffers included.
    pub fn is_free(&self, wish: &Wish, resource: usize, unit: i32, at: i64, end: i64) -> bool {
        let wanted = self.claimed(at, end);
        let busy = &self.world.resources[resource].busy;
        if busy.iter().any(|span| self.in_the_way(span, &wanted)) {
            return false;
        }
        self.world.taken.iter().all(|taken| {
            !counts(&taken.by, wish)
                || !taken.claims.iter().any(|claim| {
                    (claim.resource, claim.unit) == (resource, unit)
                        && self.in_the_way(&claim.span, &wanted)
                })
        })
    }

    /// The span of a booking with its buffers.
    pub fn claimed(&self, at: i64, end: i64) -> Range<i64> {
        at - self.world.service.buffer_before..end + self.world.service.buffer_after
    }

    /// Whether a span overlaps another one in any slot: what is busy is rounded outward.
    fn in_the_way(&self, busy: &Range<i64>, wanted: &Range<i64>) -> bool {
        let grain = self.world.grain;
        let from = busy.start.div_euclid(grain) * grain;
        let to = -(-busy.end).div_euclid(grain) * grain;
        !busy.is_empty() && from < wanted.end && wanted.start < to
    }

    fn only_member(&self) -> Option<usize> {
        let active = |resource: &usize| self.world.resources[*resource].active;
        let mut members = self.members().map(|(_, resource)| resource).filter(active);
        let first = members.next();
        first.filter(|_| members.next().is_none())
    }

    /// Every resource of the service, with its requirement.
    pub fn members(&self) -> impl Iterator<Item = (&Requirement, usize)> {
        self.world
            .service
            .requirements
            .iter()
            .flat_map(|requirement| {
                requirement
                    .members
                    .iter()
                    .map(move |member| (requirement, member.resource))
            })
    }

    /// Whether something is a live hold of somebody else.
    pub fn minds(&self, taken: &Taken, wish: &Wish) -> bool {
        matches!(taken.by, By::Hold { .. }) && counts(&taken.by, wish)
    }
}

/// Whether what somebody has is in the way of a wish.
fn counts(by: &By, wish: &Wish) -> bool {
    match by {
        By::Booking { .. } => true,
        By::Hold {
            session,
            expires_at,
        } => wish.mind_holds && *expires_at > wish.now && wish.session.as_ref() != Some(session),
    }
}
