//! What goes wrong around a call: clients that vanish, timeouts, backends that are killed at any write, input that nobody
//! expects. The caller hears of it by the code that it should, and nothing is left behind. Under load: `soak`.
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    TestDb,
    cluster::{Cluster, kill},
};
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, NoTls};

const FIXTURE: &str = include_str!("../isolation/fixture.sql");

/// Rows that a call could leave behind, and those that are wrong.
const LEFT: &str = "select format('%s holds, %s claims, %s bookings, %s assigned, %s events, %s counted, wrong: %s',
    (select count(*) from booking.hold), (select count(*) from booking.claim), (select count(*) from booking.booking),
    (select count(*) from booking.booking_resource), (
        select count(*) from booking.booking_event where kind <> 'refused'),
    (select sum(booked) from booking.requirement_resource), (select string_agg(what, '; ') from test.wrong))";

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

async fn world(client: &Client) -> Result<()> {
    client.batch_execute(FIXTURE).await?;
    client.batch_execute("call test.world()").await?;
    Ok(())
}

async fn text(client: &Client, query: &str) -> Result<String> {
    Ok(client.query_one(query, &[]).await?.get(0))
}

/// The SQLSTATE with which a statement fails, or "done".
async fn code(client: &Client, query: &str) -> Result<String> {
    match client.batch_execute(query).await {
        Ok(()) => Ok("done".to_owned()),
        Err(error) => Ok(error
            .code()
            .with_context(|| format!("{query}: {error:?}"))?
            .code()
            .to_owned()),
    }
}

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

#[tokio::test]
async fn input_that_nobody_expects_is_refused_by_its_own_code_and_leaves_nothing() -> Result<()> {
    let db = TestDb::new("input").await?;
    let client = db.connect().await?;
    world(&client).await?;
    let before = text(&client, LEFT).await?;
    let book = |customer: &str| {
        format!(
            "select booking.book(test.id(1), null, null, test.service('room'), test.at('09:00'), customer => {customer})"
        )
    };
    let hold = |session: &str, start: &str, rest: &str| {
        format!("select booking.hold(test.id(1), test.service('room'), {start}, {session}{rest})")
    };
    let mut wrong = Vec::new();
    let (session, nine) = ("test.session('a')", "test.at('09:00')");
    for (query, expected) in [
        // Customers.
        (book("jsonb_build_object('name', repeat('x', 10000000))"), "54000"),
        (book("jsonb_build_object('name', repeat('x', 65536))"), "54000"),
        (book(r#"'{"name": "\u0000"}'"#), "22P05"),
        (book(r#"'{"name": "\ud800"}'"#), "22P02"),
        (book(r#"'{"name": "\udc00\ud800"}'"#), "22P02"),
        (book("'{\"name\": \"a raw \u{1} one\"}'"), "22P02"),
        (book("'[]'"), "22023"),
        (book("'\"Ada\"'"), "22023"),
        (book("'null'"), "22023"),
        (book("'{'"), "22P02"),
        // Sessions.
        (hold("null", nine, ""), "22004"),
        (hold("''", nine, ""), "22023"),
        (hold("repeat('x', 15)", nine, ""), "22023"),
        (hold("repeat('x', 10000000)", nine, ""), "22023"),
        (hold("E'\\xff' || repeat('x', 20)", nine, ""), "22021"),
        // Starts.
        (hold(session, "null", ""), "22004"),
        (hold(session, "'infinity'", ""), "22008"),
        (hold(session, "'-infinity'", ""), "22008"),
        (hold(session, "'4714-11-24 00:00:00+00 BC'", ""), "22008"),
        (hold(session, "'294276-12-31 23:59:59+00'", ""), "22008"),
        (hold(session, "now() - interval '1 day'", ""), "BK003"),
        (hold(session, "test.at('09:00:00.000001')", ""), "BK003"),
        (hold(session, "test.at('03:00')", ""), "BK003"),
        // Lengths, life times, seats.
        (hold(session, nine, ", '0'"), "22023"),
        (hold(session, nine, ", '-1 hours'"), "22023"),
        (hold(session, nine, ", '1 minute'"), "22023"),
        (hold(session, nine, ", '1 microsecond'"), "22023"),
        (hold(session, nine, ", '178000000 years'"), "22023"),
        (hold(session, nine, ", ttl => '0'"), "22023"),
        (hold(session, nine, ", ttl => '-1 hours'"), "22023"),
        (hold(session, nine, ", ttl => '178000000 years'"), "22023"),
        (hold(session, nine, ", seats => 0"), "22023"),
        (hold(session, nine, ", seats => -1"), "22023"),
        (hold(session, nine, ", seats => 2"), "22023"),
        (hold(session, nine, ", seats => 2147483647"), "22023"),
        // Who is not there.
        (hold(session, nine, ", resource => test.id(0)"), "P0002"),
        ("select booking.hold(test.id(0), test.service('room'), test.at('09:00'), test.session('a'))".to_owned(), "P0002"),
        ("select booking.hold(null, null, null, null)".to_owned(), "P0002"),
        ("select booking.book(test.id(1), test.id(0), test.session('a'))".to_owned(), "BK002"),
        ("select booking.book(test.id(1), test.id(0))".to_owned(), "BK002"),
        ("select booking.book(test.id(1))".to_owned(), "22004"),
        ("select booking.cancel(test.id(1), test.id(0))".to_owned(), "P0002"),
        ("select booking.cancel(test.id(1), null)".to_owned(), "P0002"),
        ("select booking.release(test.id(1), test.id(0), test.session('a'))".to_owned(), "BK002"),
    ] {
        let short: String = query.chars().take(200).collect();
        let told = code(&client, &query).await?;
        if told != expected {
            wrong.push(format!("{told} instead of {expected}: {short}"));
        }
        assert_eq!(text(&client, LEFT).await?, before, "{short}");
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn what_a_customer_may_be_called_comes_back_as_it_was() -> Result<()> {
    let db = TestDb::new("names").await?;
    let client = db.connect().await?;
    world(&client).await?;
    // Control characters, a joined emoji, right to left, what HTML and SQL mean something by, and as long as may be.
    let long = "ü".repeat(32_000);
    for (n, name) in [
        "\u{1}\u{7f}\u{85}\u{9f}\t\r\n",
        "👩‍👩‍👧 \u{1d7d8} \u{10ffff}",
        "\u{202e}שלום\u{202c}",
        "<script>'; drop table booking.booking; --</script> %s $1 \\ \\u0000",
        "",
        &long,
    ]
    .into_iter()
    .enumerate()
    {
        let customer = serde_json::json!({"name": name, "email": format!(" A{n}@Example.ORG ")});
        let row = client
            .query_one(
                &format!(
                    "select k.customer, k.customer_key
                     from booking.book(test.id(1), null, null, test.service('room'), test.at('{} hours'), customer => $1) b
                     cross join lateral (
                        select * from booking.booking k where k.booking_id = b.booking_id offset 0) k",
                    9 + n
                ),
                &[&customer],
            )
            .await;
        // The row is not visible to the statement that makes it.
        ensure!(row.is_err());
        let row = client
            .query_one(
                "select customer, customer_key from booking.booking where customer = $1",
                &[&customer],
            )
            .await?;
        assert_eq!(row.get::<_, serde_json::Value>(0), customer);
        assert_eq!(row.get::<_, String>(1), format!("a{n}@example.org"));
    }
    Ok(())
}

#[tokio::test]
async fn the_past_is_not_booked_and_nothing_is_cancelled_twice() -> Result<()> {
    let db = TestDb::new("states").await?;
    let client = db.connect().await?;
    world(&client).await?;
    client
        .batch_execute("select test.book('a', '09:00')")
        .await?;
    let before = text(&client, LEFT).await?;
    let book = |start: &str| {
        format!("select booking.book(test.id(1), null, null, test.service('room'), {start})")
    };
    for start in [
        "date_trunc('hour', now()) - interval '1 day'",
        "date_trunc('hour', now())",
        "'2000-01-03 09:00+00'",
    ] {
        assert_eq!(code(&client, &book(start)).await?, "BK003", "{start}");
    }
    assert_eq!(text(&client, LEFT).await?, before);
    let cancel = "select booking.cancel(test.id(1), booking_id) from booking.booking";
    assert_eq!(code(&client, cancel).await?, "done");
    let after = text(&client, LEFT).await?;
    assert_eq!(code(&client, cancel).await?, "BK005");
    assert_eq!(
        text(&client, "select (booking.try_cancel(test.id(1), booking_id)).detail ->> 'status' from booking.booking").await?,
        "cancelled"
    );
    assert_eq!(text(&client, LEFT).await?, after);
    // Free at once, for somebody else.
    assert_eq!(
        text(&client, "select test.book('b', '09:00')").await?,
        "confirmed room"
    );
    Ok(())
}
