//! Union, intersection, difference: word by word over the part that matters.

use crate::error::Error;
use crate::map::{Bits, MAX_WORDS, Slotmap, same_grain};

/// Every slot of either.
pub fn union(a: &impl Bits, b: &impl Bits) -> Result<Slotmap, Error> {
    let grain = same_grain(a, b)?;
    if a.is_empty() {
        return Ok(b.to_map());
    }
    if b.is_empty() {
        return Ok(a.to_map());
    }
    let first_word = a.first_word().min(b.first_word());
    let len = (a.end_word().max(b.end_word()) - first_word) as usize;
    if len > MAX_WORDS {
        return Err(Error::TooLong);
    }
    let mut words = vec![0; len];
    or_into(&mut words, first_word, a);
    or_into(&mut words, first_word, b);
    Slotmap::new(grain, first_word, words)
}

/// The slots of both.
pub fn intersection(a: &impl Bits, b: &impl Bits) -> Result<Slotmap, Error> {
    let grain = same_grain(a, b)?;
    let first_word = a.first_word().max(b.first_word());
    let end_word = a.end_word().min(b.end_word());
    let words = (first_word..end_word)
        .map(|number| a.word_at(number) & b.word_at(number))
        .collect();
    Slotmap::new(grain, first_word, words)
}

/// The slots of `a` that are not in `b`.
pub fn difference(a: &impl Bits, b: &impl Bits) -> Result<Slotmap, Error> {
    let grain = same_grain(a, b)?;
    let words = (0..a.len())
        .map(|index| a.word(index) & !b.word_at(a.first_word() + index as i64))
        .collect();
    Slotmap::new(grain, a.first_word(), words)
}

/// Sets the slots of `map` in words that start at `first_word` and reach far enough.
pub(crate) fn or_into(words: &mut [u64], first_word: i64, map: &impl Bits) {
    let offset = (map.first_word() - first_word) as usize;
    for (index, word) in words.iter_mut().skip(offset).take(map.len()).enumerate() {
        *word |= map.word(index);
    }
}
