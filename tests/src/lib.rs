//! The test harness. `server` is the server under test, `database` a database of one's own on it, `log` what it logged;
//! `cluster` is a server of one's own; `fixture` is a small world to race in; `regress` runs PostgreSQL's own regression drivers,
//! `cases` asks `available_slots` the cases of a file, `data` compares what two databases hold and answer, `upgrade` what
//! versions there were, `readme` is what the README shows, `dice` is chance that can be repeated.
pub mod cases;
pub mod cluster;
pub mod data;
pub mod database;
pub mod dice;
pub mod fixture;
pub mod log;
pub mod readme;
pub mod regress;
pub mod server;
pub mod upgrade;

pub use database::TestDb;
pub use dice::Dice;
pub use server::Server;
