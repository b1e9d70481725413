//! What browsers are told not to do, whatever was asked and however it was answered.
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, World};

const TOLD: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
];

async fn answers(world: &World) -> Result<Vec<Answer>> {
    let compressed = world
        .request(Method::POST, "/v1/acme/holds")
        .header("Content-Encoding", "gzip");
    Ok(vec![
        world.get("/healthz").await?,
        world.get("/v1/acme/services").await?,
        world.get("/v1/nobody/services").await?,
        world.get("/nowhere").await?,
        world.post("/v1/acme/holds", json!({"slot": 1})).await?,
        world
            .send(world.request(Method::PUT, "/v1/acme/holds"))
            .await?,
        world.send(compressed).await?,
    ])
}

#[tokio::test]
async fn every_answer_says_what_it_is_not() -> Result<()> {
    let world = World::new("headers").await?;
    for answer in answers(&world).await? {
        for (name, value) in TOLD {
            assert_eq!(answer.header(name), value, "{answer:?}");
        }
        for absent in ["server", "x-powered-by", "strict-transport-security"] {
            assert_eq!(answer.header(absent), "", "{answer:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_says_itself_what_it_may_load() -> Result<()> {
    let world = World::new("headers").await?;
    let url = format!("{}/docs/", world.url);
    let page = world.http.get(url).send().await?;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str()?;
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    Ok(())
}

#[tokio::test]
async fn tls_is_insisted_on_where_that_was_asked_for() -> Result<()> {
    let world = World::with("headers", |config| config.hsts = Some(31_536_000)).await?;
    for answer in answers(&world).await? {
        let told = answer.header("strict-transport-security");
        assert_eq!(told, "max-age=31536000", "{answer:?}");
    }
    Ok(())
}
