//! `slotmap_agg(map)`: the union.

use super::state::{get, get_mut, keep};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use pg_booking_core::aggregate::{State, Union};
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    map: Option<Map<'_>>,
) -> Sql<Internal> {
    let Some(map) = map else { return Ok(state) };
    let map = map.view()?;
    match get_mut::<Union>(&mut state) {
        Some(union) => union.add(&map).or_report()?,
        None => return keep(fcinfo, Union::first(&map).or_report()?),
    }
    Ok(state)
}

#[pg_extern]
fn slotmap_agg_finalfn(state: Internal) -> Sql<Option<Owned>> {
    get::<Union>(&state)
        .map(|union| union.map().map(Owned).or_report())
        .transpose()
}
