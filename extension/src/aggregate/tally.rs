//! `slotmap_tally_agg(map)`: how many maps hold each slot, as bit planes; `slot_tally` reads a count back.

use super::state::{get, get_mut, keep};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use crate::scalar::{ArrayArg, MapArrayOut};
use pg_booking_core::aggregate::{Counts, State};
use pg_booking_core::tally::count_at;
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

#[pg_extern]
fn slotmap_tally_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    map: Option<Map<'_>>,
) -> Sql<Internal> {
    let Some(map) = map else { return Ok(state) };
    let map = map.view()?;
    match get_mut::<Counts>(&mut state) {
        Some(counts) => counts.add(&map).or_report()?,
        None => return keep(fcinfo, Counts::first(&map).or_report()?),
    }
    Ok(state)
}

#[pg_extern]
fn slotmap_tally_agg_finalfn(state: Internal) -> Sql<Option<MapArrayOut>> {
    let Some(counts) = get::<Counts>(&state) else {
        return Ok(None);
    };
    let planes = counts.0.planes().or_report()?;
    Ok(Some(MapArrayOut(planes.into_iter().map(Owned).collect())))
}

#[pg_extern]
fn slot_tally(planes: ArrayArg<Map<'_>>, at: i64) -> Sql<i32> {
    let planes = planes.elements("plane")?;
    let views: Vec<_> = planes.iter().map(Map::view).collect::<Sql<_>>()?;
    count_at(&views, at).or_report()
}
