//! `/metrics`: what is counted, and who may read it.
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use booking_facade::{scrape, state::AppState};

use crate::{
    cable::{Cable, proxy},
    world::{World, config, monday_at, session},
};

/// Names and labels, and values.
struct Scrape(String);

impl Scrape {
    async fn of(url: &str) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let answer = client.get(url).send().await?.error_for_status()?;
        let kind = answer.headers()["content-type"].to_str()?;
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        Ok(Self(answer.text().await?))
    }

    fn value(&self, name: &str) -> Result<f64> {
        let line = self
            .0
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line
            .with_context(|| format!("{name} is not in {}", self.0))?
            .parse()?)
    }

    fn has(&self, name: &str) -> bool {
        self.0.lines().any(|line| line.starts_with(name))
    }
}

async fn scrape(world: &World) -> Result<Scrape> {
    Scrape::of(&format!("{}/metrics", world.url)).await
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_address() -> Result<()> {
    let world = World::with("metrics", |config| config.metrics = true).await?;
    for _ in 0..3 {
        world.get("/v1/acme/services").await?;
    }
    world.get("/v1/nobody/services?session=secret").await?;
    world.get("/v1/some/where/else").await?;
    world.hold(monday_at(9), &session()).await?;
    world.hold(monday_at(9), &session()).await?;

    let seen = scrape(&world).await?;
    let services = r#"route="/v1/{tenant}/services""#;
    for (name, value) in [
        (
            format!(r#"booking_http_requests_total{{{services},method="GET",status="2xx"}}"#),
            3.0,
        ),
        (
            format!(r#"booking_http_requests_total{{{services},method="GET",status="4xx"}}"#),
            1.0,
        ),
        (
            r#"booking_http_requests_total{route="none",method="GET",status="4xx"}"#.to_owned(),
            1.0,
        ),
        (
            format!("booking_http_request_duration_seconds_count{{{services}}}"),
            4.0,
        ),
        (
            format!(r#"booking_http_request_duration_seconds_bucket{{{services},le="+Inf"}}"#),
            4.0,
        ),
        (
            r#"booking_http_requests_total{route="/v1/{tenant}/holds",method="POST",status="2xx"}"#
                .to_owned(),
            1.0,
        ),
        (
            r#"booking_problems_total{route="/v1/{tenant}/holds",method="POST",code="BK001"}"#
                .to_owned(),
            1.0,
        ),
        (
            r#"booking_database_calls_total{kind="write",outcome="ok"}"#.to_owned(),
            2.0,
        ),
        ("booking_pool_connections_max".to_owned(), 16.0),
        (r#"booking_pool_connections{state="used"}"#.to_owned(), 0.0),
        // The scrape itself.
        ("booking_http_requests_in_flight".to_owned(), 1.0),
        ("booking_live_holds".to_owned(), 1.0),
    ] {
        assert_eq!(seen.value(&name)?, value, "{name}");
    }
    assert!(seen.value(r#"booking_pool_connections{state="idle"}"#)? >= 1.0);
    assert!(seen.value("booking_pool_wait_seconds_count")? >= 6.0);
    for chosen in ["acme", "nobody", "else", "secret", "haircut", &world.role] {
        assert!(!seen.0.contains(chosen), "{chosen} is in {}", seen.0);
    }

    // However often somebody asks, the database is asked now and then.
    world.hold(monday_at(10), &session()).await?;
    assert_eq!(scrape(&world).await?.value("booking_live_holds")?, 1.0);
    Ok(())
}

#[tokio::test]
async fn nobody_reads_metrics_unless_it_was_asked_for() -> Result<()> {
    let world = World::new("metrics").await?;
    assert_eq!(world.get("/metrics").await?.status, 404);
    let world = World::with("metrics", |config| {
        config.metrics_listen = Some("127.0.0.1:0".into());
    })
    .await?;
    assert_eq!(world.get("/metrics").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn an_address_of_its_own_serves_metrics_and_nothing_else() -> Result<()> {
    let world = World::new("metrics").await?;
    let mut config = config(&world.db.url(&world.role), &world.role);
    config.metrics_listen = Some("127.0.0.1:0".into());
    let state = AppState::new(&config).map_err(|error| anyhow::anyhow!("{error}"))?;
    let address = scrape::listen("127.0.0.1:0", state)
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let seen = Scrape::of(&format!("http://{address}/metrics")).await?;
    assert_eq!(seen.value("booking_live_holds")?, 0.0);
    for path in ["/healthz", "/v1/acme/services", "/openapi.json"] {
        let answer = world.http.get(format!("http://{address}{path}")).send();
        assert_eq!(answer.await?.status(), 404, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn metrics_are_there_while_the_database_is_away() -> Result<()> {
    let world = World::new("metrics").await?;
    let (port, cable) = proxy(&world.db).await?;
    let world = world
        .through(port, |config| {
            config.metrics = true;
            config.acquire_timeout = Duration::from_millis(300);
        })
        .await?;
    cable.send(Cable::Silent)?;
    assert_eq!(world.get("/v1/acme/services").await?.status, 503);
    let began = Instant::now();
    let seen = scrape(&world).await?;
    assert!(began.elapsed() < Duration::from_secs(4));
    assert!(seen.value("booking_live_holds")?.is_nan());
    assert!(seen.value("booking_pool_failures_total")? >= 1.0);
    Ok(())
}

#[tokio::test]
async fn a_login_without_the_service_role_counts_everything_but_holds() -> Result<()> {
    let world = World::with("metrics", |config| config.metrics = true).await?;
    world
        .sql
        .batch_execute(&format!("revoke {0}_service from {0}", world.role))
        .await?;
    world.get("/v1/acme/services").await?;
    for _ in 0..2 {
        let seen = scrape(&world).await?;
        assert!(seen.value("booking_live_holds")?.is_nan());
        assert!(seen.has("booking_http_requests_total{"));
    }
    Ok(())
}
