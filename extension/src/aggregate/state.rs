//! What the aggregates share: where a state lives, and the steps that each declares under its own names.
//!
//! A state lives in the aggregate's memory context and is dropped with it; between processes it travels as `bytea`.

use crate::datum::Map;
use crate::error::{OrReport, Sql, report};
use core::ptr;
use pg_booking_core::aggregate::State;
use pgrx::datum::Internal;
use pgrx::prelude::PgSqlErrorCode;
use pgrx::{PgMemoryContexts, pg_sys};

/// The state behind an `internal` argument; `None` before the first row.
pub fn get<S>(state: &Internal) -> Option<&S> {
    // SAFETY: `internal` cannot be written in SQL, and each aggregate's functions are declared with its own state only.
    unsafe { state.get::<S>() }
}

/// The same, to change.
pub fn get_mut<S>(state: &mut Internal) -> Option<&mut S> {
    // SAFETY: as above; PostgreSQL runs one function of an aggregate at a time.
    unsafe { state.get_mut::<S>() }
}

/// Puts a new state into the aggregate's context.
pub fn keep<S>(fcinfo: pg_sys::FunctionCallInfo, state: S) -> Sql<Internal> {
    let mut context = ptr::null_mut();
    // SAFETY: fcinfo is that of the running call.
    if unsafe { pg_sys::AggCheckCallContext(fcinfo, &mut context) } == 0 {
        return Err(report(
            PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            "aggregate function called in non-aggregate context".into(),
        ));
    }
    let kept = PgMemoryContexts::For(context).leak_and_drop_on_delete(state);
    Ok(Internal::from(Some(pg_sys::Datum::from(kept))))
}

/// Takes one row; a null map changes nothing.
pub fn transition<S: State>(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    map: Option<Map<'_>>,
    argument: S::Argument,
) -> Sql<Internal> {
    let Some(map) = map else { return Ok(state) };
    let map = map.view()?;
    match get_mut::<S>(&mut state) {
        Some(running) => running.add(&map, argument).or_report()?,
        None => return keep(fcinfo, S::first(&map, argument).or_report()?),
    }
    Ok(state)
}

/// Joins the states of two processes.
pub fn combine<S: State>(
    fcinfo: pg_sys::FunctionCallInfo,
    mut state: Internal,
    other: Internal,
) -> Sql<Internal> {
    let Some(other) = get::<S>(&other) else {
        return Ok(state);
    };
    match get_mut::<S>(&mut state) {
        Some(running) => running.merge(other).or_report()?,
        None => return keep(fcinfo, other.clone()),
    }
    Ok(state)
}

/// Writes a state down; STRICT, so there is one.
pub fn serialize<S: State>(state: &Internal) -> Sql<Option<Vec<u8>>> {
    get::<S>(state).map(S::to_bytes).transpose().or_report()
}

/// Reads a state, into the current context: the caller combines it at once.
pub fn deserialize<S: State>(bytes: &[u8]) -> Sql<Internal> {
    Ok(Internal::new(S::from_bytes(bytes).or_report()?))
}
