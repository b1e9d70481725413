//! Recompute, and the nightly roll beside live bookings.
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use crate::{
    measure::Times,
    report::{Report, Target},
    world::{World, forget_pages, session, verify},
};

/// What another system reports for a hundred of staff and sixty days.
const REPORTED_MS: f64 = 30_000.0;

/// The rows.
pub async fn run(world: &World, report: &mut Report) -> Result<()> {
    report.group("upkeep", "pg_booking", "peer");
    recompute(world, report).await?;
    roll(world, report).await
}

async fn recompute(world: &World, report: &mut Report) -> Result<()> {
    const HUNDRED: &str = "from booking.resource where substr(slug, 2)::int between 101 and 200";
    let db = world.copy("recompute").await?;
    let client = session(&db).await?;
    let statement = client
        .prepare(&format!(
            "select sum(booking.recompute(tenant_id, resource_id))::bigint {HUNDRED}"
        ))
        .await?;
    for (stored, name, target) in [
        (
            false,
            "recompute 100 resources x 60 days",
            Some(Target::at_most(0.5 / 30.0, "<= 0.5 s")),
        ),
        (true, "the same again, nothing changed", None),
    ] {
        let mut times = Times::default();
        for run in 0..report.runs.min(10) {
            if !stored {
                client
                    .batch_execute(&format!(
                        "delete from booking.availability where resource_id in (select resource_id {HUNDRED})"
                    ))
                    .await?;
            }
            client
                .batch_execute("vacuum booking.availability, booking.resource")
                .await?;
            let start = Instant::now();
            let pages: i64 = client.query_one(&statement, &[]).await?.get(0);
            let time = start.elapsed();
            ensure!(pages > 0, "no page was computed");
            if run > 0 {
                times.push(time);
            }
        }
        report.figures(name, times.min(), REPORTED_MS, target);
        report.note(&format!(
            "median {:.0} ms; the peer is what another system reports, not measured here",
            times.median()
        ));
    }
    verify(&client).await
}

/// What visitors and owners do meanwhile.
#[derive(Default)]
struct Calls {
    /// How long each took.
    times: Times,
    booked: usize,
    refused: usize,
}

async fn roll(world: &World, report: &mut Report) -> Result<()> {
    let db = world.copy("roll").await?;
    let client = session(&db).await?;
    forget_pages(&client).await?;
    client
        .batch_execute(include_str!("../sql/roll.sql"))
        .await?;
    client.batch_execute("vacuum analyze").await?;

    // Each batch by itself, beside bookings of others: they take their share of the machine. It adds one week to what is
    // stored. Then the roll, which adds the next, beside bookings of what it is just at.
    let (booker, visitor) = (session(&db).await?, session(&db).await?);
    apart(&booker, &visitor, 500).await?;
    let (batches, ..) = tokio::try_join!(batches(&client), book(&booker), hold_and_book(&visitor))?;
    client
        .batch_execute("update booking.resource set version = 0")
        .await?;
    client
        .batch_execute("vacuum analyze booking.resource, booking.availability")
        .await?;
    let mark = db.server.log_mark()?;
    apart(&booker, &visitor, 0).await?;
    let begin = Instant::now();
    let (_, booked, held) = tokio::try_join!(
        async { Ok::<_, anyhow::Error>(client.batch_execute("call booking.roll(81)").await?) },
        book(&booker),
        hold_and_book(&visitor),
    )?;
    let took = begin.elapsed();
    verify(&client).await?;

    let waits = lock_waits(&db.server.log_since(mark)?)?;
    let longest = waits.iter().copied().fold(LEAST_WAIT_MS, f64::max);
    report.figures(
        "longest wait of a booking beside roll()",
        longest,
        batches.max(),
        Some(Target::at_most(1.0, "<= 1 batch")),
    );
    report.note("the peer is the longest batch of one resource, beside bookings of others");
    report.note(&format!(
        "roll of {} resources: {:.1} s; batches: median {:.1} ms; {} waits of 1 ms and more",
        batches.len(),
        took.as_secs_f64(),
        batches.median(),
        waits.len()
    ));
    for (what, calls) in [
        ("try_book", &booked),
        ("try_hold and try_book of it", &held),
    ] {
        report.note(&format!(
            "{what}: {} booked, {} refused, a call took {:.1} ms at the median, {:.1} ms at most",
            calls.booked,
            calls.refused,
            calls.times.median(),
            calls.times.max()
        ));
    }
    Ok(())
}

/// How many resources behind the roll they book.
async fn apart(booker: &Client, visitor: &Client, resources: usize) -> Result<()> {
    for client in [booker, visitor] {
        client
            .batch_execute(&format!("set bench.apart = {resources}"))
            .await?;
    }
    Ok(())
}

/// `roll_resource` of each resource, one at a time.
async fn batches(client: &Client) -> Result<Times> {
    let statement = client
        .prepare("select booking.roll_resource($1, $2, 74)")
        .await?;
    let mut times = Times::default();
    for row in client
        .query(
            "select tenant_id, resource_id from booking.resource order by 1, 2",
            &[],
        )
        .await?
    {
        let (tenant, resource): (Uuid, Uuid) = (row.get(0), row.get(1));
        let start = Instant::now();
        client.query(&statement, &[&tenant, &resource]).await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// Direct bookings of the resource that is being rolled, until none is left.
async fn book(client: &Client) -> Result<Calls> {
    log_waits(client).await?;
    let statement = client.prepare("select bench.book()").await?;
    let mut calls = Calls::default();
    loop {
        let start = Instant::now();
        let code: Option<String> = client.query_one(&statement, &[]).await?.get(0);
        calls.times.push(start.elapsed());
        match code.as_deref() {
            Some("booked") => calls.booked += 1,
            Some(_) => calls.refused += 1,
            None => return Ok(calls),
        }
    }
}

/// Holds of it, each booked at once.
async fn hold_and_book(client: &Client) -> Result<Calls> {
    log_waits(client).await?;
    let hold = client
        .prepare("select (h).code, (h).hold_id from bench.hold('a-visitor-of-the-bench') h")
        .await?;
    let book = client
        .prepare("select code from booking.try_book((select tenant_id from bench.tenant), $1, 'a-visitor-of-the-bench', customer => '{}')")
        .await?;
    let mut calls = Calls::default();
    while !one_hold(client, &hold, &book, &mut calls).await? {}
    Ok(calls)
}

/// True when there is nothing to hold any more.
async fn one_hold(
    client: &Client,
    hold: &Statement,
    book: &Statement,
    calls: &mut Calls,
) -> Result<bool> {
    let start = Instant::now();
    let held = client.query_one(hold, &[]).await?;
    calls.times.push(start.elapsed());
    let (code, id): (Option<String>, Option<Uuid>) = (held.get(0), held.get(1));
    if code.is_some() {
        calls.refused += 1;
        return Ok(false);
    }
    let Some(id) = id else {
        return Ok(true);
    };
    let start = Instant::now();
    let code: Option<String> = client.query_one(book, &[&id]).await?.get(0);
    calls.times.push(start.elapsed());
    ensure!(code.is_none(), "a hold was not booked: {code:?}");
    calls.booked += 1;
    Ok(false)
}

/// The server logs waits of `deadlock_timeout` and more; it has no smaller one.
const LEAST_WAIT_MS: f64 = 1.0;

async fn log_waits(client: &Client) -> Result<()> {
    Ok(client
        .batch_execute("set deadlock_timeout = '1ms'; set log_lock_waits = on")
        .await?)
}

/// The milliseconds of "process 1 acquired ShareLock on transaction 2 after 3.456 ms".
fn lock_waits(log: &str) -> Result<Vec<f64>> {
    log.lines()
        .filter(|line| line.contains(" acquired "))
        .map(|line| {
            let words = line.rsplit_once(" after ").map(|(_, rest)| rest);
            let number = words.and_then(|rest| rest.split(' ').next());
            number
                .with_context(|| line.to_owned())?
                .parse()
                .with_context(|| line.to_owned())
        })
        .collect()
}
