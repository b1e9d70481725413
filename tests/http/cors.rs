//! Pages of other sites: each tenant says which.
use anyhow::Result;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::world::{Answer, World, session};

const PAGE: &str = "https://salon.example";

impl World {
    /// What the settings of a tenant say; read anew, since nobody asked before.
    async fn origins(&self, tenant: &str, origins: &str) -> Result<()> {
        let set = "update booking.tenant set settings = settings || jsonb_build_object('cors_origins', $2::text::jsonb)
                   where slug = $1";
        self.sql.execute(set, &[&tenant, &origins]).await?;
        Ok(())
    }

    fn preflight(&self, path: &str, origin: &str) -> RequestBuilder {
        self.request(Method::OPTIONS, path)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "booking-session,content-type",
            )
    }

    async fn as_page(&self, path: &str, origin: &str) -> Result<Answer> {
        let request = self.request(Method::GET, path).header("Origin", origin);
        self.send(request).await
    }
}

fn allowed(answer: &Answer) -> &str {
    answer.header("access-control-allow-origin")
}

/// Whatever was asked, an answer may be kept for its own origin only, and no cookie is ever wanted.
fn check(answer: &Answer) {
    let varies = |value: &reqwest::header::HeaderValue| {
        let value = value.to_str().unwrap_or_default().to_lowercase();
        value.split(',').any(|name| name.trim() == "origin")
    };
    assert!(
        answer.headers.get_all("vary").iter().any(varies),
        "{answer:?}"
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn nobody_may_call_unless_the_tenant_says_so() -> Result<()> {
    let world = World::new("cors").await?;
    for path in ["/v1/acme/services", "/v1/nobody/services", "/healthz"] {
        let answer = world.as_page(path, PAGE).await?;
        check(&answer);
        assert_eq!(allowed(&answer), "", "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_the_tenant_names_may_call_and_read_the_headers() -> Result<()> {
    let world = World::new("cors").await?;
    world
        .origins("acme", r#"["https://Salon.example"]"#)
        .await?;
    let id = "select tenant_id::text from booking.tenant";
    let id: String = world.sql.query_one(id, &[]).await?.get(0);
    for path in [
        "/v1/acme/services",
        &format!("/v1/{id}/services"),
        "/v1/acme/nothing",
    ] {
        let answer = world.as_page(path, PAGE).await?;
        check(&answer);
        assert_eq!(allowed(&answer), PAGE, "{path}");
        let exposed = answer.header("access-control-expose-headers");
        for name in [
            "etag",
            "location",
            "retry-after",
            "ratelimit",
            "x-request-id",
        ] {
            assert!(exposed.contains(name), "{name}: {exposed}");
        }
    }
    for stranger in [
        "https://salon.example.evil.example",
        "http://salon.example",
        "https://salon.example:444",
        "null",
        "*",
    ] {
        let answer = world.as_page("/v1/acme/services", stranger).await?;
        check(&answer);
        assert_eq!(allowed(&answer), "", "{stranger}");
    }
    Ok(())
}

#[tokio::test]
async fn a_preflight_is_answered_without_the_route() -> Result<()> {
    let world = World::new("cors").await?;
    world
        .origins("acme", r#"["https://salon.example"]"#)
        .await?;
    let url = "/v1/acme/holds";
    let answer = world.preflight(url, PAGE).send().await?;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap_or_default();
    assert_eq!(header("access-control-allow-origin"), PAGE);
    assert!(header("access-control-allow-methods").contains("DELETE"));
    assert!(header("access-control-allow-headers").contains("booking-session"));
    assert!(header("access-control-max-age").parse::<u32>()? > 0);

    let stranger = world.preflight(url, "https://evil.example").send().await?;
    assert!(
        !stranger
            .headers()
            .contains_key("access-control-allow-origin")
    );
    // Unknown tenants look like one that names nobody.
    let unknown = world.preflight("/v1/nobody/holds", PAGE).send().await?;
    assert_eq!(unknown.status(), stranger.status());
    let names = |answer: &reqwest::Response| answer.headers().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&unknown), names(&stranger));
    Ok(())
}

/// The tenant is in the body, which a preflight has not.
#[tokio::test]
async fn a_page_that_any_tenant_names_may_call_where_the_address_names_none() -> Result<()> {
    let routes = [
        "/api/booking/reserve-slot",
        "/api/booking/create-appointment",
        "/api/admin/recalculate-availability",
    ];
    let world = World::new("cors").await?;
    let shops = "insert into booking.tenant (slug, name, active) values ('other', 'Other', true), ('gone', 'Gone', false)";
    world.sql.batch_execute(shops).await?;
    world
        .origins("acme", r#"["https://salon.example"]"#)
        .await?;
    world
        .origins("gone", r#"["https://gone.example", "*"]"#)
        .await?;
    for path in routes {
        for (origin, may) in [
            (PAGE, PAGE),
            ("https://gone.example", ""),
            ("https://evil.example", ""),
        ] {
            let asked = Answer::of(world.preflight(path, origin).send().await?).await?;
            let request = world
                .request(Method::POST, path)
                .header("Origin", origin)
                .json(&json!({}));
            let answer = Answer::of(request.send().await?).await?;
            for answer in [asked, answer] {
                check(&answer);
                assert_eq!(allowed(&answer), may, "{path} {origin}");
            }
        }
    }
    // Where the address names one, its word counts.
    let list = "/api/booking/get-available-slots";
    for (tenant, may) in [("acme", PAGE), ("other", ""), ("nobody", "")] {
        let path = format!("{list}?tenant_id={tenant}");
        let asked = Answer::of(world.preflight(&path, PAGE).send().await?).await?;
        assert_eq!(allowed(&asked), may, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn any_page_may_call_where_any_tenant_says_so_and_the_address_names_none() -> Result<()> {
    let world = World::new("cors").await?;
    world.origins("acme", r#"["*"]"#).await?;
    let path = "/api/booking/reserve-slot";
    let asked = Answer::of(world.preflight(path, PAGE).send().await?).await?;
    check(&asked);
    assert_eq!(allowed(&asked), PAGE);
    Ok(())
}

#[tokio::test]
async fn any_page_may_call_where_the_tenant_says_so() -> Result<()> {
    let world = World::new("cors").await?;
    world.origins("acme", r#"["*"]"#).await?;
    let answer = world.as_page("/v1/acme/services", PAGE).await?;
    check(&answer);
    assert_eq!(allowed(&answer), PAGE);
    Ok(())
}

#[tokio::test]
async fn a_page_can_read_why_it_was_refused() -> Result<()> {
    let world = World::with("cors", |config| {
        config.rates.write_limit = std::num::NonZeroU32::MIN;
    })
    .await?;
    world.origins("acme", r#"["*"]"#).await?;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let request = world
            .request(Method::POST, "/v1/acme/holds")
            .header("Origin", PAGE)
            .json(&json!({"slot_id": "a", "session_id": session()}));
        let answer = world.send(request).await?;
        check(&answer);
        assert_eq!(allowed(&answer), PAGE, "{answer:?}");
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [400, 429]);
    Ok(())
}

#[tokio::test]
async fn what_a_tenant_said_is_remembered_for_a_moment() -> Result<()> {
    let world = World::new("cors").await?;
    world.origins("acme", r#"["*"]"#).await?;
    let preflight = || world.preflight("/v1/acme/holds", PAGE).send();
    assert!(
        preflight()
            .await?
            .headers()
            .contains_key("access-control-allow-origin")
    );
    world
        .sql
        .batch_execute("alter function booking_api.origins(text) rename to gone")
        .await?;
    assert!(
        preflight()
            .await?
            .headers()
            .contains_key("access-control-allow-origin")
    );
    Ok(())
}

#[tokio::test]
async fn whoever_makes_up_tenants_is_soon_not_looked_up_any_more() -> Result<()> {
    let world = World::with("cors", |config| {
        config.rates.read_limit = std::num::NonZeroU32::new(3).unwrap_or(config.rates.read_limit);
    })
    .await?;
    let shops = "insert into booking.tenant (slug, name) values ('other', 'Other')";
    world.sql.batch_execute(shops).await?;
    world.origins("acme", r#"["*"]"#).await?;
    world.origins("other", r#"["*"]"#).await?;
    let mut may = Vec::new();
    for tenant in ["acme", "made-up", "of-nobody", "other", "acme"] {
        let path = format!("/v1/{tenant}/holds");
        let answer = world.preflight(&path, PAGE).send().await?;
        may.push(answer.headers().contains_key("access-control-allow-origin"));
    }
    assert_eq!(may, [true, false, false, false, true]);
    Ok(())
}

#[tokio::test]
async fn settings_that_are_no_origins_are_refused() -> Result<()> {
    let world = World::new("cors").await?;
    for wrong in [
        r#""*""#,
        "{}",
        "[1]",
        r#"["salon.example"]"#,
        r#"["https://salon.example/"]"#,
        r#"["https://salon.example", "https://a b"]"#,
        r#"[["*"]]"#,
    ] {
        let refused = world.origins("acme", wrong).await;
        let error = refused.err().map(|error| error.to_string());
        assert!(error.is_some(), "{wrong}");
    }
    for right in [
        "[]",
        r#"["*"]"#,
        r#"["http://localhost:3000", "capacitor://localhost"]"#,
    ] {
        world.origins("acme", right).await?;
    }
    Ok(())
}
