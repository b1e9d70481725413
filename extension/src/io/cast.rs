//! Casts from and to ranges and multiranges: exact, or refused.

use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use crate::range::{MultirangeOut, SpanArg, Spans};
use core::ops::Range;
use pg_booking_core::run::{from_runs, runs};
use pg_booking_core::span::exact;
use pg_booking_core::{Bits, Grain};
use pgrx::pg_extern;

/// The map of exactly these ranges.
pub fn exact_map(spans: Spans, grain: Grain) -> Sql<Owned> {
    let slots: Result<Vec<_>, _> = spans.0.into_iter().map(|span| exact(span, grain)).collect();
    from_runs(grain, &slots.or_report()?).map(Owned).or_report()
}

/// The runs of a map in instants.
pub fn instants(map: &impl Bits) -> Vec<Range<i64>> {
    let grain = map.grain();
    runs(map)
        .map(|run| grain.instant(run.start)..grain.instant(run.end))
        .collect()
}

/// The grain that a typmod or an argument names; none means the default.
fn grain_or_default(typmod: i32) -> Sql<Grain> {
    match typmod {
        ..0 => Ok(Grain::DEFAULT),
        _ => Grain::new(i64::from(typmod)).or_report(),
    }
}

#[pg_extern]
fn slotmap_from_multirange(ranges: Spans, typmod: i32) -> Sql<Owned> {
    exact_map(ranges, grain_or_default(typmod)?)
}

#[pg_extern]
fn slotmap_from_range(range: SpanArg, typmod: i32) -> Sql<Owned> {
    exact_map(Spans(vec![range.0]), grain_or_default(typmod)?)
}

#[pg_extern]
fn slotmap_exact(ranges: Spans, grain: i32) -> Sql<Owned> {
    exact_map(ranges, Grain::new(i64::from(grain)).or_report()?)
}

#[pg_extern]
fn slotmap_to_multirange(map: Map<'_>) -> Sql<MultirangeOut> {
    Ok(MultirangeOut(instants(&map.view()?)))
}
