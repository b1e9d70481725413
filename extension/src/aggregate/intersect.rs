//! `slotmap_intersect_agg(map)`: the intersection.

use super::state::{get, get_mut, keep};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use pg_booking_core::aggregate::{Intersection, State};
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_intersect_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    map: Option<Map<'_>>,
) -> Sql<Internal> {
    let Some(map) = map else { return Ok(state) };
    let map = map.view()?;
    match get_mut::<Intersection>(&mut state) {
        Some(both) => both.add(&map).or_report()?,
        None => return keep(fcinfo, Intersection::first(&map).or_report()?),
    }
    Ok(state)
}

#[pg_extern]
fn slotmap_intersect_agg_finalfn(state: Internal) -> Option<Owned> {
    get::<Intersection>(&state).map(|both| Owned(both.map().clone()))
}
