//! Where a state lives: in the aggregate's memory context, dropped with it.

use crate::error::{Sql, report};
use core::ptr;
use pgrx::datum::Internal;
use pgrx::prelude::PgSqlErrorCode;
use pgrx::{PgMemoryContexts, pg_sys};

/// The state behind an `internal` argument, to read.
pub fn get<S>(state: &Internal) -> Option<&S> {
    // SAFETY: `internal` cannot be written in SQL, and each aggregate's functions are declared with its own state only.
    unsafe { state.get::<S>() }
}

/// The state behind an `internal` argument, to change.
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
