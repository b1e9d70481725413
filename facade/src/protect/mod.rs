//! What stands between the network and the handlers. [`pace`] ends connections that dawdle.

/// Connections that send and read at a bearable pace, or end.
pub mod pace;
/// The flags of all this.
pub mod settings;
