//! Intervals in whole slots. A day is 24 hours, as slots are; a month has no length.

use crate::error::Error;
use crate::grain::{DAY, Grain, MINUTE};

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
    /// So many minutes.
    pub fn minutes(minutes: i32) -> Self {
        Length {
            months: 0,
            days: 0,
            micros: i64::from(minutes) * MINUTE,
        }
    }

    /// So many slots: zero or more, and whole ones.
    pub fn slots(self, grain: Grain) -> Result<i64, Error> {
        if self.months != 0 {
            return Err(Error::Months);
        }
        let micros = i64::from(self.days)
            .checked_mul(DAY)
            .and_then(|days| days.checked_add(self.micros))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(months: i32, days: i32, micros: i64) -> Result<i64, Error> {
        Length {
            months,
            days,
            micros,
        }
        .slots(Grain::DEFAULT)
    }

    #[test]
    fn a_day_is_24_hours_and_a_month_is_nothing() {
        assert_eq!(slots(0, 1, 15 * MINUTE), Ok(97));
        assert_eq!(slots(0, 1, -DAY), Ok(0));
        assert_eq!(slots(1, 0, 0), Err(Error::Months));
        assert_eq!(slots(-1, 30, 0), Err(Error::Months));
    }

    #[test]
    fn only_whole_slots_count() {
        assert_eq!(
            slots(0, 0, 20 * MINUTE),
            Err(Error::LengthOffGrain(20 * MINUTE, Grain::DEFAULT))
        );
        assert_eq!(
            slots(0, 0, 1),
            Err(Error::LengthOffGrain(1, Grain::DEFAULT))
        );
        assert_eq!(slots(0, 0, -15 * MINUTE), Err(Error::LengthTooSmall));
        let nothing = Length {
            months: 0,
            days: 0,
            micros: 0,
        };
        assert_eq!(
            nothing.slots_above_zero(Grain::DEFAULT),
            Err(Error::LengthTooSmall)
        );
    }

    #[test]
    fn the_longest_interval_is_an_error_not_an_overflow() {
        assert_eq!(slots(0, i32::MAX, i64::MAX), Err(Error::LengthOverflow));
        assert_eq!(slots(0, i32::MIN, i64::MIN), Err(Error::LengthOverflow));
        assert_eq!(slots(0, i32::MAX, 0), Err(Error::LengthOverflow));
        assert_eq!(slots(0, i32::MIN, 0), Err(Error::LengthOverflow));
        assert_eq!(slots(0, 100_000_000, 0), Ok(9_600_000_000));
    }
}
