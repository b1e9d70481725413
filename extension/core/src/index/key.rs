//! A key: what the index knows of a map, or of all maps of a page. Next: `search`.
//!
//! The stored form, frozen:
//!
//! ```text
//! byte 0       1                    9                    17                    38
//!      +-------+--------------------+--------------------+---------------------+
//!      | kinds | first minute       | minute behind last | hours of the week   |
//!      | u8    | i64, little-endian | i64, little-endian | 168 bits            |
//!      +-------+--------------------+--------------------+---------------------+
//! ```
//!
//! - Bit `n` of `kinds` says that there is a map of the `n`-th grain, the highest that there is an empty one.
//! - Minutes count from 2000-01-01 00:00 UTC; both are 0 if all maps are empty. The finest grain is one, so bounds are exact.
//! - Equal keys are equal bytes. With its headers and line pointer an entry takes 52 bytes of its page: 156 fit.

use super::hours::Hours;
use super::search::Query;
use crate::error::Error;
use crate::grain::{END_INSTANT, Grain, MIN_INSTANT, MINUTE};
use crate::map::Bits;
use core::ops::Range;

/// Bytes of the stored form.
pub const KEY_LEN: usize = 17 + Hours::LEN;

const EMPTY: u8 = 1 << 7;

/// The bit of a grain.
fn kind(grain: Grain) -> u8 {
    Grain::ALL
        .iter()
        .zip(0..)
        .find(|&(&other, _)| other == grain)
        .map_or(0, |(_, bit)| 1 << bit)
}

/// Grains, bounds in minutes, hours of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    kinds: u8,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) hours: Hours,
}

impl Key {
    /// The key of one map.
    pub fn of_map(map: &impl Bits) -> Key {
        let Range { start, end } = map.minutes();
        Key {
            kinds: kind(map.grain()) | if map.is_empty() { EMPTY } else { 0 },
            start,
            end,
            hours: Hours::of_map(map, start..end),
        }
    }

    /// The smallest key that says of both what it says of one.
    pub fn union(self, other: Key) -> Key {
        let (some, more) = match (self.is_empty(), other.is_empty()) {
            (true, _) => (other, other),
            (_, true) => (self, self),
            _ => (self, other),
        };
        Key {
            kinds: self.kinds | other.kinds,
            start: some.start.min(more.start),
            end: some.end.max(more.end),
            hours: some.hours | more.hours,
        }
    }

    /// No slot in any map.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Is there an empty map?
    pub fn has_empty(self) -> bool {
        self.kinds & EMPTY != 0
    }

    /// Is there a map of another grain?
    pub fn has_other_than(self, grain: Grain) -> bool {
        self.kinds & !kind(grain) & !EMPTY != 0
    }

    /// The stored form.
    pub fn to_bytes(self) -> [u8; KEY_LEN] {
        let bounds = [self.start, self.end]
            .into_iter()
            .flat_map(i64::to_le_bytes);
        let mut all = core::iter::once(self.kinds)
            .chain(bounds)
            .chain(self.hours.bytes());
        core::array::from_fn(|_| all.next().unwrap_or(0))
    }

    /// Reads the stored form, and believes nothing of it.
    pub fn read(bytes: &[u8]) -> Result<Key, Error> {
        let (&[kinds], rest) = bytes.split_first_chunk().ok_or(Error::Malformed)?;
        let (&start, rest) = rest.split_first_chunk().ok_or(Error::Malformed)?;
        let (&end, rest) = rest.split_first_chunk().ok_or(Error::Malformed)?;
        let hours = rest.try_into().map_err(|_| Error::Malformed)?;
        let (start, end) = (i64::from_le_bytes(start), i64::from_le_bytes(end));
        // So no difference of two bounds overflows.
        let real = MIN_INSTANT / MINUTE <= start && start <= end && end <= END_INSTANT / MINUTE;
        match real {
            true => Ok(Key {
                kinds,
                start,
                end,
                hours: Hours::read(hours),
            }),
            false => Err(Error::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::from_runs;

    #[test]
    fn the_stored_bytes_never_change() -> Result<(), Error> {
        let map = from_runs(Grain::DEFAULT, &[4..6, 8..9, 4 * 168 + 16..4 * 168 + 17])?;
        let mut frozen = [0; KEY_LEN];
        frozen[0] = 1 << 3;
        frozen[1] = 60;
        frozen[9..11].copy_from_slice(&(17i16 * 15 + 168 * 60).to_le_bytes());
        frozen[17] = 1 << 1 | 1 << 2 | 1 << 4;
        assert_eq!(Key::of_map(&map).to_bytes(), frozen);
        assert_eq!(Key::read(&frozen)?, Key::of_map(&map));
        let last_hour = from_runs(Grain::new(60)?, core::slice::from_ref(&(-1..0)))?;
        let bytes = Key::of_map(&last_hour).to_bytes();
        assert_eq!(bytes[0], 1 << 6);
        assert_eq!(bytes[1..9], (-60i64).to_le_bytes());
        assert_eq!(bytes[9..37], [0; 28]);
        assert_eq!(bytes[37], 1 << 7);
        Ok(())
    }
}
