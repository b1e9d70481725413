//! The facade.
fn main() {}
