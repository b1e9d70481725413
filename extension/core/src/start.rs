//! The start search: log2(need) shift-and-ands over words, whatever the number of candidates.

use crate::error::Error;
use crate::map::{Bits, Slotmap, same_grain};
use crate::run::{fill, from_runs, next_set, runs};

/// What a start needs, in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Open slots from the start on; at least one.
    pub duration: i64,
    /// Slots in front of the start that must not be busy.
    pub before: i64,
    /// Slots behind the duration that must not be busy.
    pub after: i64,
}

/// Every slot `t` with `[t, t+duration)` in one run of `open` and `[t-before, t+duration+after)` clear of `busy`.
pub fn slot_starts(open: &impl Bits, busy: &impl Bits, need: Need) -> Result<Slotmap, Error> {
    let mut starts = open.to_map().into_words();
    runs_of(&mut starts, need.duration);
    let starts = Slotmap::new(open.grain(), open.first_word(), starts)?;
    without_blocked(&starts, busy, need)
}

/// The slots `t` of `starts` with `[t-before, t+duration+after)` clear of `busy`.
pub fn without_blocked(starts: &impl Bits, busy: &impl Bits, need: Need) -> Result<Slotmap, Error> {
    let grain = same_grain(starts, busy)?;
    let blocked = blocked(starts, busy, need);
    let mut words = starts.to_map().into_words();
    for (start, blocked) in words.iter_mut().zip(blocked) {
        *start &= !blocked;
    }
    Slotmap::new(grain, starts.first_word(), words)
}

/// Every slot `t` whose slot at `t + distance` is in the map.
pub fn slot_ahead(map: &impl Bits, distance: i64) -> Result<Slotmap, Error> {
    let moved: Vec<_> = runs(map)
        .map(|run| run.start.saturating_sub(distance)..run.end.saturating_sub(distance))
        .collect();
    from_runs(map.grain(), &moved)
}

/// The slots in the words of `window` at which no start may be for the sake of `busy`.
fn blocked(window: &impl Bits, busy: &impl Bits, need: Need) -> Vec<u64> {
    let (first, end) = (window.first_word() << 6, window.end_word() << 6);
    let mut bits: Vec<u64> = (window.first_word()..window.end_word())
        .map(|number| busy.word_at(number))
        .collect();
    // A busy slot p blocks the starts p - (duration + after) + 1 to p + before.
    let reach = need.duration.saturating_add(need.after);
    smear_down(&mut bits, reach);
    smear_up(&mut bits, need.before.saturating_add(1));
    // Outside of the window only the nearest busy slot on either side can reach furthest into it.
    if let Some(last) = last_set_before(busy, first) {
        fill(
            &mut bits,
            first,
            first..last.saturating_add(need.before).saturating_add(1),
        );
    }
    if let Some(next) = next_set(busy, end) {
        fill(&mut bits, first, next.saturating_sub(reach) + 1..end);
    }
    bits
}

/// Starts from which `need` whole slots in a row are set.
fn runs_of(bits: &mut [u64], need: i64) {
    doubling(bits, need, |bits, by| {
        shift_down(bits, by, |word, moved| word & moved);
    });
}

/// Every set slot sets the `reach - 1` slots before it.
fn smear_down(bits: &mut [u64], reach: i64) {
    doubling(bits, reach, |bits, by| {
        shift_down(bits, by, |word, moved| word | moved);
    });
}

/// Every set slot sets the `reach - 1` slots behind it.
fn smear_up(bits: &mut [u64], reach: i64) {
    doubling(bits, reach, shift_up_or);
}

/// Calls `step` with shifts that add up to `need - 1`, each at most what is covered already.
fn doubling(bits: &mut [u64], need: i64, step: impl Fn(&mut [u64], usize)) {
    let mut covered = 1;
    // No shift beyond the words changes anything more.
    let need = need.min(bits.len() as i64 * 64 + 1);
    while covered < need {
        let by = covered.min(need - covered);
        step(bits, by as usize);
        covered += by;
    }
}

/// `bits[t] = with(bits[t], bits[t + by])`; beyond the end are zeros.
fn shift_down(bits: &mut [u64], by: usize, with: impl Fn(u64, u64) -> u64) {
    let (words, shift) = (by >> 6, by & 63);
    let at = |bits: &[u64], index: usize| bits.get(index).copied().unwrap_or(0);
    for index in 0..bits.len() {
        let low = at(bits, index + words);
        let moved = match shift {
            0 => low,
            _ => low >> shift | at(bits, index + words + 1) << (64 - shift),
        };
        bits[index] = with(bits[index], moved);
    }
}

/// `bits[t] |= bits[t - by]`.
fn shift_up_or(bits: &mut [u64], by: usize) {
    let (words, shift) = (by >> 6, by & 63);
    for index in (words..bits.len()).rev() {
        let high = bits[index - words];
        let low = match index.checked_sub(words + 1) {
            Some(below) => bits[below],
            None => 0,
        };
        bits[index] |= match shift {
            0 => high,
            _ => high << shift | low >> (64 - shift),
        };
    }
}

/// The last set slot below `before`, which is a multiple of 64.
fn last_set_before(map: &impl Bits, before: i64) -> Option<i64> {
    let end = map.end_word().min(before >> 6);
    (map.first_word()..end).rev().find_map(|number| {
        let word = map.word_at(number);
        (word != 0).then(|| (number << 6) + 63 - i64::from(word.leading_zeros()))
    })
}
