//! `tstzrange` and `tstzmultirange` in and out of a `Datum`, by core's own functions.

use crate::error::Sql;
use core::ffi::{CStr, c_int};
use core::ops::Range;
use core::ptr;
use core::slice;
use pg_booking_core::{Edge, Span};
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::{FromDatum, pg_sys};
use std::ffi::CString;

// Not among pgrx's bindings; every call goes through its guard, since both can raise.
unsafe extern "C-unwind" {
    fn multirange_deserialize(
        rangetyp: *mut pg_sys::TypeCacheEntry,
        multirange: *const pg_sys::varlena,
        range_count: *mut i32,
        ranges: *mut *mut *mut pg_sys::RangeType,
    );
    fn make_multirange(
        mltrngtypoid: pg_sys::Oid,
        rangetyp: *mut pg_sys::TypeCacheEntry,
        range_count: i32,
        ranges: *mut *mut pg_sys::RangeType,
    ) -> *mut pg_sys::varlena;
}

/// A `tstzrange` argument.
pub struct SpanArg(pub Span);

/// A `tstzmultirange` argument: its ranges in order.
pub struct Spans(pub Vec<Span>);

/// A `tstzrange` result, `[start, end)` in instants.
pub struct RangeOut(pub Range<i64>);

/// A `tstzmultirange` result, in instants.
pub struct MultirangeOut(pub Vec<Range<i64>>);

fn tstzrange() -> *mut pg_sys::TypeCacheEntry {
    // SAFETY: the entry of a built-in type lives as long as the process.
    unsafe {
        pg_sys::lookup_type_cache(pg_sys::TSTZRANGEOID, pg_sys::TYPECACHE_RANGE_INFO as c_int)
    }
}

fn edge(bound: &pg_sys::RangeBound) -> Edge {
    let instant = bound.val.value() as i64;
    match (bound.infinite, bound.inclusive) {
        (true, _) => Edge::Unbounded,
        (false, true) => Edge::Inclusive(instant),
        (false, false) => Edge::Exclusive(instant),
    }
}

/// # Safety
/// `range` is a detoasted `tstzrange`.
unsafe fn span_of(range: *const pg_sys::RangeType) -> Span {
    let (mut lower, mut upper) = (pg_sys::RangeBound::default(), pg_sys::RangeBound::default());
    let mut empty = false;
    // SAFETY: as the caller promises; the bounds are ours and hold 64-bit values, not pointers.
    unsafe { pg_sys::range_deserialize(tstzrange(), range, &mut lower, &mut upper, &mut empty) };
    match empty {
        true => Span::Empty,
        false => Span::Between(edge(&lower), edge(&upper)),
    }
}

impl FromDatum for SpanArg {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: declared tstzrange in SQL and not null; core needs it aligned, hence not the packed detoasting.
        unsafe {
            let stored: *mut pg_sys::varlena = datum.cast_mut_ptr();
            let plain = pg_sys::pg_detoast_datum(stored);
            let span = span_of(plain.cast());
            if plain != stored {
                pg_sys::pfree(plain.cast());
            }
            Some(SpanArg(span))
        }
    }
}

/// The ranges of a `tstzmultirange` datum.
///
/// # Safety
/// `datum` is one, and not null.
unsafe fn spans_of(datum: pg_sys::Datum) -> Vec<Span> {
    let (mut count, mut ranges) = (0, ptr::null_mut());
    // SAFETY: as the caller promises; core pallocs the array of `count` pointers, which we free again.
    unsafe {
        let stored: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let plain = pg_sys::pg_detoast_datum(stored);
        let range_type = tstzrange();
        pg_guard_ffi_boundary(|| {
            multirange_deserialize(range_type, plain, &mut count, &mut ranges)
        });
        let mut spans = Vec::with_capacity(count as usize);
        if count > 0 {
            for &range in slice::from_raw_parts(ranges, count as usize) {
                spans.push(span_of(range));
            }
            pg_sys::pfree(ranges.cast());
        }
        if plain != stored {
            pg_sys::pfree(plain.cast());
        }
        spans
    }
}

impl FromDatum for Spans {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: declared tstzmultirange in SQL, and not null.
        (!is_null).then(|| Spans(unsafe { spans_of(datum) }))
    }
}

// SAFETY: the unboxing above holds for any argument declared tstzrange; null reaches no function that takes one.
unsafe impl<'fcx> ArgAbi<'fcx> for SpanArg {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(SpanArg(Span::Empty))
    }
}

// SAFETY: the same for tstzmultirange.
unsafe impl<'fcx> ArgAbi<'fcx> for Spans {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Spans(Vec::new()))
    }
}

fn range_datum(instants: &Range<i64>) -> *mut pg_sys::RangeType {
    let bound = |instant: i64, lower: bool| pg_sys::RangeBound {
        val: pg_sys::Datum::from(instant),
        infinite: false,
        inclusive: lower,
        lower,
    };
    let (mut lower, mut upper) = (bound(instants.start, true), bound(instants.end, false));
    // SAFETY: both bounds are 64-bit values of the subtype.
    unsafe {
        pg_sys::make_range(
            tstzrange(),
            &mut lower,
            &mut upper,
            false,
            #[cfg(any(feature = "pg16", feature = "pg17", feature = "pg18"))]
            ptr::null_mut(),
        )
    }
}

impl MultirangeOut {
    fn into_datum(self) -> pg_sys::Datum {
        let mut ranges: Vec<_> = self.0.iter().map(range_datum).collect();
        // SAFETY: `ranges` holds that many ranges, palloc'd just now; core copies them.
        unsafe {
            let (range_type, count) = (tstzrange(), ranges.len() as i32);
            pg_guard_ffi_boundary(|| {
                make_multirange(
                    pg_sys::TSTZMULTIRANGEOID,
                    range_type,
                    count,
                    ranges.as_mut_ptr(),
                )
            })
            .into()
        }
    }
}

// SAFETY: returns a tstzrange, as the SQL declarations say.
unsafe impl BoxRet for RangeOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: palloc'd just now in the caller's context.
        unsafe { fcinfo.return_raw_datum(range_datum(&self.0).into()) }
    }
}

// SAFETY: returns a tstzmultirange, as the SQL declarations say.
unsafe impl BoxRet for MultirangeOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: palloc'd just now in the caller's context.
        unsafe { fcinfo.return_raw_datum(self.into_datum()) }
    }
}

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
