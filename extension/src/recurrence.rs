//! Recurrence rules of RFC 5545 on the wall clock: which clocks follow from a first one, whatever the zone. `sql/78_series.sql`
//! says which instants they are.

use crate::error::Sql;
use crate::scalar::WallClockArrayOut;
use chrono::{DateTime, Utc};
use pgrx::pg_extern;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::PgSqlErrorCode as Code;
use rrule::{RRule, Tz, Unvalidated};

/// Microseconds from the epoch of Unix to that of PostgreSQL.
const EPOCH: i64 = 946_684_800_000_000;
/// Longer ones are no rules that anybody wrote.
const MAX_TEXT: usize = 1000;

#[pg_extern]
fn rrule_clocks(rule: &str, first: i64, most: i32) -> Sql<WallClockArrayOut> {
    let most = u16::try_from(most).map_err(|_| bad("most must be between 0 and 65535"))?;
    let first = first
        .checked_add(EPOCH)
        .and_then(DateTime::<Utc>::from_timestamp_micros)
        .ok_or_else(|| bad("timestamp out of range"))?
        .with_timezone(&Tz::UTC);
    if rule.len() > MAX_TEXT {
        return Err(bad("recurrence rule is too long"));
    }
    let set = rule
        .parse::<RRule<Unvalidated>>()
        .and_then(|rule| rule.build(first))
        .map_err(|error| bad("invalid recurrence rule").set_detail(error.to_string()))?;
    let clocks = set
        .all(most)
        .dates
        .iter()
        .map(|clock| clock.timestamp_micros() - EPOCH)
        .collect();
    Ok(WallClockArrayOut(clocks))
}

fn bad(message: &str) -> ErrorReport {
    ErrorReport::new(
        Code::ERRCODE_INVALID_PARAMETER_VALUE,
        message.to_owned(),
        "rrule_clocks",
    )
}
