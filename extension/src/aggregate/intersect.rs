//! `slotmap_intersect_agg(map)`: the intersection.

use super::state::{combine, deserialize, get, serialize, transition};
use crate::datum::{Map, Owned};
use crate::error::Sql;
use pg_booking_core::aggregate::Intersection;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_intersect_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    map: Option<Map<'_>>,
) -> Sql<Internal> {
    transition::<Intersection>(fcinfo, state, map, ())
}

#[pg_extern]
fn slotmap_intersect_agg_combinefn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    other: Internal,
) -> Sql<Internal> {
    combine::<Intersection>(fcinfo, state, other)
}

#[pg_extern]
fn slotmap_intersect_agg_serialfn(state: Internal) -> Sql<Option<Vec<u8>>> {
    serialize::<Intersection>(&state)
}

#[pg_extern]
fn slotmap_intersect_agg_deserialfn(bytes: &[u8], _unused: Internal) -> Sql<Internal> {
    deserialize::<Intersection>(bytes)
}

#[pg_extern]
fn slotmap_intersect_agg_finalfn(state: Internal) -> Option<Owned> {
    get::<Intersection>(&state).map(|both| Owned(both.map().clone()))
}
