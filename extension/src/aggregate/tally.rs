//! `slotmap_tally_agg(map)`: how many maps hold each slot, as bit planes; `slot_tally` reads a count back.

use super::state::{combine, deserialize, get, serialize, transition};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use crate::scalar::{ArrayArg, MapArrayOut};
use pg_booking_core::aggregate::Counts;
use pg_booking_core::tally::count_at;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_tally_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Internal,
    map: Option<Map<'_>>,
) -> Sql<Internal> {
    transition::<Counts>(fcinfo, state, map, ())
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

#[pg_extern]
fn slot_tally(planes: ArrayArg<Map<'_>>, at: i64) -> Sql<i32> {
    let planes = planes.elements("plane")?;
    let views: Vec<_> = planes.iter().map(Map::view).collect::<Sql<_>>()?;
    count_at(&views, at).or_report()
}
