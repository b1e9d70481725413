//! Questions about maps, slots and ranges; each stops at the first word that decides.

use crate::error::Error;
use crate::map::{Bits, same_grain};
use crate::run::{next_clear, next_set};
use crate::span::{Span, holds, touched};

/// Have they a slot in common?
pub fn overlaps(a: &impl Bits, b: &impl Bits) -> Result<bool, Error> {
    same_grain(a, b)?;
    let first = a.first_word().max(b.first_word());
    let end = a.end_word().min(b.end_word());
    Ok((first..end).any(|number| a.word_at(number) & b.word_at(number) != 0))
}

/// Is every slot of `b` in `a`?
pub fn contains(a: &impl Bits, b: &impl Bits) -> Result<bool, Error> {
    same_grain(a, b)?;
    Ok((0..b.len()).all(|index| b.word(index) & !a.word_at(b.first_word() + index as i64) == 0))
}

/// Are they the same set?
pub fn equal(a: &impl Bits, b: &impl Bits) -> Result<bool, Error> {
    same_grain(a, b)?;
    Ok(a.first_word() == b.first_word()
        && a.len() == b.len()
        && (0..a.len()).all(|index| a.word(index) == b.word(index)))
}

/// Is this instant in the set? An infinite one is in none.
pub fn contains_instant(map: &impl Bits, instant: i64) -> bool {
    map.has(map.grain().floor(instant))
}

/// Has the range an instant in common with the set?
pub fn overlaps_span(map: &impl Bits, span: Span) -> bool {
    let slots = touched(span, map.grain());
    next_set(map, slots.start).is_some_and(|slot| slot < slots.end)
}

/// Is every instant of the range in the set? The empty range touches no slot, so none is missing.
pub fn contains_span(map: &impl Bits, span: Span) -> bool {
    let slots = touched(span, map.grain());
    next_clear(map, slots.start) >= slots.end
}

/// Is the whole set in the range?
pub fn contained_by_span(map: &impl Bits, span: Span) -> bool {
    let grain = map.grain();
    map.hull()
        .is_none_or(|hull| holds(span, grain.instant(hull.start)..grain.instant(hull.end)))
}
