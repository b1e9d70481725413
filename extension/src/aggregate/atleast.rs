//! `slotmap_atleast_agg(map, k)`: the instants in at least `k` of the maps.

use super::state::{combine, deserialize, get, serialize, transition};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql, null_not_allowed};
use pg_booking_core::Error;
use pg_booking_core::aggregate::AtLeast;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_atleast_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    map: Option<Map<'_>>,
    k: Option<i32>,
) -> Sql<Internal> {
    let k = k.ok_or_else(|| null_not_allowed("k"))?;
    if k < 1 {
        return Err(Error::NotPositive).or_report();
    }
    transition::<AtLeast>(fcinfo, state, map, k)
}

#[pg_extern]
fn slotmap_atleast_agg_combinefn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    other: Internal,
) -> Sql<Internal> {
    combine::<AtLeast>(fcinfo, state, other)
}

#[pg_extern]
fn slotmap_atleast_agg_serialfn(state: Internal) -> Sql<Option<Vec<u8>>> {
    serialize::<AtLeast>(&state)
}

#[pg_extern]
fn slotmap_atleast_agg_deserialfn(bytes: &[u8], _unused: Internal) -> Sql<Internal> {
    deserialize::<AtLeast>(bytes)
}

#[pg_extern]
fn slotmap_atleast_agg_finalfn(state: Internal) -> Sql<Option<Owned>> {
    let map = get::<AtLeast>(&state)
        .map(AtLeast::map)
        .transpose()
        .or_report()?;
    Ok(map.map(Owned))
}
