//! `tstzrange` and `tstzmultirange`, by core's own functions. Next: `range/argument`.

/// Out of a `Datum`.
mod argument;
/// Into a `Datum`.
mod result;
/// Core's parser and printers.
mod text;

pub use argument::{SpanArg, Spans};
pub use result::{MultirangeOut, RangeOut};
pub use text::{multirange_text, parse_multirange, timestamp_text};

use core::ffi::c_int;
use pgrx::pg_sys;

/// What core knows of `tstzrange`.
fn tstzrange() -> *mut pg_sys::TypeCacheEntry {
    // SAFETY: the entry of a built-in type lives as long as the process.
    unsafe {
        pg_sys::lookup_type_cache(pg_sys::TSTZRANGEOID, pg_sys::TYPECACHE_RANGE_INFO as c_int)
    }
}
