//! `slotmap_tally_agg(map, times)`: how many maps hold each slot, as bit planes; `slot_counts` reads them.

use super::state::{combine, deserialize, get, serialize, transition};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql, null_not_allowed};
use crate::scalar::MapArrayOut;
use pg_booking_core::aggregate::Counts;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_tally_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    map: Option<Map<'_>>,
    times: Option<i32>,
) -> Sql<Internal> {
    let times = times.ok_or_else(|| null_not_allowed("times"))?;
    transition::<Counts>(fcinfo, state, map, times)
}

#[pg_extern]
fn slotmap_tally_agg_combinefn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    other: Internal,
) -> Sql<Internal> {
    combine::<Counts>(fcinfo, state, other)
}

#[pg_extern]
fn slotmap_tally_agg_serialfn(state: Internal) -> Sql<Option<Vec<u8>>> {
    serialize::<Counts>(&state)
}

#[pg_extern]
fn slotmap_tally_agg_deserialfn(bytes: &[u8], _unused: Internal) -> Sql<Internal> {
    deserialize::<Counts>(bytes)
}

#[pg_extern]
fn slotmap_tally_agg_finalfn(state: Internal) -> Sql<Option<MapArrayOut>> {
    let planes = get::<Counts>(&state)
        .map(Counts::planes)
        .transpose()
        .or_report()?;
    Ok(planes.map(|planes| MapArrayOut(planes.into_iter().map(Owned).collect())))
}
