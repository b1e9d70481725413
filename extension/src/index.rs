//! The GiST operator class. `pg_booking_core::index` says what a key is and decides by it; here is what PostgreSQL hands around.
//! Read `entry` first.

/// A page's entries: keys in and out.
mod entry;
/// Growing the tree: what goes where.
mod grow;
/// Scanning it: descend or not.
mod search;
