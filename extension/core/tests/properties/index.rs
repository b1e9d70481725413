//! Keys of the index: they lose nothing that an operator would find, and they keep out what they can.

use crate::model::{Runs, base, case, grain, map, minutes, some_runs};
use crate::span;
use pg_booking_core::index::{
    KEY_LEN, Key, Query, Strategy as Ask, consistent, penalty, picksplit,
};
use pg_booking_core::run::{from_runs, runs};
use pg_booking_core::{Bits, Edge, Error, Grain, Slotmap, Span, predicate, set};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;

const ALL: [Ask; 4] = [Ask::Overlaps, Ask::Contains, Ask::ContainedBy, Ask::Equals];

/// Some runs, again and again after some slots: a map of up to a few thousand words.
fn repeated() -> impl Strategy<Value = (Grain, Runs)> {
    let times = prop_oneof![4 => Just(1), 1 => 1..200i64];
    let every = prop_oneof![Just(168 * 60), 1..3000i64];
    grain()
        .prop_flat_map(move |grain| (Just(grain), base(grain), times.clone(), every.clone()))
        .prop_flat_map(|(grain, base, times, every)| {
            // What starts at the end of time can't go on.
            let room = (grain.slots().end - 1000 - base) / every;
            let copies = 0..times.min(room + 1);
            let again = move |run: Range<i64>| {
                let copies = copies.clone();
                copies.map(move |n| run.start + n * every..run.end + n * every)
            };
            let runs =
                some_runs(base).prop_map(move |runs| runs.into_iter().flat_map(&again).collect());
            (Just(grain), runs)
        })
}

/// The hours of the week of a map, slot by slot.
fn hours(map: &Slotmap) -> BTreeSet<i64> {
    let all = runs(map).flatten();
    all.map(|slot| {
        (slot * i64::from(map.grain().minutes()))
            .div_euclid(60)
            .rem_euclid(168)
    })
    .collect()
}

/// The hours of the week of a key, as they are stored.
fn stored_hours(key: Key) -> BTreeSet<i64> {
    let bytes = key.to_bytes();
    let set = |&hour: &i64| bytes[17 + hour as usize / 8] >> (hour % 8) & 1 == 1;
    (0..168).filter(set).collect()
}

/// What the operator says of a map and a map of the same grain.
fn holds(ask: Ask, map: &Slotmap, query: &Slotmap) -> Result<bool, Error> {
    match ask {
        Ask::Overlaps => predicate::overlaps(map, query),
        Ask::Contains => predicate::contains(map, query),
        Ask::ContainedBy => predicate::contains(query, map),
        Ask::Equals => predicate::equal(map, query),
    }
}

/// A leaf is found, and so is every page above it, whatever else is there.
fn found(ask: Ask, map: &Slotmap, others: &[Key], query: &impl Query) -> bool {
    let key = Key::of_map(map);
    let page = others.iter().fold(key, |page, &other| page.union(other));
    let far = others.iter().fold(page, |page, &other| other.union(page));
    consistent(ask, key, query, true)
        && [key, page, far]
            .into_iter()
            .all(|page| consistent(ask, page, query, false))
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let key = case::<1>().prop_filter_map("fits", |(grain, [runs])| map(grain, &runs).ok());
    let distinct = prop::collection::vec(key.prop_map(|map| Key::of_map(&map)), 1..12);
    // Pages are full of equal keys now and then.
    (
        distinct,
        prop::collection::vec(any::<prop::sample::Index>(), 2..200),
    )
        .prop_map(|(keys, places)| places.iter().map(|place| *place.get(&keys)).collect())
}

proptest! {
    #[test]
    fn a_key_has_the_bounds_and_hours_of_its_map((grain, runs) in repeated()) {
        let Ok(map) = map(grain, &runs) else { return Ok(()) };
        let key = Key::of_map(&map);
        prop_assert_eq!(stored_hours(key), hours(&map));
        let bounds = map.hull().map_or(0..0, |hull| {
            let minutes = i64::from(grain.minutes());
            hull.start * minutes..hull.end * minutes
        });
        prop_assert_eq!(&key.to_bytes()[1..9], bounds.start.to_le_bytes());
        prop_assert_eq!(&key.to_bytes()[9..17], bounds.end.to_le_bytes());
        prop_assert_eq!(key.has_empty(), map.is_empty());
        prop_assert_eq!(Key::read(&key.to_bytes()), Ok(key));
    }

    #[test]
    fn nothing_that_an_operator_finds_is_lost(
        (grain, [a, b]) in case::<2>(),
        relation in 0..4,
        others in keys(),
    ) {
        let (a, mut b) = (map(grain, &a)?, map(grain, &b)?);
        // Sets that came about by chance hardly ever contain each other.
        b = match relation {
            0 => b,
            1 => set::union(&a, &b)?,
            2 => set::intersection(&a, &b)?,
            _ => a.clone(),
        };
        for ask in ALL {
            for (map, query) in [(&a, &b), (&b, &a)] {
                if holds(ask, map, query)? {
                    prop_assert!(found(ask, map, &others, query), "{:?}", ask);
                }
            }
        }
    }

    #[test]
    fn long_maps_are_not_lost_either((grain, a) in repeated(), at in any::<prop::sample::Index>(), others in keys()) {
        let Ok(long) = map(grain, &a) else { return Ok(()) };
        let slots: Vec<i64> = runs(&long).flatten().collect();
        if slots.is_empty() {
            return Ok(());
        }
        let slot = *at.get(&slots);
        let short = from_runs(grain, core::slice::from_ref(&(slot..slot + 1)))?;
        for ask in [Ask::Overlaps, Ask::Contains] {
            prop_assert!(found(ask, &long, &others, &short));
        }
        for ask in [Ask::Overlaps, Ask::ContainedBy] {
            prop_assert!(found(ask, &short, &others, &long));
        }
        prop_assert!(found(Ask::Equals, &long, &others, &long));
    }

    #[test]
    fn nothing_that_a_range_finds_is_lost(case in span::case(), others in keys()) {
        let asked = [
            (Ask::Overlaps, predicate::overlaps_span(&case.map, case.span)),
            (Ask::Contains, predicate::contains_span(&case.map, case.span)),
            (Ask::ContainedBy, predicate::contained_by_span(&case.map, case.span)),
        ];
        for (ask, holds) in asked {
            prop_assert!(!holds || found(ask, &case.map, &others, &case.span), "{:?}", ask);
        }
        let instants = minutes(&case.map).into_iter().take(100).map(|minute| minute * 60_000_000 + 59_999_999);
        for at in instants.map(Edge::Inclusive) {
            prop_assert!(found(Ask::Contains, &case.map, &others, &Span::Between(at, at)));
        }
    }

    #[test]
    fn what_a_key_rules_out_is_not_looked_at((grain, [a, b]) in case::<2>()) {
        let (a, b) = (map(grain, &a)?, map(grain, &b)?);
        let (key, other) = (Key::of_map(&a), Key::of_map(&b));
        let apart = match (a.hull(), b.hull()) {
            (Some(a), Some(b)) => a.end <= b.start || b.end <= a.start,
            _ => true,
        };
        if apart || hours(&a).is_disjoint(&hours(&b)) {
            prop_assert!(!consistent(Ask::Overlaps, key, &b, true));
            prop_assert!(!consistent(Ask::Overlaps, key, &b, false));
        }
        if !apart && !hours(&a).is_superset(&hours(&b)) {
            prop_assert!(!consistent(Ask::Contains, key, &b, false));
            prop_assert!(!consistent(Ask::ContainedBy, other, &a, true));
        }
        prop_assert_eq!(consistent(Ask::Equals, key, &b, true), key == other);
    }

    #[test]
    fn another_grain_is_always_found((grain, [a, b]) in case::<2>(), other in grain(), others in keys()) {
        let a = map(grain, &a)?;
        // The same slots of another grain, unless they are out of time.
        let Ok(b) = map(other, &b) else { return Ok(()) };
        if grain != other {
            for ask in ALL {
                prop_assert!(found(ask, &a, &others, &b));
            }
        }
    }

    #[test]
    fn a_page_that_covers_a_key_does_not_grow(keys in keys()) {
        let page = keys.iter().copied().reduce(Key::union);
        let backwards = keys.iter().rev().copied().reduce(Key::union);
        prop_assert_eq!(page, backwards);
        for &key in &keys {
            prop_assert_eq!(page.map(|page| page.union(key)), page);
            prop_assert_eq!(page.map(|page| penalty(page, key)), Some(0.0));
            let growth = penalty(key, keys[0]);
            prop_assert!(growth.is_finite() && growth >= 0.0);
        }
    }

    #[test]
    fn a_split_keeps_every_key_on_one_side(keys in keys()) {
        let Some(split) = picksplit(&keys) else { return Err(TestCaseError::fail("not split")) };
        let mut places = [split.left.clone(), split.right.clone()].concat();
        places.sort_unstable();
        prop_assert_eq!(places, (0..keys.len()).collect::<Vec<_>>());
        for (side, key) in [(split.left, split.left_key), (split.right, split.right_key)] {
            prop_assert!(side.len() >= (keys.len() / 3).max(1));
            prop_assert_eq!(side.iter().map(|&place| keys[place]).reduce(Key::union), Some(key));
        }
    }

    #[test]
    fn no_bytes_do_harm(a in prop::collection::vec(any::<u8>(), 0..60), b in key_bytes(), c in key_bytes()) {
        prop_assert_eq!(Key::read(&a).is_ok() && a.len() != KEY_LEN, false);
        if let (Ok(read), Ok(other)) = (Key::read(&b), Key::read(&c)) {
            prop_assert_eq!(read.to_bytes().to_vec(), b);
            penalty(read, other);
            picksplit(&[read, other, read.union(other)]);
            for ask in ALL {
                consistent(ask, read, &Slotmap::empty(Grain::DEFAULT), true);
                consistent(ask, read, &Span::Between(Edge::Unbounded, Edge::Unbounded), false);
            }
        }
    }
}

/// Bytes with bounds that may be real.
fn key_bytes() -> impl Strategy<Value = Vec<u8>> {
    let bound = prop_oneof![-200_000_000_000..200_000_000_000i64, any::<i64>(), Just(0)];
    (any::<u8>(), bound.clone(), bound, any::<[u8; 21]>()).prop_map(|(kinds, a, b, hours)| {
        let bounds = [a.min(b).to_le_bytes(), a.max(b).to_le_bytes()].concat();
        [&[kinds][..], &bounds, &hours].concat()
    })
}

#[test]
fn equal_keys_are_split_in_the_middle() {
    let key = Key::of_map(&Slotmap::empty(Grain::DEFAULT));
    for total in 2..10 {
        let sides = picksplit(&vec![key; total]).map(|split| (split.left.len(), split.right.len()));
        assert_eq!(sides, Some((total / 2, total - total / 2)));
    }
    assert_eq!(picksplit(&[key]), None);
    assert_eq!(picksplit(&[]), None);
}

/// Splits maps of which every other is of another kind; says how many kinds there are left on either side.
fn kinds_apart(maps: &[Slotmap]) -> Option<[usize; 2]> {
    let keys: Vec<Key> = maps.iter().map(Key::of_map).collect();
    let split = picksplit(&keys)?;
    let kinds = |side: &[usize]| side.iter().map(|place| place % 2).collect::<BTreeSet<_>>();
    Some([kinds(&split.left).len(), kinds(&split.right).len()])
}

/// An hour a week, counted in hours.
fn weekly(weeks: Range<i64>, hour: i64) -> Result<Slotmap, Error> {
    let runs: Vec<_> = weeks
        .map(|week| week * 168 + hour)
        .map(|hour| 4 * hour..4 * hour + 4)
        .collect();
    from_runs(Grain::DEFAULT, &runs)
}

#[test]
fn classes_at_other_hours_are_split_by_hours_and_dates_by_dates() -> Result<(), Error> {
    // Terms that begin one after the other: Saturdays and Mondays.
    let classes = (0..20).map(|n| weekly(n / 4..n / 4 + 10, [8, 56][n as usize % 2]));
    let classes: Vec<Slotmap> = classes.collect::<Result<_, _>>()?;
    assert_eq!(kinds_apart(&classes), Some([1, 1]));
    // The same hours in spring and in autumn.
    let dates = (0..20).map(|n| weekly(n % 2 * 26..n % 2 * 26 + 2, [8, 56, 57][n as usize % 3]));
    let dates: Vec<Slotmap> = dates.collect::<Result<_, _>>()?;
    assert_eq!(kinds_apart(&dates), Some([1, 1]));
    Ok(())
}
