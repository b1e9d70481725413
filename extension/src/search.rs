//! The start search and the step grid.

use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use crate::scalar::{ArrayArg, IntervalArg};
use pg_booking_core::length::Length;
use pg_booking_core::{Bits, grid, run, start};
use pgrx::pg_extern;

#[pg_extern]
fn slot_starts(
    open: Map<'_>,
    busy: Map<'_>,
    duration: IntervalArg,
    before: IntervalArg,
    after: IntervalArg,
) -> Sql<Owned> {
    let (open, busy) = (open.view()?, busy.view()?);
    let grain = open.grain();
    let need = start::Need {
        duration: duration.0.slots_above_zero(grain).or_report()?,
        before: before.0.slots(grain).or_report()?,
        after: after.0.slots(grain).or_report()?,
    };
    start::slot_starts(&open, &busy, need)
        .map(Owned)
        .or_report()
}

#[pg_extern]
fn slot_ahead(map: Map<'_>, distance: IntervalArg) -> Sql<Owned> {
    let map = map.view()?;
    let distance = distance.0.slots(map.grain()).or_report()?;
    start::slot_ahead(&map, distance).map(Owned).or_report()
}

#[pg_extern]
fn slot_grid(
    open: Option<Map<'_>>,
    step: Option<IntervalArg>,
    midnights: Option<ArrayArg<i64>>,
) -> Sql<Option<Owned>> {
    let (Some(open), Some(step)) = (open, step) else {
        return Ok(None);
    };
    let open = open.view()?;
    let step = step.0.slots_above_zero(open.grain()).or_report()?;
    let midnights = match midnights {
        Some(midnights) => midnights.elements("midnight")?,
        None => Vec::new(),
    };
    grid::slot_grid(&open, step, &midnights)
        .map(|map| Some(Owned(map)))
        .or_report()
}

#[pg_extern]
fn service_starts(
    open: Option<Map<'_>>,
    from: Option<i64>,
    to: Option<i64>,
    minutes: Option<i32>,
    step: Option<i32>,
    crosses: Option<bool>,
    midnights: Option<ArrayArg<i64>>,
) -> Sql<Option<Owned>> {
    let (Some(open), Some(from), Some(to), Some(minutes)) = (open, from, to, minutes) else {
        return Ok(None);
    };
    let open = open.view()?;
    let slots = |minutes| Length::minutes(minutes).slots_above_zero(open.grain());
    let midnights = match midnights {
        Some(midnights) => midnights.elements("midnight")?,
        None => Vec::new(),
    };
    let grid = grid::Grid {
        window: from..to,
        length: slots(minutes).or_report()?,
        step: step.map(slots).transpose().or_report()?,
        crosses: crosses.unwrap_or(false),
        midnights: &midnights,
    };
    grid::service_starts(&open, &grid)
        .map(|starts| Some(Owned(starts)))
        .or_report()
}

#[pg_extern]
fn has_run(map: Map<'_>, minutes: i32) -> Sql<bool> {
    let map = map.view()?;
    let slots = Length::minutes(minutes)
        .slots_above_zero(map.grain())
        .or_report()?;
    Ok(run::runs(&map).any(|run| run.end - run.start >= slots))
}
