//! The slotmap algebra: sets of instants in whole slots, as bits. No PostgreSQL in here.
//!
//! Read in this order: `grain` (what a slot is), `layout` (what is stored), `map` (the set itself),
//! then the concern you came for.
#![forbid(unsafe_code)]

/// Consistent wording of everything that can go wrong.
pub mod error;
/// Minutes per slot, and the limits of time.
pub mod grain;
/// The stored form, and reading it without trust.
pub mod layout;
/// The set: a borrowed or owned run of 64-slot words.
pub mod map;

/// Accumulators of the aggregates: union, intersection, counts.
pub mod aggregate;
/// Counts along starts.
pub mod count;
/// The 0-95 view of a UTC day.
pub mod day;
/// Steps counted from the start of each run, and where a service starts on them.
pub mod grid;
/// The slot_id.
pub mod id;
/// Keys of a GiST index over maps.
pub mod index;
/// Intervals in whole slots.
pub mod length;
/// The members of a service as one value: collected from pages, and who of them is free.
pub mod pool;
/// Overlap, containment, equality.
pub mod predicate;
/// Maximal runs, slots in order.
pub mod run;
/// Union, intersection, difference.
pub mod set;
/// Ranges of instants, and rounding them to slots.
pub mod span;
/// The start search.
pub mod start;
/// Bit-sliced counters: how many maps hold each slot.
pub mod tally;

pub use error::Error;
pub use grain::Grain;
pub use layout::Stored;
pub use map::{Bits, Slotmap};
pub use span::{Edge, Span};
