//! What `make bench` runs: each piece of work beside its peer in plain SQL, in one run, with the answers checked equal.
//! `../README.md` says what each row measures. A group of rows is a file; read `measure` for how they are timed.
use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::{report::Report, world::World};

/// Growth of the cost with resources, horizon and grain.
mod curves;
/// The same query after ten thousand and after ten million past bookings.
mod history;
/// The facade beside a route that runs SELECT 1, and beside the functions it calls.
mod http;
/// Clients over HTTP.
mod http_load;
/// Five thousand viewers of one service.
mod live;
/// Pairs of runs, alternating.
mod measure;
/// Other ways to write the peer of the slot queries.
mod peers;
/// Where the time of a slot query goes.
mod profile;
/// The table and the file of results.
mod report;
/// Slots of one resource and of pools: the figures with a target.
mod slots;
/// Recompute, and the nightly roll beside live bookings.
mod upkeep;
/// The databases that all this runs on.
mod world;
/// Holds and bookings.
mod writes;

/// Measures pg_booking beside its peers and prints the ratios.
#[derive(Parser)]
struct Arguments {
    /// What to measure [default: slots history upkeep writes http live curves].
    groups: Vec<Group>,
    /// Pairs of runs a row, fewer where they take long.
    #[arg(long, default_value_t = 200)]
    runs: usize,
    /// Past bookings to measure with: 10000 loads hardly any.
    #[arg(long, default_value_t = 10_000_000)]
    history: usize,
    /// Where the results go.
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Group {
    Slots,
    History,
    Upkeep,
    Writes,
    Http,
    Live,
    Curves,
    Peers,
    Profile,
}

const DEFAULT: [Group; 7] = [
    Group::Slots,
    Group::History,
    Group::Upkeep,
    Group::Writes,
    Group::Http,
    Group::Live,
    Group::Curves,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let groups = if arguments.groups.is_empty() {
        DEFAULT.as_slice()
    } else {
        &arguments.groups
    };
    let mut report = Report::new(arguments.runs);
    let mut world = None;
    for group in groups {
        // These have worlds of their own.
        match group {
            Group::Writes => {
                writes::run(&mut report).await?;
                continue;
            }
            Group::Http => {
                report = apart(report, http::run).await?;
                continue;
            }
            Group::Live => {
                report = apart(report, live::run).await?;
                continue;
            }
            _ => {}
        }
        let world = match &world {
            Some(world) => world,
            None => world.insert(World::new().await?),
        };
        match group {
            Group::Writes | Group::Http | Group::Live => {}
            Group::Slots => slots::run(world, &mut report).await?,
            Group::History => history::run(world, &mut report, arguments.history).await?,
            Group::Upkeep => upkeep::run(world, &mut report).await?,
            Group::Curves => curves::run(world, &mut report).await?,
            Group::Peers => peers::run(world, &mut report).await?,
            Group::Profile => profile::run(world, arguments.runs).await?,
        }
    }
    report.write(&arguments.json)
}

/// In a thread that may have a runtime of its own.
async fn apart(mut report: Report, run: fn(&mut Report) -> Result<()>) -> Result<Report> {
    let measured = tokio::task::spawn_blocking(move || {
        run(&mut report)?;
        anyhow::Ok(report)
    });
    measured.await?
}
