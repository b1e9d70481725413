//! Many clients at once on real connections: one slot has one winner, a pool as many as it has members, a loser leaves nothing
//! behind, nobody deadlocks. Read `world` first. Two or three clients step by step are `tests/isolation`; the same over HTTP is
//! `tests/http/races.rs`.

/// What takes several at once, and crosses.
mod crossing;
/// Holds that have lapsed, and whoever wants them.
mod lapsed;
/// One slot that many want.
mod one_slot;
/// One visitor in many tabs, one client with many sessions.
mod sessions;
/// What several may have at once.
mod shared;
/// Everything at once.
mod storm;
/// The database of a race, and how one is run.
mod world;
