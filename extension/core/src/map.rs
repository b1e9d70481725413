//! The set: words of 64 slots, numbered from slot 0. `Bits` is what every operation reads, `Slotmap` what it returns.
//! Next: `set` for the simplest operations, `run` for walking.

use crate::error::Error;
use crate::grain::Grain;
use core::ops::Range;

/// Slots from the first set one to the last set one, at most: 29.9 years of quarter hours, two years of minutes.
pub const MAX_SLOTS: i64 = 1 << 20;
/// Words that so many slots touch at most.
pub const MAX_WORDS: usize = (MAX_SLOTS as usize >> 6) + 1;

/// A readable map, stored or in memory. Words outside of it are zero.
pub trait Bits {
    /// Minutes per slot.
    fn grain(&self) -> Grain;
    /// The number of the first word: its first slot divided by 64.
    fn first_word(&self) -> i64;
    /// How many words there are.
    fn len(&self) -> usize;
    /// The word at an index below `len`.
    fn word(&self, index: usize) -> u64;

    /// No slot is set.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the word behind the last.
    fn end_word(&self) -> i64 {
        self.first_word() + self.len() as i64
    }

    /// The word of any number.
    fn word_at(&self, number: i64) -> u64 {
        if (self.first_word()..self.end_word()).contains(&number) {
            self.word((number - self.first_word()) as usize)
        } else {
            0
        }
    }

    /// Is this slot in the set?
    fn has(&self, slot: i64) -> bool {
        self.word_at(slot >> 6) >> (slot & 63) & 1 == 1
    }

    /// How many slots are set.
    fn count(&self) -> i64 {
        (0..self.len())
            .map(|index| i64::from(self.word(index).count_ones()))
            .sum()
    }

    /// From the first set slot to behind the last; `None` when empty.
    fn hull(&self) -> Option<Range<i64>> {
        let last = self.len().checked_sub(1)?;
        let start = (self.first_word() << 6) + i64::from(self.word(0).trailing_zeros());
        let end = (self.end_word() << 6) - i64::from(self.word(last).leading_zeros());
        Some(start..end)
    }

    /// A copy in memory.
    fn to_map(&self) -> Slotmap {
        Slotmap {
            grain: self.grain(),
            first_word: self.first_word(),
            words: (0..self.len()).map(|index| self.word(index)).collect(),
        }
    }
}

/// An owned map, always canonical: first and last word set, `first_word` 0 when empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slotmap {
    grain: Grain,
    first_word: i64,
    words: Vec<u64>,
}

impl Slotmap {
    /// The empty set.
    pub fn empty(grain: Grain) -> Self {
        Slotmap {
            grain,
            first_word: 0,
            words: Vec::new(),
        }
    }

    /// Words in any state, trimmed to the canonical form.
    pub fn new(grain: Grain, first_word: i64, mut words: Vec<u64>) -> Result<Self, Error> {
        let Some(last) = words.iter().rposition(|&word| word != 0) else {
            return Ok(Self::empty(grain));
        };
        words.truncate(last + 1);
        let zeros = words.iter().take_while(|&&word| word == 0).count();
        words.drain(..zeros);
        let map = Slotmap {
            grain,
            first_word: first_word + zeros as i64,
            words,
        };
        match map.hull() {
            Some(hull) if hull.end - hull.start > MAX_SLOTS => Err(Error::TooLong),
            _ => Ok(map),
        }
    }

    /// Its words.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Its words, to build on.
    pub fn into_words(self) -> Vec<u64> {
        self.words
    }
}

impl Bits for Slotmap {
    fn grain(&self) -> Grain {
        self.grain
    }

    fn first_word(&self) -> i64 {
        self.first_word
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    fn word(&self, index: usize) -> u64 {
        self.words[index]
    }
}

/// The grain of two maps, if it is one.
pub fn same_grain(a: &impl Bits, b: &impl Bits) -> Result<Grain, Error> {
    if a.grain() == b.grain() {
        Ok(a.grain())
    } else {
        Err(Error::MixedGrains(a.grain(), b.grain()))
    }
}
