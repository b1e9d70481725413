//! Clients that take their time, and the end of the process, which waits for none of them.
use std::time::Duration;

use anyhow::{Context, Result};
use booking_facade::{serve::serve, state::AppState};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    time::{sleep, timeout},
};

use crate::world::{World, config, monday_at, read_to_end, session};

const SHORT: Duration = Duration::from_millis(300);
const GET: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn whoever_sends_headers_slowly_is_cut_off() -> Result<()> {
    let world = World::with("dawdlers", |config| {
        config.connections.header_timeout = SHORT;
    })
    .await?;
    for silent in ["", "G", "PRI * HT", "GET /healthz HTTP/1.1\r\nHost: x\r\n"] {
        assert_eq!(world.raw(silent).await?, "", "{silent:?}");
    }
    // A byte now and then is no better.
    let mut stream = world.connect().await?;
    let trickle = async {
        for byte in GET.bytes().cycle() {
            stream.write_all(&[byte.to_ascii_lowercase()]).await?;
            sleep(SHORT / 6).await;
        }
        anyhow::Ok(())
    };
    let ended = timeout(Duration::from_secs(20), trickle).await;
    assert!(ended.context("the trickle goes on")?.is_err());
    Ok(())
}

/// The server goes on with what was asked, on a connection that nobody else gets meanwhile.
#[tokio::test]
async fn whoever_hangs_up_keeps_nobody_waiting() -> Result<()> {
    let world = World::with("dawdlers", |config| config.pool_size = 2).await?;
    assert_eq!(world.get("/v1/acme/services").await?.status, 200);
    let mut locker = world.db.connect().await?;
    let lock = locker.transaction().await?;
    lock.batch_execute("lock table booking.service in access exclusive mode")
        .await?;
    let asked = world.request(Method::GET, "/v1/acme/services");
    let asked = asked.timeout(Duration::from_secs(1)).send().await;
    assert!(asked.is_err_and(|error| error.is_timeout()));
    let waiting = "select count(*) from pg_locks where relation = 'booking.service'::regclass and not granted";
    assert_eq!(
        lock.query_one(waiting, &[]).await?.get::<_, i64>(0),
        1,
        "nothing is under way"
    );
    let other = world.get("/v1/nobody/services");
    let other = timeout(Duration::from_secs(10), other).await;
    assert_eq!(
        other.context("it waits for an answer of others")??.status,
        404
    );
    lock.rollback().await?;
    Ok(())
}

#[tokio::test]
async fn a_connection_without_requests_ends() -> Result<()> {
    let world = World::with("dawdlers", |config| config.connections.idle_timeout = SHORT).await?;
    let answer = world.raw(GET).await?;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_connection_between_requests_has_more_time_than_headers_have() -> Result<()> {
    let world = World::with("dawdlers", |config| {
        config.connections.header_timeout = SHORT;
    })
    .await?;
    let mut stream = world.connect().await?;
    let mut answer = [0; 4096];
    for _ in 0..2 {
        stream.write_all(GET.as_bytes()).await?;
        let length = stream.read(&mut answer).await?;
        assert!(answer[..length].starts_with(b"HTTP/1.1 200 "));
        sleep(SHORT * 2).await;
    }
    Ok(())
}

#[tokio::test]
async fn whoever_does_not_read_its_answers_is_cut_off() -> Result<()> {
    let world = World::with("dawdlers", |config| {
        config.connections.write_timeout = SHORT;
    })
    .await?;
    let mut stream = world.connect().await?;
    let asks = async {
        loop {
            let ask = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
            stream.write_all(ask.as_bytes()).await?;
        }
        #[allow(unreachable_code, reason = "says what the block returns")]
        anyhow::Ok(())
    };
    let ended = timeout(Duration::from_secs(30), asks).await;
    assert!(ended.context("it is waited for")?.is_err());
    Ok(())
}

#[tokio::test]
async fn a_body_that_trickles_takes_no_longer_than_a_request_may() -> Result<()> {
    let world = World::with("dawdlers", |config| config.request_timeout = SHORT).await?;
    for path in ["/v1/acme/holds", "/v1/acme/heartbeat"] {
        let answer = world.raw(format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{")).await?;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(answer.contains("body"), "{answer}");
    }
    Ok(())
}

/// What has begun may have been done.
#[tokio::test]
async fn a_body_that_is_there_is_no_excuse() -> Result<()> {
    let world = World::with("dawdlers", |config| config.request_timeout = SHORT).await?;
    let mut locker = world.db.connect().await?;
    let lock = locker.transaction().await?;
    lock.batch_execute("lock table booking.service in access exclusive mode")
        .await?;
    let answer = world.hold(monday_at(9), &session()).await?;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        answer.text("detail").contains("Idempotency-Key"),
        "{answer:?}"
    );
    lock.rollback().await?;
    Ok(())
}

#[tokio::test]
async fn further_connections_wait_for_one_to_end() -> Result<()> {
    let world = World::with("dawdlers", |config| config.connections.max_connections = 2).await?;
    let mut first = world.connect().await?;
    let mut second = world.connect().await?;
    let mut answer = [0; 4096];
    for stream in [&mut first, &mut second] {
        stream.write_all(GET.as_bytes()).await?;
        assert!(stream.read(&mut answer).await? > 0);
    }
    let mut third = world.connect().await?;
    third.write_all(GET.as_bytes()).await?;
    assert!(timeout(SHORT, third.read(&mut answer)).await.is_err());
    drop(first);
    assert!(third.read(&mut answer).await? > 0);
    Ok(())
}

/// A connection that is there to stay, and has had an answer; `None` if it was closed instead.
async fn stay(world: &World) -> Result<Option<TcpStream>> {
    let mut stream = world.connect().await?;
    let mut answer = [0; 4096];
    // One that is closed may take the bytes or not.
    let _ = stream.write_all(GET.as_bytes()).await;
    match timeout(Duration::from_secs(10), stream.read(&mut answer)).await? {
        Ok(length) if length > 0 => Ok(Some(stream)),
        _ => Ok(None),
    }
}

#[tokio::test]
async fn one_address_leaves_places_to_others() -> Result<()> {
    let world = World::with("dawdlers", |config| {
        config.connections.max_connections = 4;
        config.connections.max_address_connections = 3;
    })
    .await?;
    let mut staying = Vec::new();
    for _ in 0..3 {
        staying.push(stay(&world).await?.context("there is a place")?);
    }
    // Closed before it has sent anything, and without one of the places of all.
    for _ in 0..5 {
        assert_eq!(world.raw("").await?, "");
        assert!(stay(&world).await?.is_none());
    }
    let other = TcpSocket::new_v4()?;
    other.bind("127.0.0.2:0".parse()?)?;
    let address = world.url.trim_start_matches("http://").parse()?;
    let mut other = other.connect(address).await?;
    other.write_all(GET.as_bytes()).await?;
    let mut answer = [0; 4096];
    assert!(timeout(Duration::from_secs(10), other.read(&mut answer)).await?? > 0);
    drop(other);

    staying.pop();
    let again = async {
        while stay(&world).await?.is_none() {
            sleep(SHORT / 10).await;
        }
        anyhow::Ok(())
    };
    timeout(Duration::from_secs(10), again).await??;
    Ok(())
}

#[tokio::test]
async fn a_trusted_proxy_carries_everybody() -> Result<()> {
    let world = World::with("dawdlers", |config| {
        config.connections.max_address_connections = 1;
        config.origin.trusted_proxies = "127.0.0.1/32".parse().into_iter().collect();
    })
    .await?;
    let mut staying = Vec::new();
    for _ in 0..5 {
        staying.push(stay(&world).await?.context("it is limited")?);
    }
    Ok(())
}

#[tokio::test]
async fn the_end_tells_those_who_listen_and_waits_for_nobody_who_is_idle() -> Result<()> {
    let config = config("postgres://nobody@127.0.0.1:1/nothing", "web");
    let state = AppState::new(&config).map_err(|error| anyhow::anyhow!("{error}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let ending = state.ending.clone();
    let (end, ended) = oneshot::channel::<()>();
    let facade = tokio::spawn(serve(listener, state, async move {
        let _ = ended.await;
    }));
    let mut idle = TcpStream::connect(address).await?;
    idle.write_all(GET.as_bytes()).await?;
    let mut answer = [0; 4096];
    assert!(idle.read(&mut answer).await? > 0);
    assert!(!ending.is_cancelled());

    drop(end);
    ending.cancelled().await;
    assert_eq!(read_to_end(&mut idle).await?, "");
    timeout(Duration::from_secs(30), facade).await???;
    Ok(())
}
