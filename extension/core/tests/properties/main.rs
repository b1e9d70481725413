//! Every operation against a model too simple to be wrong: a set of minutes. Read `model` first.

mod aggregate;
mod index;
mod layout;
mod model;
mod search;
mod set;
mod span;
