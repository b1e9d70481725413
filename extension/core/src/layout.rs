//! The stored form, frozen. Next: `map`.
//!
//! ```text
//! byte 0        1                     9                 17
//!      +--------+---------------------+-----------------+----- - -
//!      | grain  | first slot          | word 0          | word 1
//!      | u8     | i64, little-endian  | u64, l-e        |
//!      +--------+---------------------+-----------------+----- - -
//! ```
//!
//! - `grain` is in minutes.
//! - `first slot` is a multiple of 64, counted from 2000-01-01 00:00 UTC in slots.
//! - Bit `b` of word `w` (least significant first) says that slot `first + 64 w + b` is in the set.
//! - The first and the last word are not zero. The empty set has no words and `first slot` 0.
//!
//! So equal sets are equal bytes. Words stand at odd addresses: PostgreSQL aligns the header in front of them, if that.

use crate::error::Error;
use crate::grain::Grain;
use crate::map::{Bits, MAX_SLOTS, MAX_WORDS, Slotmap};

/// Bytes in front of the words.
pub const HEADER: usize = 9;

/// A stored map, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    grain: Grain,
    first_word: i64,
    words: &'a [[u8; 8]],
}

impl<'a> Stored<'a> {
    /// Reads a payload and believes nothing of it; the checks do not depend on its length.
    pub fn read(payload: &'a [u8]) -> Result<Self, Error> {
        let (&[minutes], rest) = payload.split_first_chunk().ok_or(Error::Malformed)?;
        let (&first, rest) = rest.split_first_chunk().ok_or(Error::Malformed)?;
        let (words, tail) = rest.as_chunks();
        let first = i64::from_le_bytes(first);
        let grain = Grain::new(i64::from(minutes)).map_err(|_| Error::Malformed)?;
        let stored = Stored {
            grain,
            first_word: first >> 6,
            words,
        };
        let fits = tail.is_empty() && first & 63 == 0 && words.len() <= MAX_WORDS;
        if fits && stored.is_canonical(first) {
            Ok(stored)
        } else {
            Err(Error::Malformed)
        }
    }

    fn is_canonical(&self, first: i64) -> bool {
        let (Some(&head), Some(&tail)) = (self.words.first(), self.words.last()) else {
            return first == 0;
        };
        let (head, tail) = (u64::from_le_bytes(head), u64::from_le_bytes(tail));
        let within = self.grain.slots();
        // Bounded before anything is added to it, so that no sum overflows.
        if head == 0 || tail == 0 || first >= within.end {
            return false;
        }
        let first_slot = first + i64::from(head.trailing_zeros());
        let end_slot = first + 64 * self.words.len() as i64 - i64::from(tail.leading_zeros());
        first_slot >= within.start && end_slot <= within.end && end_slot - first_slot <= MAX_SLOTS
    }
}

impl Bits for Stored<'_> {
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
        u64::from_le_bytes(self.words[index])
    }
}

impl Slotmap {
    /// Bytes that `write` fills.
    pub fn payload_len(&self) -> usize {
        HEADER + 8 * self.len()
    }

    /// Writes the stored form over `payload`, which is `payload_len` long.
    pub fn write(&self, payload: &mut [u8]) {
        let (Some((minutes, rest)), words) = (payload.split_first_mut(), self.words()) else {
            return;
        };
        *minutes = self.grain().minutes();
        if let Some((first, rest)) = rest.split_first_chunk_mut() {
            *first = (self.first_word() << 6).to_le_bytes();
            for (place, word) in rest.as_chunks_mut().0.iter_mut().zip(words) {
                *place = word.to_le_bytes();
            }
        }
    }

    /// The stored form.
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = vec![0; self.payload_len()];
        self.write(&mut payload);
        payload
    }
}

#[cfg(test)]
mod tests;
