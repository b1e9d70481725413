//! Core's parser and printers of multiranges and timestamps, in the session's TimeZone and DateStyle.

use super::argument::{Spans, spans_of};
use super::result::MultirangeOut;
use crate::error::Sql;
use core::ffi::CStr;
use core::ops::Range;
use pgrx::pg_sys;
use std::ffi::CString;

/// Reads multirange text with core's parser, so its errors are core's.
pub fn parse_multirange(text: &CStr) -> Sql<Spans> {
    // SAFETY: core only reads the string; the result is a fresh multirange.
    unsafe {
        let datum = pg_sys::OidInputFunctionCall(
            pg_sys::Oid::from_u32(pg_sys::F_MULTIRANGE_IN),
            text.as_ptr().cast_mut(),
            pg_sys::TSTZMULTIRANGEOID,
            -1,
        );
        Ok(Spans(spans_of(datum)))
    }
}

/// Writes multirange text with core's printer: in the session's TimeZone and DateStyle.
pub fn multirange_text(ranges: Vec<Range<i64>>) -> CString {
    let datum = MultirangeOut(ranges).into_datum();
    // SAFETY: the datum is a multirange of ours, the result a palloc'd C string.
    unsafe {
        let text =
            pg_sys::OidOutputFunctionCall(pg_sys::Oid::from_u32(pg_sys::F_MULTIRANGE_OUT), datum);
        CStr::from_ptr(text).to_owned()
    }
}

/// An instant as core prints it.
pub fn timestamp_text(instant: i64) -> String {
    // SAFETY: a timestamptz is passed by value, the result is a palloc'd C string.
    unsafe {
        let text = pg_sys::OidOutputFunctionCall(
            pg_sys::Oid::from_u32(pg_sys::F_TIMESTAMPTZ_OUT),
            pg_sys::Datum::from(instant),
        );
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}
