//! Intervals in whole slots. A day is 24 hours, as slots are; a month has no length.

use crate::error::Error;
use crate::grain::{DAY, Grain};

/// An interval as PostgreSQL stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Months; also what PostgreSQL 17 marks an infinite interval with.
    pub months: i32,
    /// Days of 24 hours.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl Length {
    /// So many slots: zero or more, and whole ones.
    pub fn slots(self, grain: Grain) -> Result<i64, Error> {
        if self.months != 0 {
            return Err(Error::Months);
        }
        let micros = (i64::from(self.days) * DAY)
            .checked_add(self.micros)
            .ok_or(Error::LengthOverflow)?;
        if micros < 0 {
            Err(Error::LengthTooSmall)
        } else if !grain.starts_at(micros) {
            Err(Error::LengthOffGrain(micros, grain))
        } else {
            Ok(micros / grain.micros())
        }
    }

    /// The same, but one slot at least.
    pub fn slots_above_zero(self, grain: Grain) -> Result<i64, Error> {
        match self.slots(grain)? {
            0 => Err(Error::LengthTooSmall),
            slots => Ok(slots),
        }
    }
}
