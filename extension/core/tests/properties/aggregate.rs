//! Unions, intersections and counts over many maps, in one state or in several that are merged.

use crate::model::{Runs, base, grain, map, slots, some_runs};
use pg_booking_core::aggregate::{AtLeast, Counts, Intersection, State, Union};
use pg_booking_core::count::slot_counts;
use pg_booking_core::run::{from_runs, runs};
use pg_booking_core::{Bits, Error, Grain, Slotmap};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn many() -> impl Strategy<Value = (Grain, Vec<Runs>, usize)> {
    grain()
        .prop_flat_map(|grain| (Just(grain), base(grain)))
        .prop_flat_map(|(grain, base)| {
            let maps = prop::collection::vec(some_runs(base), 1..20);
            (Just(grain), maps, 0..20usize)
        })
}

fn held(map: &Slotmap) -> BTreeSet<i64> {
    runs(map).flatten().collect()
}

/// One state for the maps before `split`, one for those behind it, the second sent through bytes, then both merged.
fn run<S: State>(
    maps: &[Slotmap],
    split: usize,
    argument: impl Fn() -> S::Argument,
) -> Result<S, Error> {
    let add = |state: Option<S>, map: &Slotmap| -> Result<Option<S>, Error> {
        match state {
            None => S::first(map, argument()).map(Some),
            Some(mut state) => {
                state.add(map, argument())?;
                Ok(Some(state))
            }
        }
    };
    let (front, back) = maps.split_at(split.min(maps.len()));
    let (front, back) = (
        front.iter().try_fold(None, add)?,
        back.iter().try_fold(None, add)?,
    );
    match (front, back) {
        (Some(mut front), Some(back)) => {
            front.merge(&S::from_bytes(&back.to_bytes()?)?)?;
            Ok(front)
        }
        (front, back) => front.or(back).ok_or(Error::Malformed),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn aggregates_agree_with_counting((grain, sets, split) in many(), k in 1..8i32) {
        let maps: Vec<Slotmap> = sets.iter().map(|runs| map(grain, runs)).collect::<Result<_, _>>()?;
        let mut counts: BTreeMap<i64, i32> = BTreeMap::new();
        for slot in sets.iter().flat_map(slots) {
            *counts.entry(slot).or_default() += 1;
        }
        let at_least = |k: i32| -> BTreeSet<i64> {
            counts.iter().filter(|entry| *entry.1 >= k).map(|entry| *entry.0).collect()
        };
        let union: Union = run(&maps, split, || ())?;
        prop_assert_eq!(held(&union.map()?), at_least(1));
        let both: Intersection = run(&maps, split, || ())?;
        prop_assert_eq!(held(both.map()), at_least(maps.len() as i32));
        let some: AtLeast = run(&maps, split, || k)?;
        prop_assert_eq!(held(&some.map()?), at_least(k));
        prop_assert_eq!(some.map()?.grain(), grain);
        let planes = run::<Counts>(&maps, split, || k)?.planes()?;
        let first = counts.keys().next().copied().unwrap_or(0);
        let asked = (first - 1).max(grain.slots().start)..(first + 660).min(grain.slots().end);
        let starts = from_runs(grain, core::slice::from_ref(&asked))?;
        let expected: Vec<i32> = asked
            .map(|slot| k * counts.get(&slot).copied().unwrap_or(0))
            .collect();
        prop_assert_eq!(slot_counts(&starts, &planes)?, expected);
    }

    #[test]
    fn the_window_grows_both_ways(places in prop::collection::vec(-300_000..300_000i64, 1..60)) {
        let mut state: Option<Union> = None;
        for &place in &places {
            let map = from_runs(Grain::DEFAULT, core::slice::from_ref(&(place..place + 1)))?;
            match &mut state {
                None => state = Some(Union::first(&map, ())?),
                Some(state) => state.add(&map, ())?,
            }
        }
        let union = state.map(|state| state.map()).transpose()?;
        prop_assert_eq!(union.as_ref().map(held), Some(places.iter().copied().collect()));
    }
}

#[test]
fn maps_too_far_apart_are_refused_and_the_limit_itself_is_not() -> Result<(), Error> {
    let one = |slot: i64| from_runs(Grain::DEFAULT, core::slice::from_ref(&(slot..slot + 1)));
    let limit = pg_booking_core::map::MAX_SLOTS;
    let mut state = Union::first(&one(1)?, ())?;
    state.add(&one(limit)?, ())?;
    assert_eq!(state.map()?.count(), 2);
    state.add(&one(0)?, ())?;
    assert_eq!(state.map(), Err(Error::TooLong));
    assert_eq!(state.add(&one(limit + 200)?, ()), Err(Error::TooLong));
    Ok(())
}

#[test]
fn k_is_one_or_more_and_stays_the_same() -> Result<(), Error> {
    let map = Slotmap::empty(Grain::DEFAULT);
    assert!(matches!(AtLeast::first(&map, 0), Err(Error::NotPositive)));
    let mut state = AtLeast::first(&map, 1)?;
    assert_eq!(state.add(&map, 2), Err(Error::NotConstant));
    Ok(())
}
