//! Who signs in, and what becomes of it.
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use crate::world::{World, monday_at, sign, time};

#[tokio::test]
async fn a_customer_who_has_signed_in_books_as_that_sub() -> Result<()> {
    let world = World::new("auth").await?;
    let body =
        json!({"service": "haircut", "starts_at": time(monday_at(9)), "customer": {"name": "Ada"}});
    let request = world
        .request(Method::POST, "/v1/acme/bookings")
        .bearer_auth(world.token("ada")?)
        .json(&body);
    assert_eq!(world.send(request).await?.status, 201);
    let row = world
        .sql
        .query_one("select customer_key from booking.booking", &[])
        .await?;
    assert_eq!(row.get::<_, String>(0), "ada");
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_worth_nothing_is_401_and_a_service_token_works() -> Result<()> {
    let world = World::new("auth").await?;
    let ask = |token: String| {
        world
            .request(Method::GET, "/v1/acme/services")
            .bearer_auth(token)
    };
    let late = sign(&json!({"sub": "ada", "exp": 1_000_000_000}))?;
    for token in [String::new(), "x.y.z".into(), late] {
        let answer = world.send(ask(token)).await?;
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, "Bearer")
        );
    }
    assert_eq!(world.send(ask(world.service_token()?)).await?.status, 200);
    Ok(())
}
