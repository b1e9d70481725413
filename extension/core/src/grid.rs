//! Steps counted from the start of each run, anew at the midnight of every day that is open throughout.

use crate::error::Error;
use crate::map::{Bits, Slotmap};
use crate::run::runs;
use core::ops::Range;

/// Every `step`-th slot of each run of `open`. Two midnights (instants, ascending) in a row make a day; a day whose whole
/// slots are all open starts the count anew, and what follows it in the run counts on from there.
pub fn slot_grid(open: &impl Bits, step: i64, midnights: &[i64]) -> Result<Slotmap, Error> {
    let grain = open.grain();
    if step < 1 {
        return Err(Error::LengthTooSmall);
    }
    if midnights.iter().any(|m| [i64::MIN, i64::MAX].contains(m)) {
        return Err(Error::OutOfRange);
    }
    if !midnights.is_sorted() {
        return Err(Error::Unsorted);
    }
    let mut days = midnights
        .windows(2)
        .filter_map(|pair| match *pair {
            [from, to] => Some(grain.ceil(from)..grain.floor(to)),
            _ => None,
        })
        .filter(|day| day.start < day.end)
        .peekable();
    let mut words = vec![0; open.len()];
    let first_slot = open.first_word() << 6;
    for run in runs(open) {
        let mut anchor = run.start;
        while let Some(day) = days.next_if(|day| day.start < run.end) {
            if day.start >= run.start && day.end <= run.end {
                mark(&mut words, first_slot, anchor..day.start, step);
                anchor = day.start;
            }
        }
        mark(&mut words, first_slot, anchor..run.end, step);
    }
    Slotmap::new(grain, open.first_word(), words)
}

/// Sets every `step`-th slot of `run`, from its start on; the run lies in the words.
fn mark(words: &mut [u64], first_slot: i64, run: Range<i64>, step: i64) {
    let (mut at, end) = (run.start - first_slot, run.end - first_slot);
    if step >= 64 {
        while at < end {
            words[(at >> 6) as usize] |= 1 << (at & 63);
            at = at.saturating_add(step);
        }
        return;
    }
    // Short steps go word by word: one pattern, shifted to where the count stands.
    let pattern = (0..64)
        .step_by(step as usize)
        .fold(0u64, |bits, b| bits | 1 << b);
    while at < end {
        let word_end = (at | 63) + 1;
        let mut bits = pattern << (at & 63);
        if end < word_end {
            bits &= u64::MAX >> (word_end - end);
        }
        words[(at >> 6) as usize] |= bits;
        at += (word_end - at + step - 1) / step * step;
    }
}
