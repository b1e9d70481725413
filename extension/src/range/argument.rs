//! Ranges and multiranges out of a `Datum`.

use super::tstzrange;
use core::{ptr, slice};
use pg_booking_core::{Edge, Span};
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::{FromDatum, pg_sys};

// Not among pgrx's bindings; every call goes through its guard, since it can raise.
unsafe extern "C-unwind" {
    fn multirange_deserialize(
        rangetyp: *mut pg_sys::TypeCacheEntry,
        multirange: *const pg_sys::varlena,
        range_count: *mut i32,
        ranges: *mut *mut *mut pg_sys::RangeType,
    );
}

/// A `tstzrange` argument.
pub struct SpanArg(pub Span);

/// A `tstzmultirange` argument: its ranges in order.
pub struct Spans(pub Vec<Span>);

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
pub unsafe fn spans_of(datum: pg_sys::Datum) -> Vec<Span> {
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
