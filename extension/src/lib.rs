//! pg_booking's kernel inside PostgreSQL: the `slotmap` type over `pg_booking_core`.
//!
//! Every `#[pg_extern]` becomes the symbol `<name>_wrapper`, which the files of `sql` declare by hand with all its attributes.
//! Read `datum` first: unsafe code stands in `datum`, `range/*`, `scalar`, and where PostgreSQL hands
//! out bare pointers: `io/wire`, `aggregate/state`, `operator/hash`, `analyze`, `index/*`, `pool/offer`. The rest is one concern a file.
// An ErrorReport is large, but it is built once, on the way out.
#![allow(clippy::result_large_err)]

pgrx::pg_module_magic!();

/// SQLSTATE, wording, detail and hint of every refusal.
mod error;

/// A slotmap in and out of a `Datum`.
mod datum;
/// Ranges and multiranges of `timestamptz` in and out of a `Datum`.
mod range;
/// Intervals and arrays in and out of a `Datum`.
mod scalar;

/// What a map says about itself: bounds, counts, runs, the 0-95 view.
mod accessor;
/// The aggregates.
mod aggregate;
/// What ANALYZE learns of a column of maps.
mod analyze;
/// Making maps: rounding ranges, days.
mod construct;
/// Counts along starts.
mod count;
/// The GiST operator class.
mod index;
/// Text, binary, typmod, casts.
mod io;
/// `+ * -`, `&& @> <@ = <>`, hashing.
mod operator;
/// The members of a service, and who of them is free.
mod pool;
/// Recurrence rules on the wall clock.
mod recurrence;
/// The start search, the grid, and the starts of a service.
mod search;
/// Which library this is.
mod version;
