//! The public HTTP face of pg_booking: one route = parse, one SQL function call, map.

/// Flags and environment variables, one struct.
pub mod config;
/// JSON bodies, queries, paths and the session header, with rejections as problems.
pub mod extract;
/// Points in time in RFC 3339.
pub mod instant;
/// The log: text or JSON lines.
pub mod logging;
/// RFC 9457 problem details, the one form of every error.
pub mod problem;
/// What a refusal of the engine (`BKnnn`) is called in HTTP.
pub mod refusal;
/// Values that no log may show.
pub mod secret;
/// What an error of PostgreSQL is called in HTTP.
pub mod sqlstate;
