//! What a map says about itself.

use crate::datum::Map;
use crate::error::{OrReport, Sql};
use crate::range::RangeOut;
use crate::scalar::InstantArrayOut;
use pg_booking_core::run::{next_run, slots};
use pg_booking_core::{Bits, day, id};
use pgrx::iter::SetOfIterator;
use pgrx::{Uuid, pg_extern};

#[pg_extern]
fn slotmap_isempty(map: Map<'_>) -> Sql<bool> {
    Ok(map.view()?.is_empty())
}

#[pg_extern]
fn slotmap_lower(map: Map<'_>) -> Sql<Option<i64>> {
    let map = map.view()?;
    Ok(map.hull().map(|hull| map.grain().instant(hull.start)))
}

#[pg_extern]
fn slotmap_upper(map: Map<'_>) -> Sql<Option<i64>> {
    let map = map.view()?;
    Ok(map.hull().map(|hull| map.grain().instant(hull.end)))
}

#[pg_extern]
fn slot_count(map: Map<'_>) -> Sql<i32> {
    Ok(map.view()?.count() as i32)
}

#[pg_extern]
fn slotmap_grain(map: Map<'_>) -> Sql<i32> {
    Ok(i32::from(map.view()?.grain().minutes()))
}

#[pg_extern]
fn slotmap_unnest(map: Map<'_>) -> Sql<SetOfIterator<'static, RangeOut>> {
    let map = map.view()?.to_map();
    let grain = map.grain();
    let mut from = i64::MIN;
    Ok(SetOfIterator::new(core::iter::from_fn(move || {
        let run = next_run(&map, from)?;
        from = run.end;
        Some(RangeOut(grain.instant(run.start)..grain.instant(run.end)))
    })))
}

#[pg_extern]
fn slot_series(map: Map<'_>) -> Sql<SetOfIterator<'static, i64>> {
    let map = map.view()?.to_map();
    let instants: Vec<_> = slots(&map).map(|slot| map.grain().instant(slot)).collect();
    Ok(SetOfIterator::new(instants))
}

#[pg_extern]
fn slot_instants(map: Map<'_>) -> Sql<InstantArrayOut> {
    let map = map.view()?;
    Ok(InstantArrayOut(
        slots(&map).map(|slot| map.grain().instant(slot)).collect(),
    ))
}

#[pg_extern]
fn slotmap_slots(map: Map<'_>, day: i32) -> Sql<Vec<i32>> {
    day::slots(&map.view()?, day).or_report()
}

#[pg_extern]
fn slot_id(
    tenant: Option<Uuid>,
    service: Option<Uuid>,
    minutes: Option<i32>,
    starts_at: Option<i64>,
    resource: Option<Uuid>,
) -> Option<String> {
    let resource = resource.as_ref().map(Uuid::as_bytes);
    Some(id::slot_id(
        tenant?.as_bytes(),
        service?.as_bytes(),
        minutes?,
        starts_at?,
        resource,
    ))
}
