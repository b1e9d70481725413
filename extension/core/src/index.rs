//! What a GiST index keeps of maps, and how it decides by that; the tree itself is PostgreSQL's.
//!
//! A map may have 128 kB, a page of an index has 8: so a key is no map, but 38 bytes that say where every map under it lies, and
//! what the index finds is asked again of the map itself. Read `key` first, then `search`, then `split`.

/// The hours of the week, as a set.
mod hours;
/// What is kept, and how it is stored.
mod key;
/// Descend or not.
mod search;
/// Which page a key goes to, and how a full one is split.
mod split;

pub use hours::Hours;
pub use key::{KEY_LEN, Key};
pub use search::{Query, Strategy, consistent};
pub use split::{Split, penalty, picksplit};
