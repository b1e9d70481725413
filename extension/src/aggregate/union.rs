//! `slotmap_agg(map)`: the union.

use super::state::{combine, deserialize, get, serialize, transition};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use pg_booking_core::aggregate::Union;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    map: Option<Map<'_>>,
) -> Sql<Internal> {
    transition::<Union>(fcinfo, state, map, ())
}

#[pg_extern]
fn slotmap_agg_combinefn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    other: Internal,
) -> Sql<Internal> {
    combine::<Union>(fcinfo, state, other)
}

#[pg_extern]
fn slotmap_agg_serialfn(state: Internal) -> Sql<Option<Vec<u8>>> {
    serialize::<Union>(&state)
}

#[pg_extern]
fn slotmap_agg_deserialfn(bytes: &[u8], _unused: Internal) -> Sql<Internal> {
    deserialize::<Union>(bytes)
}

#[pg_extern]
fn slotmap_agg_finalfn(state: Internal) -> Sql<Option<Owned>> {
    let map = get::<Union>(&state)
        .map(Union::map)
        .transpose()
        .or_report()?;
    Ok(map.map(Owned))
}
