//! Scans: whether to descend. The operator itself has the last word on every map that is found, since a key is coarser
//! than a map.

use super::entry::{argument, key_of, on_leaf};
use crate::datum::Map;
use crate::error::{Sql, report};
use crate::range::SpanArg;
use pg_booking_core::index::{Strategy, consistent};
use pg_booking_core::{Edge, Span};
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::Internal;
use pgrx::prelude::PgSqlErrorCode;
use pgrx::{FromDatum, pg_extern, pg_sys};

/// The right operand; of which type it is says the scan.
struct Operand(pg_sys::Datum);

impl FromDatum for Operand {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        (!is_null).then_some(Operand(datum))
    }
}

// SAFETY: nothing is read of the datum here; the function is STRICT, so it is none that is null.
unsafe impl<'fcx> ArgAbi<'fcx> for Operand {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Operand(pg_sys::Datum::null()))
    }
}

fn strategy(number: i16) -> Sql<Strategy> {
    match number as u32 {
        pg_sys::RTOverlapStrategyNumber => Ok(Strategy::Overlaps),
        pg_sys::RTContainsStrategyNumber | pg_sys::RTContainsElemStrategyNumber => {
            Ok(Strategy::Contains)
        }
        pg_sys::RTContainedByStrategyNumber => Ok(Strategy::ContainedBy),
        pg_sys::RTEqualStrategyNumber => Ok(Strategy::Equals),
        _ => Err(report(
            PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            format!("unrecognized strategy number: {number}"),
        )),
    }
}

#[pg_extern]
fn slotmap_gist_consistent(
    mut entry: Internal,
    operand: Operand,
    number: i16,
    subtype: pg_sys::Oid,
    mut recheck: Internal,
) -> Sql<bool> {
    // SAFETY: consistent gets an entry of a page, an operand, its type, and the place of a bool.
    unsafe {
        *argument::<bool>(&mut recheck)? = true;
        let entry = argument(&mut entry)?;
        let (strategy, key, leaf) = (strategy(number)?, key_of(entry)?, on_leaf(entry));
        // An exclusion constraint names no type: its operand is a map.
        Ok(match subtype {
            pg_sys::TIMESTAMPTZOID => i64::from_datum(operand.0, false).is_some_and(|at| {
                let at = Edge::Inclusive(at);
                consistent(strategy, key, &Span::Between(at, at), leaf)
            }),
            pg_sys::TSTZRANGEOID => SpanArg::from_datum(operand.0, false)
                .is_some_and(|range| consistent(strategy, key, &range.0, leaf)),
            _ => match Map::from_datum(operand.0, false) {
                Some(map) => consistent(strategy, key, &map.view()?, leaf),
                None => false,
            },
        })
    }
}
