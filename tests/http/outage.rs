//! The database goes away and comes back. `cable` is the wire that is pulled.
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

use crate::{
    cable::{Cable, proxy, world},
    world::{Answer, World, monday_at, session, time},
};

const ROUTES: [&str; 3] = ["/readyz", "/v1/acme/services", "/v1/nobody/services"];

/// All timeouts of `cable::world` together, the grace of two seconds, and a machine that is slow.
const AT_MOST: Duration = Duration::from_millis(300 + 2000 + 2 * 1000 + 4000);

fn assert_503(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, "5"),
        "{answer:?}"
    );
}

/// Many at once: all are told to come back, none waits longer than it must.
async fn assert_away(world: &World) -> Result<()> {
    let began = Instant::now();
    let asked = (0..30).map(|n| world.get(ROUTES[n % 3]));
    let held = (0..10).map(|n| hold(world, n));
    for answer in try_join_all(asked).await?.iter() {
        assert_503(answer);
    }
    for answer in try_join_all(held).await?.iter() {
        assert_503(answer);
    }
    assert!(began.elapsed() < 2 * AT_MOST, "{:?}", began.elapsed());
    assert_eq!(world.get("/healthz").await?.status, 200);
    Ok(())
}

/// More at once than there are connections: all are answered.
async fn assert_back(world: &World) -> Result<()> {
    for (path, status) in ROUTES.iter().zip([200, 200, 404]) {
        assert_eq!(world.get(path).await?.status, status, "{path}");
    }
    let answers = try_join_all((0..30).map(|_| world.get("/v1/acme/services"))).await?;
    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{answers:?}"
    );
    Ok(())
}

/// Breaks the cable in each of these ways, and mends it.
async fn assert_away_and_back(ways: &[Cable]) -> Result<()> {
    let (world, cable) = world("outage").await?;
    for broken in ways {
        eprintln!("{broken:?}");
        assert_back(&world).await?;
        cable.send(*broken)?;
        assert_away(&world).await?;
        cable.send(Cable::Whole)?;
    }
    assert_back(&world).await
}

async fn hold(world: &World, n: i64) -> Result<Answer> {
    world
        .hold(monday_at(9 + n % 8 + 24 * (n / 8)), &session())
        .await
}

#[tokio::test]
async fn a_database_that_goes_away_is_503_and_found_again_when_it_is_back() -> Result<()> {
    assert_away_and_back(&[
        Cable::Cut,
        Cable::Refused,
        Cable::Reset,
        Cable::CutAnswer(40),
        Cable::CutQuestion(40),
    ])
    .await
}

#[tokio::test]
async fn a_database_that_falls_silent_is_given_up_in_time() -> Result<()> {
    assert_away_and_back(&[
        Cable::Silent,
        Cable::HalfOpen,
        Cable::Slow(Duration::from_secs(60)),
        Cable::Trickle(200),
    ])
    .await
}

#[tokio::test]
async fn what_is_only_slow_is_waited_for() -> Result<()> {
    let (world, cable) = world("outage").await?;
    for slow in [Cable::Slow(Duration::from_millis(50)), Cable::Trickle(1)] {
        eprintln!("{slow:?}");
        cable.send(slow)?;
        for _ in 0..3 {
            assert_eq!(world.get("/v1/acme/services").await?.status, 200);
        }
        cable.send(Cable::Whole)?;
    }
    Ok(())
}

/// One that was silent is not tried again by whoever comes next: its pool would cost every request a timeout each.
#[tokio::test]
async fn after_one_timeout_nobody_waits_for_the_other_dead_connections() -> Result<()> {
    let (world, cable) = world("outage").await?;
    assert_back(&world).await?;
    cable.send(Cable::HalfOpen)?;
    assert_503(&world.get("/v1/acme/services").await?);
    cable.send(Cable::Whole)?;
    let began = Instant::now();
    assert_back(&world).await?;
    assert!(
        began.elapsed() < Duration::from_millis(2000),
        "{:?}",
        began.elapsed()
    );
    Ok(())
}

#[tokio::test]
async fn a_facade_may_start_before_its_database() -> Result<()> {
    let world = World::new("outage").await?;
    let (port, cable) = proxy(&world.db).await?;
    cable.send(Cable::Refused)?;
    sleep(Duration::from_millis(50)).await;
    let world = world.through(port, |_| ()).await?;
    assert_away(&world).await?;
    cable.send(Cable::Whole)?;
    sleep(Duration::from_millis(50)).await;
    assert_back(&world).await
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced() -> Result<()> {
    let world = World::new("outage").await?;
    assert_back(&world).await?;
    end_sessions(&world).await?;
    sleep(Duration::from_millis(200)).await;
    assert_back(&world).await
}

async fn end_sessions(world: &World) -> Result<()> {
    world
        .sql
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1",
            &[&world.role],
        )
        .await?;
    Ok(())
}

/// The commit may have happened when its answer is lost. Nobody can know, so it is said, and the key makes the repeat safe.
#[tokio::test]
async fn a_booking_in_doubt_is_never_made_twice() -> Result<()> {
    let (world, cable) = world("outage").await?;
    let (mut done, mut undone) = (0, 0);
    let cuts = [0, 1, 20, 60, 120, 250, 400]
        .map(Cable::CutAnswer)
        .into_iter()
        .chain([1, 100, 300, 700, 900].map(Cable::CutQuestion));
    for (n, cut) in cuts.enumerate() {
        assert_eq!(world.get("/v1/acme/services").await?.status, 200, "{cut:?}");
        let starts_at = monday_at((9 + n % 8 + 24 * (n / 8)) as i64);
        let book = || {
            let body = json!({"service": "haircut", "starts_at": time(starts_at), "customer": {"name": "Ada"},
                              "session_id": "the-session-that-is-in-doubt"});
            let request = world
                .request(Method::POST, "/v1/acme/bookings")
                .header("Idempotency-Key", format!("key-number-{n}-of-this-test"))
                .json(&body);
            world.send(request)
        };
        cable.send(cut)?;
        let first = book().await?;
        cable.send(Cable::Whole)?;
        let made = bookings_at(&world, starts_at).await?;
        if first.status == 503 {
            assert_503(&first);
            assert!(
                first.text("detail").contains("Idempotency-Key"),
                "{first:?}"
            );
            match made {
                0 => undone += 1,
                _ => done += 1,
            }
        }
        let second = book().await?;
        assert_eq!(second.status, 201, "{cut:?}: {second:?}");
        if first.status == 201 {
            assert_eq!(first.body["booking_id"], second.body["booking_id"]);
        }
        assert_eq!(bookings_at(&world, starts_at).await?, 1, "{cut:?}");
    }
    assert!(
        done > 0 && undone > 0,
        "both happen: {done} were made, {undone} were not"
    );
    Ok(())
}

/// How many there are once nobody is at work any more.
async fn bookings_at(world: &World, at: chrono::DateTime<chrono::Utc>) -> Result<i64> {
    let idle =
        "select not exists (select from pg_stat_activity where usename = $1 and state <> 'idle')";
    while !world
        .sql
        .query_one(idle, &[&world.role])
        .await?
        .get::<_, bool>(0)
    {
        sleep(Duration::from_millis(10)).await;
    }
    let count = "select count(*) from booking.booking where lower(span) = $1";
    Ok(world.sql.query_one(count, &[&at]).await?.get(0))
}

/// A server that became a standby: reads go on, writes wait for the new one.
#[tokio::test]
async fn a_server_that_takes_no_writes_is_503_for_writes_alone() -> Result<()> {
    let world = World::with("outage", |config| config.pool_size = 3).await?;
    let read_only = |on: &str| {
        format!(
            "alter role {} set default_transaction_read_only = {on}",
            world.role
        )
    };
    world.sql.batch_execute(&read_only("on")).await?;
    for n in 0..4 {
        assert_503(&hold(&world, n).await?);
    }
    assert_eq!(world.get("/v1/acme/services").await?.status, 200);
    // A session keeps what it began with: those that were of no use must have gone.
    world.sql.batch_execute(&read_only("off")).await?;
    assert_503(&hold(&world, 0).await?);
    for n in 0..4 {
        assert_eq!(hold(&world, n).await?.status, 201);
    }
    Ok(())
}

/// PostgreSQL that ends, starts or is full, and what pgbouncer says in their place.
#[tokio::test]
async fn whatever_a_server_says_instead_of_welcome_is_503() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("postgres://web@{}/x", listener.local_addr()?);
    let codes = [
        "57P01", "57P02", "57P03", "53300", "08P01", "08006", "28P01", "28000", "3D000", "XX000",
    ];
    let (says, said) = tokio::sync::watch::channel(codes[0]);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await?;
            let mut startup = [0; 1024];
            let _ = client.read(&mut startup).await?;
            let fields = format!("SFATAL\0C{}\0Msaid of the server\0\0", *said.borrow());
            let length = (fields.len() as u32 + 4).to_be_bytes();
            let message = [b"E", &length[..], fields.as_bytes()].concat();
            client.write_all(&message).await?;
        }
        #[expect(unreachable_code, reason = "names the error")]
        std::io::Result::Ok(())
    });
    let world = World::new("outage").await?.behind(&url, |_| ()).await?;
    for code in codes {
        says.send(code).context(code)?;
        for path in ROUTES {
            let answer = world.get(path).await?;
            assert_503(&answer);
            assert!(!answer.body.to_string().contains("said of"), "{answer:?}");
        }
    }
    Ok(())
}
