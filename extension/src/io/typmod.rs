//! `slotmap(grain)`: the typmod is the grain in minutes, -1 is any.

use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql, report};
use core::ffi::CStr;
use pg_booking_core::{Bits, Error, Grain};
use pgrx::datum::Array;
use pgrx::pg_extern;
use pgrx::prelude::PgSqlErrorCode;
use std::ffi::CString;

/// Refuses a grain that is not the declared one.
pub fn declared(grain: Grain, typmod: i32) -> Sql<()> {
    if typmod < 0 {
        return Ok(());
    }
    let wanted = Grain::new(i64::from(typmod)).or_report()?;
    match grain == wanted {
        true => Ok(()),
        false => Err(Error::WrongGrain(grain, wanted)).or_report(),
    }
}

#[pg_extern]
fn slotmap_typmod_in(modifiers: Array<'_, &CStr>) -> Sql<i32> {
    let mut modifiers = modifiers.iter().flatten();
    let (Some(text), None) = (modifiers.next(), modifiers.next()) else {
        return Err(report(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            "invalid type modifier".into(),
        )
        .set_hint("Write slotmap(grain), the grain in minutes."));
    };
    let minutes = text
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse::<i32>().ok());
    let minutes = minutes.ok_or_else(|| {
        report(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            "invalid type modifier".into(),
        )
        .set_hint("The grain is a whole number of minutes.")
    })?;
    Grain::new(i64::from(minutes)).or_report()?;
    Ok(minutes)
}

#[pg_extern]
fn slotmap_typmod_out(typmod: i32) -> CString {
    CString::new(format!("({typmod})")).unwrap_or_default()
}

#[pg_extern]
fn slotmap_typmod_cast(map: Map<'_>, typmod: i32, _explicit: bool) -> Sql<Owned> {
    let map = map.view()?;
    declared(map.grain(), typmod)?;
    Ok(Owned(map.to_map()))
}
