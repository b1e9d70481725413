//! Clients that go away without a word keep nobody waiting, and who waits too long is told so.
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use pg_booking_tests::{
    TestDb,
    fixture::{text, world},
};
use tokio::time::timeout;
use tokio_postgres::NoTls;

use super::left::{LEFT, code};

#[tokio::test]
async fn a_client_that_goes_away_in_its_transaction_leaves_nothing() -> Result<()> {
    let db = TestDb::new("gone").await?;
    let watch = db.connect().await?;
    world(&watch).await?;
    let before = text(&watch, LEFT).await?;
    for call in [
        "test.hold('a', '09:00')",
        "test.book('a', '09:00')",
        "test.book('a', '09:00', 'all')",
    ] {
        let (client, connection) = db.config().connect(NoTls).await?;
        let driver = tokio::spawn(connection);
        client
            .batch_execute(&format!("begin; select {call}"))
            .await?;
        // Without a word, as a process that is killed.
        driver.abort();
        let theirs = format!("select {}", call.replace("'a'", "'b'"));
        let theirs = timeout(Duration::from_secs(2), text(&watch, &theirs)).await??;
        ensure!(theirs.len() > 5, "{call}: {theirs}");
        watch.batch_execute("call test.world()").await?;
        assert_eq!(text(&watch, LEFT).await?, before);
    }
    Ok(())
}

#[tokio::test]
async fn who_waits_too_long_for_a_lock_is_told_55p03_and_leaves_nothing() -> Result<()> {
    let db = TestDb::new("lock_timeout").await?;
    let (watch, other, client) = (
        db.connect().await?,
        db.connect().await?,
        db.connect().await?,
    );
    world(&watch).await?;
    let before = text(&watch, LEFT).await?;
    other
        .batch_execute("begin; select test.book('a', '09:00')")
        .await?;
    for call in [
        "booking.try_hold(test.id(1), test.service('room'), test.at('09:30'), test.session('b'))",
        "booking.hold(test.id(1), test.service('room'), test.at('09:30'), test.session('b'))",
        "booking.book(test.id(1), null, null, test.service('room'), test.at('15:00'))",
    ] {
        let begin = Instant::now();
        assert_eq!(
            code(&client, &format!("select {call}")).await?,
            "55P03",
            "{call}"
        );
        let waited = begin.elapsed();
        ensure!(
            waited > Duration::from_millis(2900) && waited < Duration::from_millis(4500),
            "{call} waited {waited:?}"
        );
        assert_eq!(text(&watch, LEFT).await?, before, "{call}");
    }
    other.batch_execute("rollback").await?;
    assert_eq!(
        text(&client, "select test.hold('b', '09:30')").await?,
        "held room"
    );
    Ok(())
}
