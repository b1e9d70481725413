//! The operators, by what stands on their right.

/// Hashing, for `=` in hash joins and GROUP BY.
mod hash;
/// Map and instant.
mod instant;
/// Map and map.
mod map;
/// Map and range.
mod range;
