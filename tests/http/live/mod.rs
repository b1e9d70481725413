//! `GET events`: what changes of a service reaches whoever looks at it, whatever happens in between. Nothing here asks how fast:
//! `make bench BENCH=live` does. Read `view` first.

/// Many who look, over one connection to the database, and how many there may be.
mod crowd;
/// What a stream lives through, and what ends it.
mod ends;
/// What a stream says of holds, of bookings, and of what an owner edits.
mod events;
/// Who may look, and what is said to nobody.
mod private;
/// `Last-Event-ID`.
mod resume;
/// Somebody who looks.
mod view;

pub use view::View;
