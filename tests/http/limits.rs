//! How many requests there may be, and of whom.
use std::num::NonZeroU32;

use anyhow::{Context, Result};
use booking_facade::config::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use crate::world::{Answer, World, monday_at, session};

/// Few enough that none comes back while a test runs on.
const FEW: NonZeroU32 = NonZeroU32::new(3).unwrap();

fn few(config: &mut Config) {
    config.rates.read_limit = FEW;
    config.rates.write_limit = FEW;
    config.rates.session_limit = FEW;
}

fn behind_a_proxy(config: &mut Config) {
    few(config);
    config.origin.trusted_proxies = "127.0.0.0/8".parse().into_iter().collect();
}

impl World {
    fn services(&self) -> RequestBuilder {
        self.request(Method::GET, "/v1/acme/services")
    }

    /// The services as a proxy asks for them on behalf of somebody.
    async fn services_for(&self, forwarded: &str) -> Result<u16> {
        let request = self.services().header("X-Forwarded-For", forwarded);
        Ok(self.send(request).await?.status)
    }

    async fn services_with(&self, token: &str) -> Result<Answer> {
        self.send(self.services().bearer_auth(token)).await
    }

    async fn release(&self, session: &str) -> Result<u16> {
        let path = format!("/v1/acme/holds/{}", Uuid::new_v4());
        Ok(self.delete(&path, session).await?.status)
    }
}

#[tokio::test]
async fn an_address_gets_so_many_requests_and_is_told_when_to_come_back() -> Result<()> {
    let world = World::with("limits", few).await?;
    for left in [2, 1, 0] {
        let answer = world.get("/v1/acme/services").await?;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), r#""reads";q=3;w=60"#);
        assert_eq!(answer.header("ratelimit"), format!(r#""reads";r={left}"#));
    }
    // Another tenant's are no others, and whether there is one makes no difference.
    for path in ["/v1/acme/services", "/v1/nobody/services"] {
        let answer = world.get(path).await?;
        assert_eq!(answer.outcome(), (429, None));
        let wait: u32 = answer.header("retry-after").parse()?;
        assert!((1..=20).contains(&wait), "{answer:?}");
        assert_eq!(
            answer.header("ratelimit"),
            format!(r#""reads";r=0;t={wait}"#)
        );
    }
    Ok(())
}

#[tokio::test]
async fn each_kind_of_request_has_its_own_limit_and_a_refused_one_does_nothing() -> Result<()> {
    let world = World::with("limits", few).await?;
    for hour in 9..12 {
        let held = world.hold(monday_at(hour), &session()).await?;
        assert_eq!(held.status, 201, "{held:?}");
    }
    let refused = world.hold(monday_at(12), &session()).await?;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("ratelimit-policy"), r#""writes";q=3;w=60"#);
    let holds = "select count(*) from booking.hold";
    assert_eq!(world.sql.query_one(holds, &[]).await?.get::<_, i64>(0), 3);

    assert_eq!(world.get("/v1/acme/services").await?.status, 200);
    assert_eq!(world.release(&session()).await?, 404);
    for _ in 0..10 {
        let answer = world.get("/healthz").await?;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit"), "");
    }
    Ok(())
}

#[tokio::test]
async fn a_session_gets_so_many_and_all_of_an_address_together_so_many_more() -> Result<()> {
    let world = World::with("limits", |config| {
        few(config);
        config.rates.sessions_limit = NonZeroU32::new(6).unwrap_or(FEW);
    })
    .await?;
    let (one, another) = (session(), session());
    let mut statuses = Vec::new();
    for session in [&one, &one, &one, &one, &another, &another, &another] {
        statuses.push(world.release(session).await?);
    }
    assert_eq!(statuses, [404, 404, 404, 429, 404, 404, 429]);
    Ok(())
}

#[tokio::test]
async fn what_a_stranger_says_of_its_address_is_not_read() -> Result<()> {
    let world = World::with("limits", few).await?;
    let mut statuses = Vec::new();
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        statuses.push(world.services_for(address).await?);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    Ok(())
}

#[tokio::test]
async fn behind_a_proxy_the_limits_are_those_of_its_clients() -> Result<()> {
    let world = World::with("limits", behind_a_proxy).await?;
    for _ in 0..3 {
        assert_eq!(world.services_for("192.0.2.1").await?, 200);
        assert_eq!(world.services_for("2001:db8::1").await?, 200);
    }
    // What the client itself wrote before the proxy appended its address is nothing.
    for (forwarded, status) in [
        ("192.0.2.1", 429),
        ("6.6.6.6, 192.0.2.1", 429),
        ("::ffff:192.0.2.1", 429),
        ("192.0.2.2", 200),
        ("2001:db8::2", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        assert_eq!(world.services_for(forwarded).await?, status, "{forwarded}");
    }
    Ok(())
}

#[tokio::test]
async fn the_engine_is_told_where_a_request_comes_from() -> Result<()> {
    let world = World::with("limits", behind_a_proxy).await?;
    let request = world
        .request(Method::POST, "/v1/acme/holds")
        .header("X-Forwarded-For", "203.0.113.7")
        .json(&json!({"service": "haircut", "starts_at": crate::world::time(monday_at(9)), "session_id": session()}));
    assert_eq!(world.send(request).await?.status, 201);
    let client = "select client from booking.hold";
    let client = world.sql.query_one(client, &[]).await?;
    assert_eq!(client.get::<_, &str>(0), "203.0.113.7");
    Ok(())
}

#[tokio::test]
async fn whoever_has_signed_in_is_counted_for_itself_and_the_service_is_not() -> Result<()> {
    let world = World::with("limits", |config| {
        few(config);
        config.rates.member_limit = NonZeroU32::new(5).unwrap_or(FEW);
    })
    .await?;
    for _ in 0..4 {
        world.get("/v1/acme/services").await?;
    }
    let ada = world.token("ada")?;
    for left in (0..5).rev() {
        let answer = world.services_with(&ada).await?;
        assert_eq!(answer.header("ratelimit"), format!(r#""reads";r={left}"#));
        assert_eq!(answer.status, 200);
    }
    // A fresh token is the same person.
    let renewed = json!({"sub": "ada", "role": format!("{}_member", world.role), "jti": "2"});
    let renewed = crate::world::sign(&renewed)?;
    assert_eq!(world.services_with(&renewed).await?.status, 429);
    let bob = world.token("bob")?;
    assert_eq!(world.services_with(&bob).await?.status, 200);
    let service = world.service_token()?;
    for _ in 0..10 {
        let answer = world.services_with(&service).await?;
        assert_eq!((answer.status, answer.header("ratelimit")), (200, ""));
    }
    Ok(())
}

#[tokio::test]
async fn whoever_has_signed_in_books_no_more_than_others_at_an_address() -> Result<()> {
    let world = World::with("limits", few).await?;
    let mut statuses = Vec::new();
    for (hour, who) in [(9, "ada"), (10, "bob"), (11, "ada"), (12, "cyd")] {
        let request = world
            .request(Method::POST, "/v1/acme/holds")
            .bearer_auth(world.token(who)?)
            .json(&json!({"service": "haircut", "starts_at": crate::world::time(monday_at(hour)), "session_id": session()}));
        statuses.push(world.send(request).await?.status);
    }
    assert_eq!(statuses, [201, 201, 201, 429]);
    // What an owner writes is counted for itself.
    let request = world
        .request(Method::POST, "/v1/acme/admin/locations")
        .bearer_auth(world.token("ada")?)
        .json(&json!({"slug": "hall", "name": "Hall"}));
    let answer = world.send(request).await?;
    assert_eq!(
        answer.header("ratelimit-policy"),
        r#""owner";q=1000000;w=60"#
    );
    Ok(())
}

#[tokio::test]
async fn a_token_that_does_not_verify_counts_for_its_address() -> Result<()> {
    let world = World::with("limits", few).await?;
    let mut statuses = Vec::new();
    for number in 0..5 {
        let token = format!("e30.{number}.x");
        statuses.push(world.services_with(&token).await?.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    Ok(())
}

/// A route that is added later has to be in one of the groups, too.
#[tokio::test]
async fn every_route_has_a_limit_but_those_that_watch_the_process() -> Result<()> {
    let world = World::new("limits").await?;
    let api = world.get("/openapi.json").await?.body;
    let paths = api["paths"].as_object().context("paths")?;
    for (path, operations) in paths {
        for method in operations.as_object().context("operations")?.keys() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                continue;
            };
            let address = path.replace(['{', '}'], "");
            let url = format!("{}{address}", world.url);
            let answer = world.http.request(method.clone(), url).send().await?;
            assert_eq!(
                answer.headers().contains_key("ratelimit"),
                !["/healthz", "/readyz", "/metrics"].contains(&path.as_str()),
                "{method} {path}: {}",
                answer.status()
            );
        }
    }
    Ok(())
}
