//! Map and `tstzrange`, both ways round. The range need not be on the grid: it is the set of its instants.

use crate::datum::Map;
use crate::error::Sql;
use crate::range::SpanArg;
use pg_booking_core::predicate;
use pgrx::pg_extern;

#[pg_extern]
fn slotmap_overlaps_range(map: Map<'_>, range: SpanArg) -> Sql<bool> {
    Ok(predicate::overlaps_span(&map.view()?, range.0))
}

#[pg_extern]
fn range_overlaps_slotmap(range: SpanArg, map: Map<'_>) -> Sql<bool> {
    Ok(predicate::overlaps_span(&map.view()?, range.0))
}

#[pg_extern]
fn slotmap_contains_range(map: Map<'_>, range: SpanArg) -> Sql<bool> {
    Ok(predicate::contains_span(&map.view()?, range.0))
}

#[pg_extern]
fn range_contained_by_slotmap(range: SpanArg, map: Map<'_>) -> Sql<bool> {
    Ok(predicate::contains_span(&map.view()?, range.0))
}

#[pg_extern]
fn slotmap_contained_by_range(map: Map<'_>, range: SpanArg) -> Sql<bool> {
    Ok(predicate::contained_by_span(&map.view()?, range.0))
}

#[pg_extern]
fn range_contains_slotmap(range: SpanArg, map: Map<'_>) -> Sql<bool> {
    Ok(predicate::contained_by_span(&map.view()?, range.0))
}
