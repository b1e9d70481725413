//! A storm of all writes: visitors that share sessions, an owner who changes hours and calendars, the nightly jobs, in every
//! isolation level and inside savepoints. While it blows nothing is ever taken twice and no page is ever wrong; afterwards
//! every acknowledged booking is there, and no other. Read `known`, then `visitor` and `owner`.
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::fixture::sound;
use tokio_postgres::Client;
use uuid::Uuid;

/// One call in a transaction of its own.
mod call;
/// What all know.
mod known;
/// What an owner changes.
mod owner;
/// What visitors do.
mod visitor;

use super::world::{ALONE, World};
use known::Known;
use owner::owner;
use visitor::visitor;

const VISITORS: u64 = 26;
const OWNERS: u64 = 4;
const LENGTH: Duration = Duration::from_secs(15);

/// The nightly jobs, again and again; they commit on their own.
async fn night(client: &Client, known: &Known, end: Instant) -> Result<()> {
    while Instant::now() < end {
        client.batch_execute("call booking.roll(14)").await?;
        client.batch_execute("call booking.prune(10)").await?;
        known.count("roll and prune")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Looks on: in every snapshot everything is right.
async fn watch(world: &World, known: &Known, end: Instant) -> Result<()> {
    while Instant::now() < end {
        sound(&world.watch).await?;
        known.count("look")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_all_writes_leaves_every_acknowledged_booking_and_nothing_wrong() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("storm").await?;
    world
        .run(
            "insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name)
             values (test.id(1), test.id(51), 'one', 'One'), (test.id(1), test.id(52), 'two', 'Two')",
        )
        .await?;
    let known = Known::default();
    let mut visitors = try_join_all((0..VISITORS).map(|_| world.db.connect())).await?;
    let mut owners = try_join_all((0..OWNERS).map(|_| world.db.connect())).await?;
    let job = world.db.connect().await?;
    let end = Instant::now() + LENGTH;
    tokio::try_join!(
        try_join_all(
            (0..)
                .zip(&mut visitors)
                .map(|(n, client)| visitor(client, n, &known, end))
        ),
        try_join_all(
            (0..)
                .zip(&mut owners)
                .map(|(n, client)| owner(client, n, &known, end))
        ),
        night(&job, &known, end),
        watch(&world, &known, end),
    )
    .inspect_err(|_| eprintln!("{}", world.db.log().unwrap_or_default()))?;

    let happened = known.happened()?.clone();
    println!("{happened:#?}");
    for (what, often) in [
        ("hold: done", 50),
        ("hold: BK001", 50),
        ("book: done", 10),
        ("book: BK002", 10),
        ("book anew: done", 5),
        ("book directly: done", 10),
        ("book directly: BK001", 10),
        ("heartbeat: done", 10),
        ("heartbeat: BK002", 3),
        ("hold several: done", 5),
        ("hold several: BK001", 10),
        ("series: done", 5),
        ("cancel", 10),
        ("reschedule: done", 10),
        ("reschedule to Ann: done", 3),
        ("reassign: done", 3),
        ("roll and prune", 2),
        ("look", 5),
    ] {
        ensure!(
            happened.get(what) >= Some(&often),
            "too few of {what}: {happened:#?}"
        );
    }
    world.sound().await?;
    let booked: HashSet<Uuid> = world
        .watch
        .query(
            "select booking_id from booking.booking where status = 'confirmed'",
            &[],
        )
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(booked, *known.booked()?);
    // A roll that met nobody finds nothing to do better.
    world.run("call booking.roll(14)").await?;
    world.sound().await
}
