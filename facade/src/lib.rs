//! The public HTTP face of pg_booking: one route = parse, one SQL function call, map.

/// RFC 9457 problem details, the one form of every error.
pub mod problem;
/// What a refusal of the engine (`BKnnn`) is called in HTTP.
pub mod refusal;
/// What an error of PostgreSQL is called in HTTP.
pub mod sqlstate;
