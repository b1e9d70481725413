//! In thousands of random worlds `available_slots` answers what a second, plain reading of the contract answers, and what it
//! offers can be had: exactly that, and as often as it says. Read `oracle/world.rs`, then `oracle/rule.rs`.
//!
//! `ORACLE_WORLDS` says how many worlds, `ORACLE_SEED` which is the first. A world that fails is made smaller and printed as
//! SQL.
use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use pg_booking_tests::TestDb;
use tokio::task::JoinSet;
use tokio_postgres::Client;

#[path = "oracle/calendar.rs"]
mod calendar;
#[path = "oracle/calls.rs"]
mod calls;
#[path = "oracle/check.rs"]
mod check;
#[path = "oracle/clock.rs"]
mod clock;
#[path = "oracle/dice.rs"]
mod dice;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/hours.rs"]
mod hours;
#[path = "oracle/limits.rs"]
mod limits;
#[path = "oracle/rule.rs"]
mod rule;
#[path = "oracle/script.rs"]
mod script;
#[path = "oracle/seats.rs"]
mod seats;
#[path = "oracle/service.rs"]
mod service;
#[path = "oracle/shrink.rs"]
mod shrink;
#[path = "oracle/take.rs"]
mod take;
#[path = "oracle/taken.rs"]
mod taken;
#[path = "oracle/wishes.rs"]
mod wishes;
#[path = "oracle/world.rs"]
mod world;

use check::{Tally, check};
use world::World;

const WORLDS: u64 = 250;
/// Of so many in a run one is new each time.
const FRESH: u64 = 10;

fn number(name: &str) -> Result<Option<u64>> {
    env::var(name)
        .ok()
        .map(|text| text.parse().context(text))
        .transpose()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_offered_is_what_the_contract_says_and_can_be_had() -> Result<()> {
    let database = TestDb::new("oracle").await?;
    let zones = zones_that_agree(&database.connect().await?).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let worlds = number("ORACLE_WORLDS")?.unwrap_or(WORLDS);
    let first = number("ORACLE_SEED")?;
    let next = AtomicU64::new(0);
    // Seeds that all runs have, and a few that only this one has.
    let seed = move |n: u64| match first {
        Some(first) => first + n,
        None if n % FRESH == FRESH - 1 => now.wrapping_mul(1_000_003) + n,
        None => n,
    };
    println!("fresh seeds from {}", seed(FRESH - 1));
    let start = Instant::now();
    let (next, zones) = (std::sync::Arc::new(next), std::sync::Arc::new(zones));
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        let mut client = database.connect().await?;
        let (next, zones) = (next.clone(), zones.clone());
        workers.spawn(async move {
            let mut tally = Tally::default();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= worlds {
                    return anyhow::Ok(tally);
                }
                let world = generate::world(seed(n), now as i64, &zones)?;
                let fault = check(&mut client, &world, &mut tally)
                    .await
                    .with_context(|| format!("seed {}", seed(n)))?;
                if let (Some(fault), Ok(_)) = (&fault, env::var("ORACLE_ALL")) {
                    println!(
                        "FAULT seed {} {:?} {}",
                        seed(n),
                        world.service.kind,
                        fault
                            .lines()
                            .take(4)
                            .collect::<Vec<_>>()
                            .join(" # ")
                            .chars()
                            .take(600)
                            .collect::<String>()
                    );
                } else if let Some(fault) = fault {
                    next.store(worlds, Ordering::Relaxed);
                    bail!(smallest(&mut client, world, fault).await?);
                }
                tally.count("worlds");
            }
        });
    }
    let mut tally = Tally::default();
    while let Some(worker) = workers.join_next().await {
        for (what, often) in worker??.0 {
            tally.add(&what, often);
        }
    }
    println!("{:?} for {:#?}", start.elapsed(), tally.0);
    // A run of few worlds is somebody's search for one.
    if worlds >= WORLDS {
        for (what, in_a_hundred) in [
            ("rows", 5000),
            ("rows held", 50),
            ("held", 50),
            ("booked", 5),
            ("BK001", 20),
            ("BK003", 50),
        ] {
            let often = tally.0.get(what).copied().unwrap_or_default();
            assert!(
                often * 100 > in_a_hundred * worlds,
                "{what} only {often} times"
            );
        }
    }
    Ok(())
}

/// Takes away from a world that fails what it fails without, and says what is left.
async fn smallest(client: &mut Client, world: World, fault: String) -> Result<String> {
    let (mut world, mut fault, mut tries) = (world, fault, 0);
    'smaller: loop {
        for candidate in shrink::smaller(&world) {
            tries += 1;
            if tries > 1000 {
                break 'smaller;
            }
            // What can't be made is no world.
            if let Ok(Some(its)) = check(client, &candidate, &mut Tally::default()).await {
                (world, fault) = (candidate, its);
                continue 'smaller;
            }
        }
        break;
    }
    let pages = world.recompute();
    let (before, after) = if world.pages_first {
        (pages.as_str(), "")
    } else {
        ("", pages.as_str())
    };
    Ok(format!(
        "seed {}:\n{}{before}{}{after}\n{fault}",
        world.seed,
        world.skeleton(),
        world.facts(),
    ))
}

/// The zones in which the server and this program have the same clocks.
async fn zones_that_agree(client: &Client) -> Result<Vec<&'static str>> {
    let mut agree = Vec::new();
    for name in clock::ZONES {
        let rows = client
            .query(
                "select extract(epoch from t)::bigint, extract(epoch from timezone($1, t) - timezone('UTC', t))::bigint
                 from generate_series('2023-12-01'::timestamptz, '2034-01-01', '7 hours') t",
                &[&name],
            )
            .await?;
        let zone = clock::zone(name)?;
        let same = rows.iter().all(|row| {
            let (at, offset): (i64, i64) = (row.get(0), row.get(1));
            let utc = jiff::tz::TimeZone::UTC;
            let walls = [&zone, &utc].map(|zone| clock::wall(zone, at).ok());
            matches!(walls, [Some(there), Some(utc)]
                if there.duration_since(utc).as_secs() == offset)
        });
        if same {
            agree.push(name);
        } else {
            println!("{name} is left out: server and program have other data");
        }
    }
    Ok(agree)
}
