//! The hours of the week that a set touches: 168 bits. Next: `key`.
//!
//! What repeats weekly stays in its few hours however long it runs. Among 100,000 classes of an hour a week over two to four
//! months, 185 overlap a given one: bounds alone let 17,348 others through to be looked at, these bits 80.

use crate::grain::Grain;
use crate::map::Bits;
use core::ops::{BitOr, Range};

/// Hours in a week.
const WEEK: i64 = 168;
/// Minutes in an hour.
const HOUR: i64 = 60;

/// A set of hours of the week, numbered from Saturday 00:00 UTC, when slot 0 starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours([u64; 3]);

impl Hours {
    /// Bytes of the stored form.
    pub(super) const LEN: usize = WEEK as usize / 8;
    /// No hour.
    pub const NONE: Hours = Hours([0; 3]);

    /// The hours that a map touches within some minutes; a few slots before and behind may count as well.
    pub fn of_map(map: &impl Bits, within: Range<i64>) -> Hours {
        let grain = map.grain();
        let number = |minute: i64| minute.div_euclid(i64::from(grain.minutes())) >> 6;
        let index = |number: i64| (number - map.first_word()).clamp(0, map.len() as i64) as usize;
        let words = index(number(within.start))..index(number(within.end - 1) + 1);
        let first_slot = (map.first_word() + words.start as i64) << 6;
        let period = period(grain);
        if words.len() <= period {
            return touched(grain, first_slot, words.map(|index| map.word(index)));
        }
        let mut folded = vec![0; period];
        for start in words.clone().step_by(period) {
            for (place, index) in folded.iter_mut().zip(start..words.end) {
                *place |= map.word(index);
            }
        }
        touched(grain, first_slot, folded)
    }

    /// The hours that a run of minutes touches.
    pub fn of_minutes(run: Range<i64>) -> Hours {
        let (first, end) = (
            run.start.div_euclid(HOUR),
            (run.end - 1).div_euclid(HOUR) + 1,
        );
        let mut hours = Hours::NONE;
        for hour in (first..end).take(WEEK as usize) {
            hours.set(hour.rem_euclid(WEEK) as u32);
        }
        hours
    }

    fn set(&mut self, hour: u32) {
        self.0[(hour >> 6) as usize] |= 1 << (hour & 63);
    }

    /// How many there are.
    pub fn count(self) -> i64 {
        self.0.iter().map(|word| i64::from(word.count_ones())).sum()
    }

    /// Have they an hour in common?
    pub fn meet(self, other: Hours) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// Is every hour of the other in here?
    pub fn cover(self, other: Hours) -> bool {
        self | other == self
    }

    /// The stored form: bit `b` of byte `n` is hour `8 n + b`.
    pub(super) fn bytes(self) -> impl Iterator<Item = u8> {
        let bytes = self.0.into_iter().flat_map(u64::to_le_bytes);
        bytes.take(Hours::LEN)
    }

    /// Reads the stored form.
    pub(super) fn read(bytes: &[u8; Hours::LEN]) -> Hours {
        let mut words = [0; 3];
        for (index, &byte) in bytes.iter().enumerate() {
            words[index >> 3] |= u64::from(byte) << (8 * (index & 7));
        }
        Hours(words)
    }
}

impl BitOr for Hours {
    type Output = Hours;

    fn bitor(self, other: Hours) -> Hours {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Hours([a | x, b | y, c | z])
    }
}

/// After so many words the same hours of the week come again at the same bits: 21 to 315. What is longer is first folded to
/// that, since words are joined faster than hours are counted: the longest map took up to 7 ms without, 15 us with.
fn period(grain: Grain) -> usize {
    let week = 7 * grain.slots_per_day();
    (week >> week.trailing_zeros()) as usize
}

/// The hours of some words in a row.
fn touched(grain: Grain, first_slot: i64, words: impl IntoIterator<Item = u64>) -> Hours {
    let slots_per_hour = HOUR as u32 / u32::from(grain.minutes());
    // Slots are counted from the start of the first one's week, which keeps the divisions short.
    let mut first = first_slot.rem_euclid(7 * grain.slots_per_day()) as u32;
    let mut hours = Hours::NONE;
    // One slot of an hour is enough: then on with the next hour.
    let mut next = 0;
    for word in words {
        loop {
            let from = u32::saturating_sub(next, first);
            let rest = word.checked_shr(from).unwrap_or(0);
            if rest == 0 {
                break;
            }
            let hour = (first + from + rest.trailing_zeros()) / slots_per_hour;
            hours.set(hour % WEEK as u32);
            next = (hour + 1) * slots_per_hour;
        }
        first += 64;
    }
    hours
}
