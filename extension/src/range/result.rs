//! Ranges and multiranges into a `Datum`, in the current memory context.

use super::tstzrange;
use core::ops::Range;
#[cfg(any(feature = "pg16", feature = "pg17", feature = "pg18"))]
use core::ptr;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

// Not among pgrx's bindings; every call goes through its guard, since it can raise.
unsafe extern "C-unwind" {
    fn make_multirange(
        mltrngtypoid: pg_sys::Oid,
        rangetyp: *mut pg_sys::TypeCacheEntry,
        range_count: i32,
        ranges: *mut *mut pg_sys::RangeType,
    ) -> *mut pg_sys::varlena;
}

/// A `tstzrange` result, `[start, end)` in instants.
pub struct RangeOut(pub Range<i64>);

/// A `tstzmultirange` result, in instants.
pub struct MultirangeOut(pub Vec<Range<i64>>);

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
    /// A fresh multirange.
    pub fn into_datum(self) -> pg_sys::Datum {
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
