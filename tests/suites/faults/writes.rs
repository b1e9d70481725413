//! A call that is ended in the middle of a write, whichever it is: by a timeout, by an administrator, by a signal.
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use pg_booking_tests::{
    TestDb,
    cluster::{Cluster, kill},
    fixture::{text, world},
};
use tokio::time::sleep;
use tokio_postgres::Client;

use super::left::{LEFT, code};

/// The tables that calls write, and the only statements that they write them with.
const WRITES: [(&str, &str); 9] = [
    ("hold", "insert"),
    ("claim", "insert"),
    ("booking", "insert"),
    ("booking_resource", "insert"),
    ("claim", "update"),
    ("availability", "insert"),
    ("hold", "delete"),
    ("requirement_resource", "update"),
    ("booking_event", "insert"),
];

/// From now on whoever writes that table so stands still once the row is written.
async fn halt(client: &Client, table: &str, write: &str) -> Result<()> {
    client
        .batch_execute(&format!(
            "create or replace function test.halt() returns trigger language plpgsql as 'begin perform pg_sleep(20); return null; end';
             create trigger halt after {write} on booking.{table} for each row execute function test.halt()"
        ))
        .await?;
    Ok(())
}

async fn go_on(client: &Client, table: &str) -> Result<()> {
    client
        .batch_execute(&format!("drop trigger halt on booking.{table}"))
        .await?;
    Ok(())
}

/// Waits for a backend that stands still there, and says which.
async fn halted(client: &Client) -> Result<i32> {
    let begin = Instant::now();
    loop {
        let found = client
            .query_opt(
                "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
                &[],
            )
            .await?;
        if let Some(row) = found {
            return Ok(row.get(0));
        }
        ensure!(
            begin.elapsed() < Duration::from_secs(10),
            "the call never got there"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_statement_timeout_at_any_write_reaches_the_caller_and_leaves_nothing() -> Result<()> {
    let db = TestDb::new("timeouts").await?;
    let (watch, client) = (db.connect().await?, db.connect().await?);
    world(&watch).await?;
    let before = text(&watch, LEFT).await?;
    client
        .batch_execute("set statement_timeout = '150 ms'")
        .await?;
    for (table, write) in WRITES {
        halt(&watch, table, write).await?;
        for call in [
            "booking.try_book(test.id(1), null, null, test.service('pool'), test.at('09:00'))",
            "booking.book(test.id(1), null, null, test.service('all'), test.at('09:00'))",
        ] {
            assert_eq!(
                code(&client, &format!("select {call}")).await?,
                "57014",
                "{write} {table}: {call}"
            );
            assert_eq!(text(&watch, LEFT).await?, before, "{write} {table}: {call}");
        }
        go_on(&watch, table).await?;
    }
    // And the connection is as good as before.
    assert_eq!(
        text(&client, "select test.book('a', '09:00', 'pool')").await?,
        "confirmed ann"
    );
    Ok(())
}

#[tokio::test]
async fn a_backend_that_is_terminated_at_any_write_leaves_nothing() -> Result<()> {
    let db = TestDb::new("terminated").await?;
    let watch = db.connect().await?;
    world(&watch).await?;
    let before = text(&watch, LEFT).await?;
    for (table, write) in WRITES {
        halt(&watch, table, write).await?;
        let client = db.connect().await?;
        let call =
            tokio::spawn(
                async move { code(&client, "select test.book('a', '09:00', 'visit')").await },
            );
        let pid = halted(&watch).await?;
        watch
            .execute("select pg_terminate_backend($1, 5000)", &[&pid])
            .await?;
        assert_eq!(call.await??, "57P01", "{write} {table}");
        assert_eq!(text(&watch, LEFT).await?, before, "{write} {table}");
        go_on(&watch, table).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_backend_that_is_killed_at_any_write_leaves_nothing() -> Result<()> {
    // The server starts over each time, with everybody on it.
    let (cluster, mut watch) = Cluster::with_extension(&[]).await?;
    world(&watch).await?;
    watch
        .batch_execute("select test.book('c', '12:00')")
        .await?;
    let before = text(&watch, LEFT).await?;
    for (table, write) in WRITES {
        halt(&watch, table, write).await?;
        let client = cluster.connect("postgres").await?;
        let call = tokio::spawn(async move {
            client
                .batch_execute("select test.book('a', '09:00', 'pool')")
                .await
                .is_err()
        });
        let pid = halted(&watch).await?;
        kill(pid)?;
        ensure!(call.await?, "{write} {table}");
        watch = cluster.again().await?;
        assert_eq!(text(&watch, LEFT).await?, before, "{write} {table}");
        go_on(&watch, table).await?;
    }
    assert_eq!(
        text(&watch, "select test.book('a', '09:00', 'pool')").await?,
        "confirmed ann"
    );
    Ok(())
}
