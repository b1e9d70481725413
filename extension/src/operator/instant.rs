//! Map and `timestamptz`.

use crate::datum::Map;
use crate::error::Sql;
use pg_booking_core::predicate;
use pgrx::pg_extern;

#[pg_extern]
fn slotmap_contains_instant(map: Map<'_>, at: i64) -> Sql<bool> {
    Ok(predicate::contains_instant(&map.view()?, at))
}

#[pg_extern]
fn instant_contained_by_slotmap(at: i64, map: Map<'_>) -> Sql<bool> {
    Ok(predicate::contains_instant(&map.view()?, at))
}
