//! Map and map: `+ * -`, `&& @> <@ = <>`. Different grains are refused throughout.

use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use pg_booking_core::{predicate, set};
use pgrx::pg_extern;

#[pg_extern]
fn slotmap_union(a: Map<'_>, b: Map<'_>) -> Sql<Owned> {
    set::union(&a.view()?, &b.view()?).map(Owned).or_report()
}

#[pg_extern]
fn slotmap_intersect(a: Map<'_>, b: Map<'_>) -> Sql<Owned> {
    set::intersection(&a.view()?, &b.view()?)
        .map(Owned)
        .or_report()
}

#[pg_extern]
fn slotmap_minus(a: Map<'_>, b: Map<'_>) -> Sql<Owned> {
    set::difference(&a.view()?, &b.view()?)
        .map(Owned)
        .or_report()
}

#[pg_extern]
fn slotmap_overlaps(a: Map<'_>, b: Map<'_>) -> Sql<bool> {
    predicate::overlaps(&a.view()?, &b.view()?).or_report()
}

#[pg_extern]
fn slotmap_contains(a: Map<'_>, b: Map<'_>) -> Sql<bool> {
    predicate::contains(&a.view()?, &b.view()?).or_report()
}

#[pg_extern]
fn slotmap_contained_by(a: Map<'_>, b: Map<'_>) -> Sql<bool> {
    predicate::contains(&b.view()?, &a.view()?).or_report()
}

#[pg_extern]
fn slotmap_eq(a: Map<'_>, b: Map<'_>) -> Sql<bool> {
    predicate::equal(&a.view()?, &b.view()?).or_report()
}

#[pg_extern]
fn slotmap_ne(a: Map<'_>, b: Map<'_>) -> Sql<bool> {
    Ok(!predicate::equal(&a.view()?, &b.view()?).or_report()?)
}
