//! The same query after ever more past bookings. What is over costs nothing: a read touches pages and live holds.
use std::time::Instant;

use anyhow::{Context, Result};
use pg_booking_tests::TestDb;

use crate::{
    measure::pairs,
    report::{Report, Target, thousands},
    slots::{Question, answer, row},
    world::{World, session, verify},
};

const FEW: usize = 10_000;

/// What is asked after the few and after the many.
const SERVICES: [(&str, &str); 2] = [
    ("1 resource x 30 days", "of-1"),
    ("any of 50 resources x 30 days", "of-50"),
];

/// The rows: growth beside the peer, and the most bookings beside ten thousand.
pub async fn run(world: &World, report: &mut Report, most: usize) -> Result<()> {
    let few = load(world, FEW).await?;
    let mut sizes: Vec<usize> = (5..8)
        .map(|power| 10_usize.pow(power))
        .filter(|size| *size < most)
        .collect();
    sizes.push(most);
    sizes.retain(|size| *size > FEW);

    report.group(
        "growth with past bookings, any of 50, 30 days",
        "available_slots",
        "tstzmultirange",
    );
    growth(report, &few, FEW).await?;
    let mut last = None;
    for size in sizes {
        // The one before goes first: together they would fill a small disk.
        drop(last.take());
        let many = load(world, size).await?;
        growth(report, &many, size).await?;
        last = Some(many);
    }
    let Some(many) = last else {
        return Ok(());
    };

    report.group(
        "slots after many bookings and after few",
        "after many",
        "after few",
    );
    let (few, many) = (session(&few).await?, session(&many).await?);
    for (name, slug) in SERVICES {
        let (here, there) = (
            Question::new(&many, slug, 30).await?,
            Question::new(&few, slug, 30).await?,
        );
        let (ours, peer) = (here.ours(&many).await?, there.ours(&few).await?);
        let (ours, peer) = pairs(report.runs * 2, &ours, &peer, answer).await?;
        report.row(
            &format!("slots, {name}, {} past bookings", thousands(most)),
            &ours,
            &peer,
            Some(Target::at_most(1.15, "<= 1.15x time")),
        );
    }
    Ok(())
}

async fn growth(report: &mut Report, db: &TestDb, past: usize) -> Result<()> {
    let client = session(db).await?;
    row(
        report,
        &client,
        &format!("history: {} past bookings", thousands(past)),
        "of-50",
        30,
    )
    .await
}

/// A copy of the world with a past, loaded by three sessions: one alone would take the ten millions five minutes.
async fn load(world: &World, bookings: usize) -> Result<TestDb> {
    let begin = Instant::now();
    let db = world.copy(&format!("history_{bookings}")).await?;
    let client = db.connect().await?;
    client
        .batch_execute(include_str!("../sql/history/past.sql"))
        .await?;
    let part = async |sql: &'static str| -> Result<()> {
        let client = db.connect().await?;
        client
            .batch_execute(&format!(
                "set bench.history = {bookings}; set synchronous_commit = off"
            ))
            .await?;
        client.batch_execute(sql).await.context("loading the past")
    };
    tokio::try_join!(
        part(include_str!("../sql/history/bookings.sql")),
        part(include_str!("../sql/history/assigned.sql")),
        part(include_str!("../sql/history/peer.sql")),
    )?;
    verify(&client).await?;
    client.batch_execute("checkpoint").await?;
    eprintln!(
        "loaded {} past bookings in {:.0} s",
        thousands(bookings),
        begin.elapsed().as_secs_f64()
    );
    Ok(db)
}
