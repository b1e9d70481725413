//! Steps counted from the start of each run, anew at the midnight of every day that is open throughout; and the starts of a
//! service on them.

use crate::error::Error;
use crate::map::{Bits, Slotmap};
use crate::run::{from_runs, runs};
use crate::set::intersection;
use crate::start::{Need, slot_ahead, slot_starts};
use core::ops::Range;

/// Where a booking of a service may start, before anybody is asked who is free.
#[derive(Debug, Clone)]
pub struct Grid<'a> {
    /// The instants that starts lie in.
    pub window: Range<i64>,
    /// How long a booking is, in slots.
    pub length: i64,
    /// Slots from start to start; `None`: any slot may be one.
    pub step: Option<i64>,
    /// What lies between the ends may be closed.
    pub crosses: bool,
    /// Instants, ascending.
    pub midnights: &'a [i64],
}

/// The starts on the grid of `open` with the length in one run of it, or with both ends in it.
pub fn service_starts(open: &impl Bits, grid: &Grid<'_>) -> Result<Slotmap, Error> {
    let grain = open.grain();
    let mut starts = match grid.crosses {
        true => intersection(open, &slot_ahead(open, grid.length - 1)?)?,
        false => {
            let need = Need {
                duration: grid.length,
                before: 0,
                after: 0,
            };
            slot_starts(open, &Slotmap::empty(grain), need)?
        }
    };
    if let Some(step) = grid.step {
        starts = intersection(&starts, &slot_grid(open, step, grid.midnights)?)?;
    }
    let window = grain.ceil(grid.window.start)..grain.ceil(grid.window.end);
    let Some(hull) = starts.hull() else {
        return Ok(starts);
    };
    // No wider than the starts, so that no window is too long for a map.
    let window = window.start.max(hull.start)..window.end.min(hull.end);
    intersection(&starts, &from_runs(grain, &[window])?)
}

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
