//! The 0-95 view: the slots of one UTC day by their number in it.

use crate::error::Error;
use crate::grain::Grain;
use crate::map::{Bits, Slotmap};
use crate::run::{from_runs, next_set};

/// Days since 2000-01-01; the two extremes are PostgreSQL's infinite dates.
fn first_slot(day: i32, grain: Grain) -> Result<i64, Error> {
    if day == i32::MIN || day == i32::MAX {
        return Err(Error::OutOfRange);
    }
    Ok(i64::from(day) * grain.slots_per_day())
}

/// The numbers of the slots that are set on that day, ascending.
pub fn slots(map: &impl Bits, day: i32) -> Result<Vec<i32>, Error> {
    let first = first_slot(day, map.grain())?;
    let end = first + map.grain().slots_per_day();
    let mut numbers = Vec::new();
    let mut from = first;
    while let Some(slot) = next_set(map, from).filter(|&slot| slot < end) {
        numbers.push((slot - first) as i32);
        from = slot + 1;
    }
    Ok(numbers)
}

/// The map of some slots of that day, in any order.
pub fn of_slots(day: i32, numbers: &[i32], grain: Grain) -> Result<Slotmap, Error> {
    let first = first_slot(day, grain)?;
    let per_day = grain.slots_per_day();
    let mut runs = Vec::with_capacity(numbers.len());
    for number in numbers.iter().copied().map(i64::from) {
        if !(0..per_day).contains(&number) {
            return Err(Error::SlotOutOfDay(number, per_day - 1));
        }
        runs.push(first + number..first + number + 1);
    }
    from_runs(grain, &runs)
}
