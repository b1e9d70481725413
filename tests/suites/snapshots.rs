//! Calls inside the caller's own transaction, whatever that is: REPEATABLE READ, SERIALIZABLE, a savepoint that is rolled back, a
//! prepared transaction. Nothing is booked twice, 40001 reaches whoever decided on what is no longer so, pages stay exact.
//! The same step by step: `tests/isolation`; many at once at random: `storm` and `soak`.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::{
    TestDb,
    cluster::{Cluster, kill},
    fixture::{sound, text, world},
};
use tokio::{sync::Barrier, time::timeout};
use tokio_postgres::{Client, error::SqlState};

/// Everything that a call could leave behind, and every page.
const EVERYTHING: &str = "select md5(string_agg(t, E'\\n' order by t)) from (
    select 'hold' || h from booking.hold h
    union all select 'claim' || c from booking.claim c
    union all select 'booking' || b from booking.booking b
    union all select 'assigned' || r from booking.booking_resource r
    union all select 'event' || e from booking.booking_event e
    union all select 'sitting' || s from booking.sitting s
    union all select 'counted' || m from booking.requirement_resource m
    union all select 'version' || r from booking.resource r
    union all select 'page' || a from booking.availability a) t (t)";

/// The answer of a call, or the SQLSTATE of its failure.
async fn answer(client: &Client, query: &str) -> Result<String> {
    match client.query_one(query, &[]).await {
        Ok(row) => Ok(row.get(0)),
        Err(error) => Ok(error
            .code()
            .context(format!("{query}: {error}"))?
            .code()
            .to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_snapshots_book_nothing_twice_and_are_told_40001() -> Result<()> {
    const CLIENTS: usize = 24;
    const SLOTS: usize = 6;
    for (level, call) in [
        ("repeatable read", "book"),
        ("repeatable read", "hold"),
        ("serializable", "book"),
        ("serializable", "hold"),
    ] {
        let db = TestDb::new("old_snapshots").await?;
        let watch = db.connect().await?;
        world(&watch).await?;
        let clients = try_join_all((0..CLIENTS).map(|_| db.connect())).await?;
        let (ready, tried) = (Barrier::new(CLIENTS), Arc::new(Barrier::new(CLIENTS)));
        // All have their snapshots before the first call. Who fails rolls back at once, or others would wait for it.
        let answers = try_join_all(clients.iter().enumerate().map(async |(n, client)| {
            client
                .batch_execute(&format!(
                    "begin isolation level {level}; select count(*) from booking.booking"
                ))
                .await?;
            ready.wait().await;
            let clock = 540 + 60 * (n % SLOTS);
            let query = format!("select test.{call}('visitor {n}', '{clock} minutes')");
            let first = answer(client, &query).await?;
            let end = if first.len() == 5 {
                "rollback"
            } else {
                "commit"
            };
            // A serializable transaction may hear of it as late as here.
            let first = match client.batch_execute(end).await {
                Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {
                    "40001".to_owned()
                }
                ended => ended.map(|()| first)?,
            };
            tried.wait().await;
            // Whoever was told so tries again, and then gets a real answer.
            let second = if first == "40001" {
                answer(client, &query).await?
            } else {
                first.clone()
            };
            anyhow::Ok((first, second))
        }))
        .await?;
        let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
        for (first, second) in &answers {
            *tally.entry(first).or_default() += 1;
            ensure!(second == "BK001" || second.ends_with(" room"), "{second}");
        }
        let won = answers
            .iter()
            .filter(|(_, second)| second.ends_with(" room"))
            .count();
        assert_eq!(won, SLOTS, "{level}, {call}: {answers:?}");
        ensure!(tally.get("40001") > Some(&0), "{level}, {call}: {tally:?}");
        assert_eq!(
            text(
                &watch,
                "select count(*)::text from booking.claim c join booking.resource r using (resource_id) where r.slug = 'room'"
            )
            .await?,
            SLOTS.to_string()
        );
        sound(&watch).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_savepoint_that_is_rolled_back_leaves_nothing_and_keeps_nobody_waiting() -> Result<()> {
    let db = TestDb::new("savepoint").await?;
    let (watch, other) = (db.connect().await?, db.connect().await?);
    world(&watch).await?;
    for (level, call) in [
        ("read committed", "test.hold('a', '09:00')"),
        ("read committed", "test.book('a', '09:00')"),
        ("read committed", "test.book('a', '09:00', 'pool')"),
        ("read committed", "test.book('a', '09:00', 'all')"),
        ("repeatable read", "test.book('a', '09:00', 'visit')"),
        ("serializable", "test.book('a', '09:00', 'desk')"),
    ] {
        let before = text(&watch, EVERYTHING).await?;
        watch
            .batch_execute(&format!(
                "begin isolation level {level}; savepoint s; select {call}; rollback to s"
            ))
            .await?;
        assert_eq!(text(&watch, EVERYTHING).await?, before, "{call}");
        // Still in that transaction: the time is anybody's, at once.
        let theirs = format!("select {}", call.replace("'a'", "'b'"));
        let theirs = timeout(Duration::from_secs(2), answer(&other, &theirs))
            .await
            .with_context(|| format!("{call} keeps others waiting"))??;
        ensure!(theirs.len() > 5, "{call}: {theirs}");
        watch.batch_execute("commit").await?;
        sound(&watch).await?;
        watch.batch_execute("call test.world()").await?;
    }
    Ok(())
}

/// Prepares what a call did, and goes away.
async fn prepare(client: Client, level: &str, call: &str, name: &str) -> Result<()> {
    client
        .batch_execute(&format!(
            "begin isolation level {level}; select {call}; prepare transaction '{name}'"
        ))
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_prepared_keeps_its_slot_until_it_is_committed_or_rolled_back() -> Result<()> {
    let db = TestDb::new("prepared").await?;
    let (watch, other) = (db.connect().await?, db.connect().await?);
    world(&watch).await?;
    for (n, (level, call, commit)) in [
        ("read committed", "test.book('a', '09:00')", true),
        ("read committed", "test.book('a', '09:00')", false),
        ("repeatable read", "test.hold('a', '09:00')", true),
        ("serializable", "test.book('a', '09:00')", true),
        ("serializable", "test.hold('a', '09:00')", false),
    ]
    .into_iter()
    .enumerate()
    {
        watch.batch_execute("call test.world()").await?;
        // Of the whole cluster: tests share it.
        let name = format!("{} {n}", db.name);
        let before = text(&watch, EVERYTHING).await?;
        prepare(db.connect().await?, level, call, &name).await?;
        assert_eq!(text(&watch, EVERYTHING).await?, before);
        sound(&watch).await?;
        // Others wait for it, as long as a call waits for a lock.
        let theirs = format!("select {}", call.replace("'a'", "'b'"));
        assert_eq!(answer(&other, &theirs).await?, "55P03", "{call}");
        let finish = if commit { "commit" } else { "rollback" };
        watch
            .batch_execute(&format!("{finish} prepared '{name}'"))
            .await?;
        if !commit {
            assert_eq!(text(&watch, EVERYTHING).await?, before, "{call}");
        }
        let theirs = answer(&other, &theirs).await?;
        assert_eq!(theirs == "BK001", commit, "{call}: {theirs}");
        sound(&watch).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_prepared_outlives_a_server_that_is_killed() -> Result<()> {
    let (mut cluster, client) = Cluster::with_extension(&[]).await?;
    world(&client).await?;
    for (call, name) in [
        ("test.book('a', '09:00')", "kept"),
        ("test.book('c', '12:00', 'pool')", "undone"),
    ] {
        prepare(
            cluster.connect("postgres").await?,
            "read committed",
            call,
            name,
        )
        .await?;
    }
    kill(cluster.postmaster()?)?;
    cluster.start(&[])?;
    let client = cluster.connect("postgres").await?;
    assert_eq!(
        answer(&client, "select test.hold('b', '09:00')").await?,
        "55P03"
    );
    client.batch_execute("commit prepared 'kept'").await?;
    client.batch_execute("rollback prepared 'undone'").await?;
    assert_eq!(
        answer(&client, "select test.hold('b', '09:00')").await?,
        "BK001"
    );
    assert_eq!(
        answer(&client, "select test.book('b', '12:00', 'pool')").await?,
        "confirmed ann"
    );
    assert_eq!(
        text(&client, "select count(*)::text from booking.booking").await?,
        "2"
    );
    sound(&client).await
}
