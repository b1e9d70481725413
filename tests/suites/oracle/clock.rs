//! Instants and what the clocks on the wall say then. An instant is a number of seconds since 1970 in UTC.
use anyhow::Result;
use jiff::{
    Span, Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::{Disambiguation, TimeZone},
};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 86_400;

/// Whole zones and half ones; gaps and overlaps in every season, of 60 and of 30 minutes, at midnight, or none.
pub const ZONES: [&str; 15] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Santiago",
    "Asia/Beirut",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Chatham",
    "Atlantic/Azores",
    "America/Nuuk",
    "Europe/Dublin",
];

/// A zone by its IANA name.
pub fn zone(name: &str) -> Result<TimeZone> {
    Ok(TimeZone::get(name)?)
}

/// The date and the time on the wall.
pub fn wall(zone: &TimeZone, at: i64) -> Result<DateTime> {
    Ok(zone.to_datetime(Timestamp::from_second(at)?))
}

/// The instant of a wall clock as PostgreSQL has it: in a gap as if the clocks had not been put forward yet, of two the later.
pub fn instant(zone: &TimeZone, wall: DateTime) -> Result<i64> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    Ok(ambiguous.disambiguate(Disambiguation::Later)?.as_second())
}

/// The instant of a time of a date, in seconds of the day; 24:00 is the next midnight.
pub fn at_time(zone: &TimeZone, date: Date, time: i64) -> Result<i64> {
    let wall = date.at(0, 0, 0, 0).checked_add(time.seconds())?;
    instant(zone, wall)
}

/// The first instant of a local date, found by looking at every minute around it.
pub fn midnight(zone: &TimeZone, date: Date) -> Result<i64> {
    let noon = instant(zone, date.at(12, 0, 0, 0))?;
    let mut at = noon - 30 * HOUR;
    while wall(zone, at)?.date() < date {
        at += MINUTE;
    }
    Ok(at)
}

/// Months and days on the calendar, minutes by the clock that runs through.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    pub months: i64,
    pub days: i64,
    pub minutes: i64,
}

impl Amount {
    pub fn after(self, at: i64, zone: &TimeZone) -> Result<i64> {
        let mut at = at;
        if (self.months, self.days) != (0, 0) {
            let there = Span::new().months(self.months).days(self.days);
            at = instant(zone, wall(zone, at)?.checked_add(there)?)?;
        }
        Ok(at + self.minutes * MINUTE)
    }
}

/// How SQL writes an instant.
pub fn text(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| format!("epoch {at}"), |at| at.to_string())
}
