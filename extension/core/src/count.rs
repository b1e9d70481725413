//! Counts along starts: one number for each set slot of a map, in their order. What is true of many starts at once is
//! worked out on such lists, a whole list at a time. `tally` makes the planes that counts are read from.

use crate::error::Error;
use crate::map::{Bits, Slotmap, same_grain};
use crate::run::slots;
use core::ops::Range;

/// How often each start was counted, from the planes of a tally.
pub fn slot_counts(starts: &impl Bits, planes: &[impl Bits]) -> Result<Vec<i32>, Error> {
    if planes.len() > 31 {
        return Err(Error::CountOverflow);
    }
    for plane in planes {
        same_grain(starts, plane)?;
    }
    let mut counts = Vec::with_capacity(starts.count() as usize);
    let mut words = vec![0; planes.len()];
    for index in 0..starts.len() {
        let number = starts.first_word() + index as i64;
        for (word, plane) in words.iter_mut().zip(planes) {
            *word = plane.word_at(number);
        }
        let mut rest = starts.word(index);
        while rest != 0 {
            let bit = rest.trailing_zeros();
            let count = words
                .iter()
                .rev()
                .fold(0, |count, word| count << 1 | (word >> bit & 1) as i32);
            counts.push(count);
            rest &= rest - 1;
        }
    }
    Ok(counts)
}

/// The least of the caps whose span (instants) holds each start; `i32::MAX` where none does.
pub fn slot_caps(starts: &impl Bits, caps: &[(Range<i64>, i32)]) -> Vec<i32> {
    let instants: Vec<_> = slots(starts)
        .map(|slot| starts.grain().instant(slot))
        .collect();
    let mut least = vec![i32::MAX; instants.len()];
    for (span, cap) in caps {
        let first = instants.partition_point(|&at| at < span.start);
        let end = instants.partition_point(|&at| at < span.end);
        for value in least.get_mut(first..end).unwrap_or_default() {
            *value = (*value).min(*cap);
        }
    }
    least
}

/// How many bookings fit at each start: the largest `m` with `sum over the members of min(free units, m) >= m * pick`.
/// `free` has the counts of one member after the other.
pub fn slot_fits(free: &[i32], members: usize, pick: i32) -> Result<Vec<i32>, Error> {
    if pick < 1 || members < 1 {
        return Err(Error::NotPositive);
    }
    if !free.len().is_multiple_of(members) {
        return Err(Error::Ragged);
    }
    let starts = free.len() / members;
    if pick == 1 {
        return sums(free, starts);
    }
    (0..starts)
        .map(|start| {
            let units =
                || (0..members).map(move |member| i64::from(free[member * starts + start].max(0)));
            largest(units, i64::from(pick))
        })
        .collect()
}

/// The same, of members whose counts are in the planes of a tally each: 200 lists of a year of minutes would take 400 MB.
pub fn plane_fits(
    starts: &impl Bits,
    members: &[Vec<Slotmap>],
    pick: i32,
) -> Result<Vec<i32>, Error> {
    if pick < 1 {
        return Err(Error::NotPositive);
    }
    slots(starts)
        .map(|slot| {
            let units = || {
                members.iter().map(move |planes| {
                    let bits = planes.iter().enumerate();
                    bits.map(|(power, plane)| i64::from(plane.has(slot)) << power.min(62))
                        .sum()
                })
            };
            largest(units, i64::from(pick))
        })
        .collect()
}

/// With `pick` 1 every free unit is one more booking.
fn sums(free: &[i32], starts: usize) -> Result<Vec<i32>, Error> {
    let mut sums = vec![0i32; starts];
    for member in free.chunks(starts.max(1)) {
        for (sum, units) in sums.iter_mut().zip(member) {
            *sum = sum
                .checked_add((*units).max(0))
                .ok_or(Error::CountOverflow)?;
        }
    }
    Ok(sums)
}

/// The sum of the mins grows with `m` ever more slowly, so that those that fit are `0..=m` for one `m`.
fn largest<I: Iterator<Item = i64>>(units: impl Fn() -> I, pick: i64) -> Result<i32, Error> {
    let (mut fits, mut above) = (0, units().sum::<i64>() / pick + 1);
    while above - fits > 1 {
        let middle = fits + (above - fits) / 2;
        match units().map(|free| free.min(middle)).sum::<i64>() >= middle * pick {
            true => fits = middle,
            false => above = middle,
        }
    }
    i32::try_from(fits).map_err(|_| Error::CountOverflow)
}

/// The starts whose count is above zero.
pub fn slot_where(starts: &impl Bits, counts: &[i32]) -> Result<Slotmap, Error> {
    if starts.count() != counts.len() as i64 {
        return Err(Error::Ragged);
    }
    let mut counts = counts.iter();
    let words = (0..starts.len()).map(|index| {
        let (mut rest, mut kept) = (starts.word(index), 0);
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            if counts.next().is_some_and(|&count| count > 0) {
                kept |= bit;
            }
            rest ^= bit;
        }
        kept
    });
    Slotmap::new(starts.grain(), starts.first_word(), words.collect())
}

/// The lesser of two counts, start by start.
pub fn slot_least(a: &[i32], b: &[i32]) -> Result<Vec<i32>, Error> {
    if a.len() != b.len() {
        return Err(Error::Ragged);
    }
    Ok(a.iter().zip(b).map(|(a, b)| *a.min(b)).collect())
}

#[cfg(test)]
mod tests;
