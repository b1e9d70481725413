//! `booking.verify` is what says that pages are right, so it is tried both ways. `walk`: whatever is written, in whatever order,
//! it has nothing to say. `wrong`: each thing that can be wrong is made wrong, and it names exactly that.
mod lifecycle;
mod owner;
mod walk;
mod world;
mod writer;
mod wrong;
