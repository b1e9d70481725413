//! Condition 4: limits by service, resource and customer; by day, week and month; by count and by time.
use std::ops::Range;

use anyhow::{Result, bail};
use jiff::{ToSpan, civil::Date};

use super::{
    clock::{DAY, wall, zone},
    rule::{Minded, Rule, Wish},
    world::{By, Kind, Taken},
};

impl Rule<'_> {
    /// How many more bookings of a span the limits admit: of the service and its customer, or of a resource.
    pub fn room(&self, wish: &Wish, resource: Option<usize>, span: &Range<i64>) -> Result<i64> {
        let mut room = i64::MAX;
        for limit in &self.world.service.limits {
            if (limit.scope == "resource") != resource.is_some()
                || (limit.scope == "customer" && wish.customer.is_none())
            {
                continue;
            }
            let (mut count, mut length) = (0, 0);
            for taken in &self.world.taken {
                let counts = match limit.scope {
                    "customer" => is_of(taken, wish),
                    _ => {
                        counts(taken, wish, span)
                            && resource.is_none_or(|resource| has(taken, resource))
                    }
                };
                if taken.ours
                    && counts
                    && self.period(taken.span.start, limit.period)?
                        == self.period(span.start, limit.period)?
                {
                    count += 1;
                    length += self.counted(&taken.span)?;
                }
            }
            if let Some(max_count) = limit.max_count {
                room = room.min((max_count - count).max(0));
            }
            if let Some(max_length) = limit.max_length {
                room = room.min((max_length - length).max(0) / self.counted(span)?);
            }
        }
        Ok(room)
    }

    /// How long a booking counts for. Of a stay a night is 24 hours, whatever the clocks do meanwhile.
    fn counted(&self, span: &Range<i64>) -> Result<i64> {
        let Kind::Stay {
            check_in,
            check_out,
            ..
        } = self.world.service.kind
        else {
            return Ok(span.end - span.start);
        };
        for nights in 1..=365 {
            if self.end(span.start, nights * DAY)? == span.end {
                return Ok(nights * DAY + check_out - check_in);
            }
        }
        bail!("{span:?} is no stay of this service")
    }

    /// The first date of the local day, week or month of an instant.
    fn period(&self, at: i64, period: &str) -> Result<Date> {
        let date = wall(&zone(&self.world.service.zone)?, at)?.date();
        Ok(match period {
            "week" => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days())?,
            "month" => date.first_of_month(),
            _ => date,
        })
    }
}

/// Whether a booking or a hold counts. A session's own hold does not, if the new one would take its place.
fn counts(taken: &Taken, wish: &Wish, span: &Range<i64>) -> bool {
    match &taken.by {
        By::Booking {
            status, expires_at, ..
        } => is_live(status, *expires_at, wish.now),
        By::Hold {
            session,
            expires_at,
        } => {
            let own = wish.session.as_ref() == Some(session);
            let replaced = own && taken.span.start < span.end && span.start < taken.span.end;
            *expires_at > wish.now
                && match wish.minded {
                    Minded::All => !replaced,
                    Minded::Own => own && !replaced,
                    Minded::None => false,
                }
        }
    }
}

/// Whether something is booked by the customer of a wish.
fn is_of(taken: &Taken, wish: &Wish) -> bool {
    match &taken.by {
        By::Booking {
            status,
            expires_at,
            customer,
        } => is_live(status, *expires_at, wish.now) && *customer == wish.customer,
        By::Hold { .. } => false,
    }
}

fn is_live(status: &str, expires_at: Option<i64>, now: i64) -> bool {
    match status {
        "pending" => expires_at.is_none_or(|expires_at| expires_at > now),
        status => ["confirmed", "completed", "no_show"].contains(&status),
    }
}

/// Whether a resource was assigned.
fn has(taken: &Taken, resource: usize) -> bool {
    taken.claims.iter().any(|claim| claim.resource == resource)
}
