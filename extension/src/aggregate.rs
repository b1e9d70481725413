//! The aggregates. Each keeps its state in the aggregate's memory context, changes it in place, and never copies it per row.
//! Next: `aggregate/state`, then any of the four.

/// `slotmap_atleast_agg`.
mod atleast;
/// `slotmap_intersect_agg`.
mod intersect;
/// Where a state lives.
pub mod state;
/// `slotmap_tally_agg` and reading it back.
mod tally;
/// `slotmap_agg`.
mod union;
