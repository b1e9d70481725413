//! Walking a map: maximal runs, single slots; and building one from runs.

use crate::error::Error;
use crate::grain::Grain;
use crate::map::{Bits, MAX_WORDS, Slotmap};
use core::ops::Range;

/// The first set slot at `from` or later.
pub fn next_set(map: &impl Bits, from: i64) -> Option<i64> {
    next_word(map, from, |word| word)
}

/// The first slot at `from` or later that is not set; past the last word all are.
pub fn next_clear(map: &impl Bits, from: i64) -> i64 {
    if from >> 6 < map.first_word() {
        return from;
    }
    next_word(map, from, |word| !word).unwrap_or((map.end_word() << 6).max(from))
}

/// The first slot at `from` or later, within the words, whose bit is set in `view` of its word.
fn next_word(map: &impl Bits, from: i64, view: impl Fn(u64) -> u64) -> Option<i64> {
    let from = from.max(map.first_word() << 6);
    let mut mask = u64::MAX << (from & 63);
    for number in from >> 6..map.end_word() {
        let word = view(map.word_at(number)) & mask;
        if word != 0 {
            return Some((number << 6) + i64::from(word.trailing_zeros()));
        }
        mask = u64::MAX;
    }
    None
}

/// The first maximal run that starts at `from` or later, or is under way there.
pub fn next_run(map: &impl Bits, from: i64) -> Option<Range<i64>> {
    let start = next_set(map, from)?;
    Some(start..next_clear(map, start))
}

/// The maximal runs in order.
pub fn runs(map: &impl Bits) -> impl Iterator<Item = Range<i64>> {
    let mut from = i64::MIN;
    core::iter::from_fn(move || {
        let run = next_run(map, from)?;
        from = run.end;
        Some(run)
    })
}

/// The set slots in order.
pub fn slots(map: &impl Bits) -> impl Iterator<Item = i64> {
    (0..map.len()).flat_map(|index| {
        let first = (map.first_word() + index as i64) << 6;
        let mut rest = map.word(index);
        core::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(first + i64::from(bit))
        })
    })
}

/// Sets the slots `run` of words that start at slot `first_slot`; what lies outside of them is left out.
pub(crate) fn fill(words: &mut [u64], first_slot: i64, run: Range<i64>) {
    let len = words.len() as i64 * 64;
    let start = run.start.saturating_sub(first_slot).clamp(0, len) as usize;
    let end = run.end.saturating_sub(first_slot).clamp(0, len) as usize;
    if start >= end {
        return;
    }
    let (head, tail) = (start >> 6, (end - 1) >> 6);
    let head_mask = u64::MAX << (start & 63);
    let tail_mask = u64::MAX >> (63 - ((end - 1) & 63));
    if head == tail {
        words[head] |= head_mask & tail_mask;
        return;
    }
    words[head] |= head_mask;
    words[head + 1..tail].fill(u64::MAX);
    words[tail] |= tail_mask;
}

/// The map of some runs, in any order. Empty ones count for nothing; all must be slots that exist.
pub fn from_runs(grain: Grain, runs: &[Range<i64>]) -> Result<Slotmap, Error> {
    let real = || runs.iter().filter(|run| run.start < run.end);
    let start = real().map(|run| run.start).min();
    let end = real().map(|run| run.end).max();
    let (Some(start), Some(end)) = (start, end) else {
        return Ok(Slotmap::empty(grain));
    };
    if start < grain.slots().start || end > grain.slots().end {
        return Err(Error::OutOfRange);
    }
    let first_word = start >> 6;
    let len = (((end - 1) >> 6) + 1 - first_word) as usize;
    if len > MAX_WORDS {
        return Err(Error::TooLong);
    }
    let mut words = vec![0; len];
    for run in real() {
        fill(&mut words, first_word << 6, run.clone());
    }
    Slotmap::new(grain, first_word, words)
}
