//! The start search, the step grid and the 0-95 view, each against a walk slot by slot.

use crate::model::{case, grain, map, slots};
use pg_booking_core::grain::DAY;
use pg_booking_core::length::Length;
use pg_booking_core::run::{from_runs, runs};
use pg_booking_core::start::{Need, slot_starts};
use pg_booking_core::{Bits, Error, Grain, Slotmap, day, grid};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn held(map: &Slotmap) -> BTreeSet<i64> {
    runs(map).flatten().collect()
}

fn buffer() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..5i64,
        3 => 0..200i64,
        1 => Just(64),
        1 => 400..700i64,
        1 => Just(i64::MAX / 60_000_000),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn lengths_agree_with_wider_arithmetic(
        grain in grain(),
        days in prop_oneof![Just(0), -3..3i32, any::<i32>()],
        micros in prop_oneof![Just(0), (-9..9i64).prop_map(|n| n * 300_000_000), any::<i64>()],
    ) {
        let exact = i128::from(days) * i128::from(DAY) + i128::from(micros);
        let expected = match i64::try_from(exact) {
            Ok(_) if exact < 0 => Err(Error::LengthTooSmall),
            Ok(exact) if exact % grain.micros() != 0 => Err(Error::LengthOffGrain(exact, grain)),
            Ok(exact) => Ok(exact / grain.micros()),
            Err(_) => Err(Error::LengthOverflow),
        };
        // Days beyond 64 bits are refused even where the microseconds would bring them back.
        let days_fit = i64::from(days).checked_mul(DAY).is_some();
        let length = Length { months: 0, days, micros };
        prop_assert_eq!(length.slots(grain), if days_fit { expected } else { Err(Error::LengthOverflow) });
    }

    #[test]
    fn starts_are_those_that_a_walk_finds(
        (grain, [open, busy]) in case::<2>(),
        duration in prop_oneof![1..6i64, 1..140i64, Just(i64::MAX / 60_000_000)],
        before in buffer(),
        after in buffer(),
    ) {
        let need = Need { duration, before, after };
        let starts = slot_starts(&map(grain, &open)?, &map(grain, &busy)?, need)?;
        let (open, busy) = (slots(&open), slots(&busy));
        let fits = |t: &i64| {
            open.range(*t..t + duration).count() as i64 == duration
                && busy.range(t - before..t + duration + after).next().is_none()
        };
        prop_assert_eq!(held(&starts), open.iter().copied().filter(fits).collect());
    }

    #[test]
    fn the_grid_counts_from_runs_and_full_days(
        (grain, [open]) in case::<1>(),
        step in prop_oneof![1..10i64, 1..100i64, Just(63), Just(64), Just(i64::MAX / 60_000_000)],
        lengths in prop::collection::vec((0..90i64, -2..3i64), 0..12),
    ) {
        let map = map(grain, &open)?;
        // Midnights a little off the grid now and then, as those of Kathmandu are at grain 60.
        let mut midnight = open.first().map_or(0, |run| grain.instant(run.start - 20));
        let mut midnights = Vec::new();
        for (slots, off) in lengths {
            midnights.push(midnight + off);
            midnight += grain.instant(slots) + 5;
        }
        let set = slots(&open);
        let fresh: BTreeSet<i64> = midnights
            .windows(2)
            .filter_map(|pair| {
                let day: Vec<i64> = (grain.ceil(pair[0])..grain.floor(pair[1])).collect();
                let full = day.iter().all(|slot| set.contains(slot));
                day.first().copied().filter(|_| full)
            })
            .collect();
        let mut expected = BTreeSet::new();
        for run in runs(&map) {
            let mut count = 0;
            for slot in run {
                if fresh.contains(&slot) {
                    count = 0;
                }
                if count % step == 0 {
                    expected.insert(slot);
                }
                count += 1;
            }
        }
        if midnights.is_sorted() {
            prop_assert_eq!(held(&grid::slot_grid(&map, step, &midnights)?), expected);
        } else {
            prop_assert_eq!(grid::slot_grid(&map, step, &midnights), Err(Error::Unsorted));
        }
    }

    #[test]
    fn a_day_reads_back_its_numbers((grain, [a]) in case::<1>(), number in any::<prop::sample::Index>()) {
        let map = map(grain, &a)?;
        let per_day = grain.slots_per_day();
        let around = a.first().map_or(0, |run| run.start.div_euclid(per_day));
        let day_number = around + number.index(3) as i64 - 1;
        let day_number = i32::try_from(day_number)?;
        let first = i64::from(day_number) * per_day;
        let numbers = day::slots(&map, day_number)?;
        let expected: Vec<i32> =
            slots(&a).range(first..first + per_day).map(|slot| (slot - first) as i32).collect();
        prop_assert_eq!(&numbers, &expected);
        if first >= grain.slots().start {
            let back = day::of_slots(day_number, &numbers, grain)?;
            prop_assert_eq!(day::slots(&back, day_number)?, expected);
        }
    }
}

#[test]
fn days_and_slots_out_of_range_are_refused() {
    let (grain, empty) = (Grain::DEFAULT, Slotmap::empty(Grain::DEFAULT));
    for infinite in [i32::MIN, i32::MAX] {
        assert_eq!(day::slots(&empty, infinite), Err(Error::OutOfRange));
        assert_eq!(day::of_slots(infinite, &[], grain), Err(Error::OutOfRange));
    }
    assert_eq!(
        day::of_slots(0, &[96], grain),
        Err(Error::SlotOutOfDay(96, 95))
    );
    assert_eq!(
        day::of_slots(0, &[-1], grain),
        Err(Error::SlotOutOfDay(-1, 95))
    );
    assert_eq!(
        day::of_slots(i32::MAX - 1, &[0], grain),
        Err(Error::OutOfRange)
    );
}

#[test]
fn a_step_of_nothing_never_ends_in_a_loop() -> Result<(), Error> {
    let open = from_runs(Grain::DEFAULT, &[0..3, 5..6])?;
    assert_eq!(grid::slot_grid(&open, 0, &[]), Err(Error::LengthTooSmall));
    assert_eq!(grid::slot_grid(&open, 1, &[])?, open.to_map());
    Ok(())
}
