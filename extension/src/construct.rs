//! Making maps of a named grain.

use crate::datum::Owned;
use crate::error::{OrReport, Sql};
use crate::range::SpanArg;
use crate::scalar::ArrayArg;
use pg_booking_core::run::from_runs;
use pg_booking_core::{Grain, day, span};
use pgrx::pg_extern;

#[pg_extern]
fn slotmap_inside(span: SpanArg, grain: i32) -> Sql<Owned> {
    let grain = Grain::new(i64::from(grain)).or_report()?;
    let slots = span::inside(span.0, grain).or_report()?;
    from_runs(grain, &[slots]).map(Owned).or_report()
}

#[pg_extern]
fn slotmap_cover(span: SpanArg, grain: i32) -> Sql<Owned> {
    let grain = Grain::new(i64::from(grain)).or_report()?;
    let slots = span::cover(span.0, grain).or_report()?;
    from_runs(grain, &[slots]).map(Owned).or_report()
}

#[pg_extern]
fn slotmap_of_slots(day: i32, slots: ArrayArg<i32>, grain: i32) -> Sql<Owned> {
    let grain = Grain::new(i64::from(grain)).or_report()?;
    let slots = slots.elements("slot number")?;
    day::of_slots(day, &slots, grain).map(Owned).or_report()
}
