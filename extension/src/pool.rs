//! Pools: the aggregate that makes one of pages, and what is asked of it. A pool is a `bytea` to PostgreSQL.

use crate::aggregate::state::{get, get_mut, keep};
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql, null_not_allowed};
use crate::scalar::{ArrayArg, IntArrayOut, MapArrayOut, UuidArrayOut};
use pg_booking_core::length::Length;
use pg_booking_core::pool::Pool;
use pg_booking_core::pool::collect::{Collector, Page};
use pg_booking_core::pool::offer::Ask;
use pg_booking_core::start::Need;
use pg_booking_core::{Bits, Error, Grain, Slotmap, Stored};
use pgrx::datum::{Internal, Uuid};
use pgrx::{pg_extern, pg_sys};
use std::collections::HashMap;

/// `pool_offers`.
mod offer;

#[pg_extern]
#[allow(clippy::too_many_arguments)]
fn pool_agg_transfn(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    requirement: Option<Uuid>,
    pick: Option<i32>,
    resource: Option<Uuid>,
    capacity: Option<i32>,
    unit: Option<i32>,
    open: Option<Map<'_>>,
    busy: Option<Map<'_>>,
    held: Option<bool>,
) -> Sql<Internal> {
    let requirement = requirement.ok_or_else(|| null_not_allowed("requirement"))?;
    let pick = pick.ok_or_else(|| null_not_allowed("pick"))?;
    if get::<Collector>(&state).is_none() {
        state = keep(fcinfo, Collector::default())?;
    }
    let Some(pool) = get_mut::<Collector>(&mut state) else {
        return Ok(state);
    };
    let place = pool
        .requirement(*requirement.as_bytes(), pick)
        .or_report()?;
    let Some(resource) = resource else {
        return Ok(state);
    };
    pool.member(place, *resource.as_bytes(), capacity.unwrap_or(0));
    if let Some(unit) = unit {
        let page = Page {
            unit,
            open: open.as_ref().map(Map::view).transpose()?,
            busy: busy.as_ref().map(Map::view).transpose()?,
            held: held.unwrap_or(false),
        };
        pool.page(page).or_report()?;
    }
    Ok(state)
}

#[pg_extern]
fn pool_agg_finalfn(state: Internal) -> Sql<Option<Vec<u8>>> {
    let pool = get::<Collector>(&state);
    pool.map(Collector::bytes).transpose().or_report()
}

#[pg_extern]
fn pool_add(
    pool: &[u8],
    resources: ArrayArg<Uuid>,
    units: ArrayArg<i32>,
    open: ArrayArg<Map<'_>>,
    busy: ArrayArg<Map<'_>>,
) -> Sql<Vec<u8>> {
    let pool = Pool::read(pool).or_report()?;
    let mut sum = Collector::default();
    sum.pool(&pool).or_report()?;
    let (resources, units) = (resources.elements("resource")?, units.elements("unit")?);
    let (open, busy) = (open.all(), busy.all());
    let rows = resources.len();
    if [units.len(), open.len(), busy.len()] != [rows; 3] {
        return Err(Error::Ragged).or_report();
    }
    let members: HashMap<_, _> = pool.members.iter().map(|m| (m.resource, m)).collect();
    let pages = units.into_iter().zip(open).zip(busy);
    for (resource, ((unit, open), busy)) in resources.iter().zip(pages) {
        let Some(member) = members.get(resource.as_bytes()) else {
            continue;
        };
        sum.member(member.requirement, member.resource, member.capacity);
        let page = Page {
            unit,
            open: open.as_ref().map(Map::view).transpose()?,
            busy: busy.as_ref().map(Map::view).transpose()?,
            held: false,
        };
        sum.page(page).or_report()?;
    }
    sum.bytes().or_report()
}

#[pg_extern]
fn pool_open(pool: &[u8]) -> Sql<Option<Owned>> {
    let open = Pool::read(pool).and_then(|pool| pool.open()).or_report()?;
    Ok(open.map(Owned))
}

#[pg_extern]
fn pool_opens(pool: &[u8]) -> Sql<MapArrayOut> {
    let pool = Pool::read(pool).or_report()?;
    // Without pages closed, of any grain.
    let open = pool.members.iter().map(|member| {
        let none = || Slotmap::empty(Grain::DEFAULT);
        Owned(member.open.map_or_else(none, |open| open.to_map()))
    });
    Ok(MapArrayOut(open.collect()))
}

#[pg_extern]
fn pool_weeks(pool: &[u8]) -> Sql<i32> {
    Ok(Pool::read(pool).or_report()?.weeks())
}

#[pg_extern]
fn pool_resources(pool: &[u8]) -> Sql<UuidArrayOut> {
    let pool = Pool::read(pool).or_report()?;
    Ok(UuidArrayOut(
        pool.members.iter().map(|member| member.resource).collect(),
    ))
}

#[pg_extern]
#[allow(clippy::too_many_arguments)]
fn pool_counts(
    pool: Option<&[u8]>,
    starts: Option<Map<'_>>,
    lengths: Option<ArrayArg<i32>>,
    before: Option<i32>,
    after: Option<i32>,
    arrivals: Option<ArrayArg<Map<'_>>>,
    allowed: Option<ArrayArg<Map<'_>>>,
    with_holds: Option<bool>,
) -> Sql<Option<IntArrayOut>> {
    let maps = arrivals.zip(allowed);
    asking(
        pool,
        starts,
        lengths,
        before,
        after,
        maps,
        |pool, starts, ask| {
            let counts = pool.counts(starts, ask, with_holds.unwrap_or(true));
            counts.map(IntArrayOut).or_report()
        },
    )
}

/// Reads what is asked of a pool, null if anything is but the maps: those are of bookings that do not lie in opening hours,
/// the starts of each length and of each member.
fn asking<T>(
    pool: Option<&[u8]>,
    starts: Option<Map<'_>>,
    lengths: Option<ArrayArg<i32>>,
    before: Option<i32>,
    after: Option<i32>,
    maps: Option<(ArrayArg<Map<'_>>, ArrayArg<Map<'_>>)>,
    answer: impl FnOnce(&Pool<'_>, &Stored<'_>, &Ask<Stored<'_>>) -> Sql<T>,
) -> Sql<Option<T>> {
    let (Some(pool), Some(starts), Some(lengths), Some(before), Some(after)) =
        (pool, starts, lengths, before, after)
    else {
        return Ok(None);
    };
    let pool = Pool::read(pool).or_report()?;
    let starts = starts.view()?;
    let grain = starts.grain();
    let need = |&length: &i32| {
        Ok(Need {
            duration: Length::minutes(length).slots_above_zero(grain)?,
            before: Length::minutes(before).slots(grain)?,
            after: Length::minutes(after).slots(grain)?,
        })
    };
    let lengths = lengths.elements("length")?;
    let needs: Result<Vec<_>, Error> = lengths.iter().map(need).collect();
    let needs = needs.or_report()?;
    let Some((arrivals, allowed)) = maps else {
        return match needs[..] {
            [need] => answer(&pool, &starts, &Ask::Inside(need)).map(Some),
            _ => Err(Error::Ragged).or_report(),
        };
    };
    let (arrivals, allowed) = (arrivals.elements("map")?, allowed.elements("map")?);
    if arrivals.len() != needs.len() {
        return Err(Error::Ragged).or_report();
    }
    let arrivals: Vec<_> = arrivals.iter().map(Map::view).collect::<Sql<_>>()?;
    let allowed = allowed.iter().map(Map::view).collect::<Sql<_>>()?;
    let ask = Ask::Across(needs.into_iter().zip(arrivals).collect(), allowed);
    answer(&pool, &starts, &ask).map(Some)
}
