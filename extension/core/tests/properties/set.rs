//! The set algebra: `+ * -`, predicates, bounds, runs.

use crate::model::{case, map, minutes, minutes_of, slots};
use pg_booking_core::run::{next_clear, next_set, runs};
use pg_booking_core::{Bits, Error, Grain, Slotmap, predicate, set};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_map_holds_what_it_was_made_of((grain, [a]) in case::<1>()) {
        let expected = slots(&a);
        let map = map(grain, &a)?;
        prop_assert_eq!(minutes(&map), minutes_of(grain, expected.iter().copied()));
        prop_assert_eq!(map.count(), expected.len() as i64);
        prop_assert_eq!(map.is_empty(), expected.is_empty());
        let hull = map.hull().map(|hull| (hull.start, hull.end - 1));
        prop_assert_eq!(hull, expected.first().copied().zip(expected.last().copied()));
    }

    #[test]
    fn operations_agree_with_sets_of_minutes((grain, [a, b]) in case::<2>()) {
        let (left, right) = (map(grain, &a)?, map(grain, &b)?);
        let (l, r) = (minutes(&left), minutes(&right));
        prop_assert_eq!(minutes(&set::union(&left, &right)?), &l | &r);
        prop_assert_eq!(minutes(&set::intersection(&left, &right)?), &l & &r);
        prop_assert_eq!(minutes(&set::difference(&left, &right)?), &l - &r);
        prop_assert_eq!(predicate::overlaps(&left, &right)?, !l.is_disjoint(&r));
        prop_assert_eq!(predicate::contains(&left, &right)?, l.is_superset(&r));
        prop_assert_eq!(predicate::equal(&left, &right)?, l == r);
    }

    #[test]
    fn containment_holds_for_parts((grain, [a, b]) in case::<2>()) {
        let (left, right) = (map(grain, &a)?, map(grain, &b)?);
        let both = set::union(&left, &right)?;
        prop_assert!(predicate::contains(&both, &left)?);
        prop_assert!(predicate::contains(&left, &set::difference(&left, &right)?)?);
        prop_assert!(predicate::equal(&set::union(&right, &left)?, &both)?);
    }

    #[test]
    fn equal_sets_are_equal_bytes((grain, [a, b]) in case::<2>()) {
        let (left, right) = (map(grain, &a)?, map(grain, &b)?);
        let there_and_back = set::difference(&set::union(&left, &right)?, &set::difference(&right, &left)?)?;
        prop_assert_eq!(there_and_back.payload(), left.payload());
    }

    #[test]
    fn runs_are_maximal_and_in_order((grain, [a]) in case::<1>()) {
        let map = map(grain, &a)?;
        let all: Vec<_> = runs(&map).collect();
        for run in &all {
            prop_assert!(run.start < run.end);
            prop_assert!(!map.has(run.start - 1) && !map.has(run.end));
        }
        prop_assert!(all.windows(2).all(|pair| pair[0].end < pair[1].start));
    }

    #[test]
    fn the_next_slot_is_the_next_slot((grain, [a]) in case::<1>(), from in -600..600i64) {
        let map = map(grain, &a)?;
        let from = from + a.first().map_or(0, |run| run.start);
        let all = slots(&a);
        prop_assert_eq!(next_set(&map, from), all.range(from..).next().copied());
        let clear = (from..).find(|slot| !all.contains(slot));
        prop_assert_eq!(Some(next_clear(&map, from)), clear);
    }
}

#[test]
fn different_grains_never_mix() -> Result<(), Error> {
    let (a, b) = (
        Slotmap::empty(Grain::DEFAULT),
        Slotmap::empty(Grain::new(5)?),
    );
    let mixed = Error::MixedGrains(a.grain(), b.grain());
    assert_eq!(set::union(&a, &b), Err(mixed));
    assert_eq!(set::intersection(&a, &b), Err(mixed));
    assert_eq!(set::difference(&a, &b), Err(mixed));
    assert_eq!(predicate::overlaps(&a, &b), Err(mixed));
    assert_eq!(predicate::contains(&a, &b), Err(mixed));
    assert_eq!(predicate::equal(&a, &b), Err(mixed));
    Ok(())
}
