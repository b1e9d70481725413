//! A grain is the length of a slot: a whole number of minutes that divides the hour. Next: `layout`.
//!
//! Slot 0 starts at 2000-01-01 00:00 UTC, PostgreSQL's own epoch, so an instant is `slot * grain`.

use crate::error::Error;
use core::ops::Range;

/// Microseconds in a minute.
pub const MINUTE: i64 = 60_000_000;
/// Microseconds in a day.
pub const DAY: i64 = 1440 * MINUTE;
/// The first instant PostgreSQL knows: 4714-11-24 BC.
pub const MIN_INSTANT: i64 = -2_451_545 * DAY;
/// The first instant PostgreSQL no longer knows: 294277-01-01.
pub const END_INSTANT: i64 = (109_203_528 - 2_451_545) * DAY;

/// Minutes per slot: 1, 5, 10, 15, 20, 30 or 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grain(u8);

impl Grain {
    /// Every legal grain, ascending.
    pub const ALL: [Grain; 7] = [
        Grain(1),
        Grain(5),
        Grain(10),
        Grain(15),
        Grain(20),
        Grain(30),
        Grain(60),
    ];
    /// The finest, which divides all others.
    pub const MINUTE: Grain = Grain(1);
    /// What text without a prefix means.
    pub const DEFAULT: Grain = Grain(15);

    /// The grain of so many minutes.
    pub fn new(minutes: i64) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|grain| i64::from(grain.0) == minutes)
            .ok_or(Error::UnknownGrain(minutes))
    }

    /// Minutes, as they are stored.
    pub fn minutes(self) -> u8 {
        self.0
    }

    /// Microseconds per slot.
    pub fn micros(self) -> i64 {
        i64::from(self.0) * MINUTE
    }

    /// Slots per UTC day.
    pub fn slots_per_day(self) -> i64 {
        1440 / i64::from(self.0)
    }

    /// The slots whose both ends are timestamps.
    pub fn slots(self) -> Range<i64> {
        MIN_INSTANT / self.micros()..END_INSTANT / self.micros() - 1
    }

    /// The slot that holds an instant.
    pub fn floor(self, instant: i64) -> i64 {
        instant.div_euclid(self.micros())
    }

    /// The first slot that starts at an instant or later.
    pub fn ceil(self, instant: i64) -> i64 {
        self.floor(instant) + i64::from(instant.rem_euclid(self.micros()) != 0)
    }

    /// Does a slot start at this instant?
    pub fn starts_at(self, instant: i64) -> bool {
        instant.rem_euclid(self.micros()) == 0
    }

    /// The start of a slot.
    pub fn instant(self, slot: i64) -> i64 {
        slot * self.micros()
    }

    /// The largest grain that divides so many microseconds, if any does.
    pub fn largest_dividing(micros: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .rev()
            .find(|grain| grain.starts_at(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_seven_grains_exist() {
        let legal: Vec<i64> = (-100..200).filter(|&m| Grain::new(m).is_ok()).collect();
        assert_eq!(legal, [1, 5, 10, 15, 20, 30, 60]);
    }

    #[test]
    fn slots_before_the_epoch_round_the_same_way() {
        let grain = Grain::DEFAULT;
        assert_eq!(grain.floor(-1), -1);
        assert_eq!(grain.ceil(-1), 0);
        assert_eq!(grain.floor(-grain.micros()), -1);
        assert_eq!(grain.ceil(-grain.micros()), -1);
        assert_eq!(grain.ceil(1), 1);
    }

    #[test]
    fn the_last_slot_still_has_an_end() {
        for grain in Grain::ALL {
            assert!(grain.instant(grain.slots().end) < END_INSTANT);
            assert_eq!(grain.instant(grain.slots().start), MIN_INSTANT);
            assert!(grain.instant(grain.slots().end + 1) >= END_INSTANT);
        }
    }
}
