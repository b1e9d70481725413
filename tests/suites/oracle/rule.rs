//! The oracle: when a start is offered, by loops over plain data. It knows the contract and nothing of the engine. Condition 4
//! is in `limits`, what is shared in `seats`.
use std::{collections::BTreeSet, ops::Range};

use anyhow::Result;
use jiff::{ToSpan, civil::Date};

use super::{
    clock::{DAY, at_time, wall, zone},
    hours::{Hours, is_closed},
    world::{By, Kind, Question, Requirement, Taken, World},
};

pub struct Rule<'a> {
    pub world: &'a World,
    pub hours: &'a Hours,
}

/// What is wanted, apart from the start.
#[derive(Clone, Debug)]
pub struct Wish {
    pub length: i64,
    pub resource: Option<usize>,
    pub session: Option<String>,
    pub customer: Option<String>,
    pub seats: i64,
    pub now: i64,
    pub minded: Minded,
}

/// Which live holds count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Minded {
    All,
    /// Those of the session itself: they are in nobody's way, but count against limits.
    Own,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// BK003
    NotOffered,
    /// BK004
    UsedUp,
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
    /// The answer to a question, by start and resource.
    pub fn list(&self, question: &Question, now: i64) -> Result<Vec<Row>> {
        let starts = self.starts(question.step)?;
        let resources = if question.each_resource && question.resource.is_none() {
            self.members().map(|(_, resource)| Some(resource)).collect()
        } else {
            // Of a service with a single active resource everybody knows which one it is.
            vec![question.resource.or_else(|| self.only_member())]
        };
        let mut rows = Vec::new();
        for starts_at in starts
            .iter()
            .copied()
            .filter(|at| question.range.contains(at))
        {
            for resource in &resources {
                let wish = Wish {
                    length: question
                        .length
                        .unwrap_or_else(|| self.world.service.lengths.shortest()),
                    resource: *resource,
                    session: question.session.clone(),
                    customer: None,
                    seats: 1,
                    now,
                    minded: if question.holds == "ignore" {
                        Minded::None
                    } else {
                        Minded::All
                    },
                };
                let (status, remaining) = match self.judge(&wish, &starts, starts_at)? {
                    Verdict::Free(remaining) => ("available", remaining),
                    _ if question.holds == "mark" => {
                        let alone = Wish {
                            minded: Minded::Own,
                            ..wish.clone()
                        };
                        match self.judge(&alone, &starts, starts_at)? {
                            Verdict::Free(_) => ("held", 0),
                            _ => continue,
                        }
                    }
                    _ => continue,
                };
                let ends_at = self.end(starts_at, wish.length)?;
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
    pub fn judge(&self, wish: &Wish, starts: &BTreeSet<i64>, at: i64) -> Result<Verdict> {
        if !self.service_offers(wish, starts, at)? {
            return Ok(Verdict::NotOffered);
        }
        let span = at..self.end(at, wish.length)?;
        let (mut open, mut allowed, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for resource in 0..self.world.resources.len() {
            let is_open = self.is_open(wish, resource, &span)?;
            let room = self.room(wish, Some(resource), &span)?;
            open.push(i64::from(is_open));
            allowed.push(i64::from(is_open && room > 0));
            free.push(if is_open {
                self.free_units(wish, resource, &span).min(room)
            } else {
                0
            });
        }
        if self.most(wish, &open) == 0 {
            return Ok(Verdict::NotOffered);
        }
        let room = self.room(wish, None, &span)?;
        if room == 0 || self.most(wish, &allowed) == 0 {
            return Ok(Verdict::UsedUp);
        }
        let units = self.most(wish, &free);
        let bookings = match self.world.service.kind {
            Kind::Slot { seats: Some(seats) } if wish.seats == 1 && self.picks_one() => {
                self.seats_one_by_one(wish, &span, seats)?
            }
            Kind::Slot { seats: Some(seats) } => self.seats(wish, &span, seats, units)?,
            _ => units,
        };
        Ok(match bookings.min(room) {
            0 => Verdict::Taken,
            bookings => Verdict::Free(bookings),
        })
    }

    /// What does not depend on any one resource: lengths, the starts of the service, its map, notice, horizon and dates.
    pub fn service_offers(&self, wish: &Wish, starts: &BTreeSet<i64>, at: i64) -> Result<bool> {
        let service = &self.world.service;
        if !starts.contains(&at)
            || !service.lengths.contain(wish.length)
            || !self.in_time(at, wish.now)?
        {
            return Ok(false);
        }
        let (end, grain) = (self.end(at, wish.length)?, self.world.grain);
        let map = |from, to| self.hours.all(&self.hours.map, from, to);
        Ok(match &service.kind {
            Kind::Slot { .. }
            | Kind::Span {
                crosses_closed: false,
            } => map(at, end),
            Kind::Span {
                crosses_closed: true,
            } => map(at, at + grain) && map(end - grain, end),
            Kind::Stay { arrival_days, .. } => {
                let date = wall(&zone(&service.zone)?, at)?.date();
                let weekday = date.weekday().to_monday_one_offset();
                arrival_days
                    .as_ref()
                    .is_none_or(|days| days.contains(&weekday))
                    && !self.has_closed_night(service.schedule, date, wish.length)?
            }
        })
    }

    /// Where a booking may start as far as the clock goes: on the grid of a step (default: the service's), or at check-in.
    pub fn starts(&self, step: Option<i64>) -> Result<BTreeSet<i64>> {
        let service = &self.world.service;
        if service.requirements.is_empty() {
            return Ok(BTreeSet::new());
        }
        let step = step.or(service.step);
        Ok(match &service.kind {
            Kind::Slot { .. } => self
                .hours
                .grid(step.unwrap_or(service.lengths.shortest()))
                .into_iter()
                .collect(),
            Kind::Span { .. } => self
                .hours
                .grid(step.unwrap_or(self.world.grain))
                .into_iter()
                .collect(),
            Kind::Stay { check_in, .. } => {
                let home = zone(&service.zone)?;
                let mut starts = BTreeSet::new();
                for midnight in &self.hours.midnights {
                    starts.insert(at_time(&home, wall(&home, *midnight)?.date(), *check_in)?);
                }
                starts
            }
        })
    }

    pub fn end(&self, at: i64, length: i64) -> Result<i64> {
        let Kind::Stay { check_out, .. } = self.world.service.kind else {
            return Ok(at + length);
        };
        let home = zone(&self.world.service.zone)?;
        let departure = wall(&home, at)?.date().checked_add((length / DAY).days())?;
        at_time(&home, departure, check_out)
    }

    fn has_closed_night(
        &self,
        schedule: Option<usize>,
        arrival: Date,
        length: i64,
    ) -> Result<bool> {
        let Some(schedule) = schedule else {
            return Ok(false);
        };
        for night in 0..length / DAY {
            if is_closed(
                &self.world.schedules[schedule],
                arrival.checked_add(night.days())?,
            )? {
                return Ok(true);
            }
        }
        Ok(false)
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

    /// Whether a resource is there for a span.
    pub fn is_open(&self, wish: &Wish, resource: usize, span: &Range<i64>) -> Result<bool> {
        let resource = &self.world.resources[resource];
        let open = |from, to| self.hours.open(resource.schedule, from, to);
        let grain = self.world.grain;
        let is_open = match self.world.service.kind {
            Kind::Slot { .. }
            | Kind::Span {
                crosses_closed: false,
            } => open(span.start, span.end),
            Kind::Span {
                crosses_closed: true,
            } => open(span.start, span.start + grain) && open(span.end - grain, span.end),
            Kind::Stay { .. } => {
                let arrival = wall(&zone(&self.world.service.zone)?, span.start)?.date();
                !self.has_closed_night(resource.schedule, arrival, wish.length)?
            }
        };
        Ok(resource.active && is_open)
    }

    /// How many bookings find units at once, where so many are there of each resource.
    fn most(&self, wish: &Wish, units: &[i64]) -> i64 {
        let requirements = &self.world.service.requirements;
        let mut times = 0;
        while requirements
            .iter()
            .all(|requirement| fits(requirement, wish.resource, units, times + 1))
        {
            times += 1;
        }
        times
    }

    pub fn free_units(&self, wish: &Wish, resource: usize, span: &Range<i64>) -> i64 {
        let units = 1..=self.world.resources[resource].capacity;
        units
            .filter(|unit| self.is_free(wish, resource, *unit, span))
            .count() as i64
    }

    /// Whether nothing is in the way of a unit, buffers included.
    pub fn is_free(&self, wish: &Wish, resource: usize, unit: i32, span: &Range<i64>) -> bool {
        let wanted = self.claimed(span);
        let claims = self
            .world
            .taken
            .iter()
            .filter(|taken| is_in_the_way(taken, wish))
            .flat_map(|taken| &taken.claims);
        let mut claims = claims.filter(|claim| (claim.resource, claim.unit) == (resource, unit));
        !self.is_busy(resource, &wanted) && !claims.any(|claim| self.overlap(&claim.span, &wanted))
    }

    /// Whether a busy window lies over a span.
    pub fn is_busy(&self, resource: usize, span: &Range<i64>) -> bool {
        self.world.resources[resource]
            .busy
            .iter()
            .any(|busy| self.overlap(busy, span))
    }

    /// The span of a booking with its buffers.
    pub fn claimed(&self, span: &Range<i64>) -> Range<i64> {
        span.start - self.world.service.buffer_before..span.end + self.world.service.buffer_after
    }

    /// Whether what is busy overlaps a span in any slot: it is rounded outward.
    fn overlap(&self, busy: &Range<i64>, wanted: &Range<i64>) -> bool {
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
                let members = requirement.members.iter();
                members.map(move |member| (requirement, member.resource))
            })
    }
}

/// Whether so many bookings, each with `pick` different members of a requirement, find units; a given resource has to be in
/// each of them.
fn fits(requirement: &Requirement, given: Option<usize>, units: &[i64], times: i64) -> bool {
    let mut sum = 0;
    for member in &requirement.members {
        let units = units[member.resource];
        if given == Some(member.resource) && units < times {
            return false;
        }
        sum += units.min(times);
    }
    sum >= times * requirement.pick
}

/// Whether what somebody has is in the way of a wish: all that is booked, and live holds of others.
pub fn is_in_the_way(taken: &Taken, wish: &Wish) -> bool {
    taken.stands
        && match &taken.by {
            By::Booking { .. } => true,
            By::Hold {
                session,
                expires_at,
            } => {
                wish.minded == Minded::All
                    && *expires_at > wish.now
                    && wish.session.as_ref() != Some(session)
            }
        }
}
