//! A slotmap from and to the outside. Next: `io/text`.

/// `booking.slotmap` and multiranges.
mod cast;
/// Text in and out: multirange text, grain in front.
mod text;
/// `slotmap(grain)`.
mod typmod;
/// Binary in and out.
mod wire;
