//! Ranges of instants against maps.
//!
//! Time is continuous, so the model cuts it into pieces: every half minute is a point, and between two points lies an open gap.
//! Point `h` is piece `2h`, the gap behind it piece `2h + 1`; a range is a run of pieces, a minute always four.

use crate::model::{base, grain, map, minutes, some_runs};
use pg_booking_core::grain::{END_INSTANT, MIN_INSTANT, MINUTE};
use pg_booking_core::run::from_runs;
use pg_booking_core::{Edge, Error, Grain, Slotmap, Span, predicate, span};
use proptest::prelude::*;
use std::ops::RangeInclusive;

const FOREVER: i64 = 1 << 50;

/// A range near a map.
#[derive(Debug, Clone)]
pub struct Case {
    grain: Grain,
    pub map: Slotmap,
    pub span: Span,
    pieces: RangeInclusive<i64>,
    finite: bool,
}

/// An edge and its place: the half minute, and whether it belongs. `bounds` are half minutes worth hitting.
fn edge(bounds: Vec<i64>) -> impl Strategy<Value = (Edge, i64, bool)> {
    let bound = prop::sample::select(bounds);
    let near = prop_oneof![
        4 => bound.clone(),
        1 => (bound.clone(), -3..3i64).prop_map(|(bound, off)| bound + off),
        1 => (bound, -60_000..60_000i64).prop_map(|(bound, off)| bound + off),
    ];
    let bound = (near, any::<bool>()).prop_map(|(half, inclusive)| {
        let half = half.clamp(MIN_INSTANT / (MINUTE / 2), END_INSTANT / (MINUTE / 2) - 1);
        let instant = half * (MINUTE / 2);
        let edge = match inclusive {
            true => Edge::Inclusive(instant),
            false => Edge::Exclusive(instant),
        };
        (edge, half, inclusive)
    });
    prop_oneof![
        12 => bound,
        1 => Just((Edge::Unbounded, FOREVER, true)),
        1 => any::<bool>().prop_map(|inclusive| match inclusive {
            true => (Edge::Inclusive(i64::MAX), FOREVER, true),
            false => (Edge::Exclusive(i64::MAX), FOREVER, false),
        }),
    ]
}

fn mirrored((edge, half, inclusive): (Edge, i64, bool)) -> (Edge, i64, bool) {
    match (edge, half) {
        (Edge::Inclusive(_), FOREVER) => (Edge::Inclusive(i64::MIN), -FOREVER, inclusive),
        (Edge::Exclusive(_), FOREVER) => (Edge::Exclusive(i64::MIN), -FOREVER, inclusive),
        (_, FOREVER) => (edge, -FOREVER, inclusive),
        other => (other.0, other.1, inclusive),
    }
}

pub fn case() -> impl Strategy<Value = Case> {
    grain()
        .prop_flat_map(|grain| (Just(grain), base(grain)))
        .prop_flat_map(|(grain, base)| (Just(grain), Just(base), some_runs(base)))
        .prop_flat_map(|(grain, base, runs)| {
            let slots = runs.iter().flat_map(|run| [run.start, run.end]);
            let bounds: Vec<i64> = core::iter::once(base)
                .chain(slots)
                .map(|slot| slot * 2 * i64::from(grain.minutes()))
                .collect();
            let lower = edge(bounds.clone()).prop_map(mirrored);
            (Just(grain), Just(runs), lower, edge(bounds))
        })
        .prop_filter_map("a range goes up", |(grain, runs, lower, upper)| {
            let pieces = 2 * lower.1 + i64::from(!lower.2)..=2 * upper.1 - i64::from(!upper.2);
            // PostgreSQL calls `(a,a]` and the like empty, and refuses what goes down.
            let real = lower.1 < upper.1 || lower.1 == upper.1 && lower.2 && upper.2;
            real.then_some(Case {
                grain,
                map: map(grain, &runs).ok()?,
                span: Span::Between(lower.0, upper.0),
                pieces,
                finite: lower.1.abs() != FOREVER && upper.1 != FOREVER,
            })
        })
}

/// The pieces of a map, ascending.
fn pieces(map: &Slotmap) -> Vec<i64> {
    minutes(map)
        .into_iter()
        .flat_map(|minute| 4 * minute..4 * minute + 4)
        .collect()
}

proptest! {
    #[test]
    fn ranges_compare_by_their_instants(case in case()) {
        let all = pieces(&case.map);
        let within = all.iter().filter(|piece| case.pieces.contains(piece)).count() as i64;
        let wanted = case.pieces.end() - case.pieces.start() + 1;
        prop_assert_eq!(predicate::overlaps_span(&case.map, case.span), within > 0);
        prop_assert_eq!(predicate::contains_span(&case.map, case.span), within == wanted);
        prop_assert_eq!(predicate::contained_by_span(&case.map, case.span), within == all.len() as i64);
    }

    #[test]
    fn rounding_keeps_the_slots_it_should(case in case()) {
        let per_slot = 4 * i64::from(case.grain.minutes());
        let (first, last) = (*case.pieces.start(), *case.pieces.end());
        let touched = first.div_euclid(per_slot)..last.div_euclid(per_slot) + 1;
        let whole = (first + per_slot - 1).div_euclid(per_slot)..(last + 1).div_euclid(per_slot);
        let exact = whole == touched && whole.start < whole.end;
        if case.finite {
            prop_assert_eq!(span::cover(case.span, case.grain)?, touched);
            let inside = span::inside(case.span, case.grain)?;
            prop_assert!(inside == whole || inside.is_empty() && whole.is_empty());
            prop_assert_eq!(span::exact(case.span, case.grain).is_ok(), exact);
        } else {
            prop_assert!(span::cover(case.span, case.grain).is_err());
            prop_assert!(span::inside(case.span, case.grain).is_err());
            prop_assert!(span::exact(case.span, case.grain).is_err());
        }
    }

    #[test]
    fn instants_are_found_in_their_slot(case in case(), half in -100..2000i64) {
        let all = pieces(&case.map);
        let half = all.first().map_or(0, |first| first / 2) + half;
        for (instant, piece) in [(half * (MINUTE / 2), 2 * half), (half * (MINUTE / 2) + 1, 2 * half + 1)] {
            let expected = all.binary_search(&piece).is_ok();
            prop_assert_eq!(predicate::contains_instant(&case.map, instant), expected);
        }
    }
}

#[test]
fn the_empty_range_is_in_everything_and_meets_nothing() -> Result<(), Error> {
    let empty = Slotmap::empty(Grain::DEFAULT);
    let some = from_runs(Grain::DEFAULT, &[0..3, 5..6])?;
    for map in [&empty, &some] {
        assert!(predicate::contains_span(map, Span::Empty));
        assert!(!predicate::overlaps_span(map, Span::Empty));
    }
    assert!(predicate::contained_by_span(&empty, Span::Empty));
    assert!(!predicate::contained_by_span(&some, Span::Empty));
    Ok(())
}

#[test]
fn no_map_holds_infinity() -> Result<(), Error> {
    let map = from_runs(Grain::DEFAULT, &[0..3, 5..6])?;
    assert!(!predicate::contains_instant(&map, i64::MAX));
    assert!(!predicate::contains_instant(&map, i64::MIN));
    Ok(())
}
