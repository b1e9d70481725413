//! `slotmap_atleast_agg(map, k)`: the instants in at least `k` of the maps.

use super::state::{get, get_mut, keep};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql, null_not_allowed};
use pg_booking_core::Error;
use pg_booking_core::aggregate::AtLeast;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_atleast_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    map: Option<Map<'_>>,
    k: Option<i32>,
) -> Sql<Internal> {
    let k = k.ok_or_else(|| null_not_allowed("k"))?;
    if k < 1 {
        return Err(Error::NotPositive).or_report();
    }
    let Some(map) = map else { return Ok(state) };
    let map = map.view()?;
    match get_mut::<AtLeast>(&mut state) {
        Some(counts) => counts.add(&map, k).or_report()?,
        None => return keep(fcinfo, AtLeast::first(&map, k).or_report()?),
    }
    Ok(state)
}

#[pg_extern]
fn slotmap_atleast_agg_finalfn(state: Internal) -> Sql<Option<Owned>> {
    get::<AtLeast>(&state)
        .map(|counts| counts.map().map(Owned).or_report())
        .transpose()
}
