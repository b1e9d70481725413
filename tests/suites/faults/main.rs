//! What goes wrong around a call: clients that vanish, timeouts, backends that are killed at any write, input that nobody
//! expects. The caller hears of it by the code that it should, and nothing is left behind. Under load: `soak`.

/// Input that nobody expects.
mod input;
/// What a call leaves, and how it fails.
mod left;
/// Clients that go away, and waits that are too long.
mod waits;
/// A call that is ended in the middle of a write.
mod writes;
