//! The model: the minutes of a map, one by one, and how test maps come about.

use pg_booking_core::run::{from_runs, runs};
use pg_booking_core::{Bits, Error, Grain, Slotmap};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;

/// The minutes of a set, counted from 2000-01-01 00:00 UTC.
pub type Minutes = BTreeSet<i64>;

/// Runs of slots, relative to a base.
pub type Runs = Vec<Range<i64>>;

/// The minutes of some slots.
pub fn minutes_of(grain: Grain, slots: impl IntoIterator<Item = i64>) -> Minutes {
    let length = i64::from(grain.minutes());
    slots
        .into_iter()
        .flat_map(|slot| slot * length..(slot + 1) * length)
        .collect()
}

/// The minutes of a map.
pub fn minutes(map: &impl Bits) -> Minutes {
    minutes_of(map.grain(), runs(map).flatten())
}

/// The slots of runs.
pub fn slots(runs: &Runs) -> BTreeSet<i64> {
    runs.iter().cloned().flatten().collect()
}

/// A map that is known to be the same as its runs.
pub fn map(grain: Grain, runs: &Runs) -> Result<Slotmap, Error> {
    from_runs(grain, runs)
}

/// Any grain.
pub fn grain() -> impl Strategy<Value = Grain> {
    prop::sample::select(Grain::ALL.to_vec())
}

/// Where the slots of a case lie: at the epoch, at word boundaries, long before Christ, at either end of time.
pub fn base(grain: Grain) -> impl Strategy<Value = i64> {
    let (first, end) = (grain.slots().start, grain.slots().end - 1000);
    prop_oneof![
        4 => -70..70i64,
        2 => (-5..5i64).prop_map(|word| word * 64),
        2 => -200_000_000..200_000_000i64,
        1 => Just(first),
        1 => Just(end),
    ]
    .prop_map(move |base| base.clamp(first, end))
}

/// Up to a few hundred slots in runs that may touch, overlap or be empty.
pub fn some_runs(base: i64) -> impl Strategy<Value = Runs> {
    let run = (0..500i64, prop_oneof![0..4i64, 0..150i64, Just(64)]);
    prop::collection::vec(run, 0..7).prop_map(move |runs| {
        runs.into_iter()
            .map(|(start, len)| base + start..base + start + len)
            .collect()
    })
}

/// One grain and `N` sets of runs near each other.
pub fn case<const N: usize>() -> impl Strategy<Value = (Grain, [Runs; N])> {
    grain()
        .prop_flat_map(|grain| (Just(grain), base(grain)))
        .prop_flat_map(|(grain, base)| {
            let sets = core::array::from_fn(|_| some_runs(base));
            (Just(grain), sets)
        })
}
