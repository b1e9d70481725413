//! `/healthz` and `/readyz`.
use anyhow::Result;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_facade_with_its_database_is_alive_and_ready() -> Result<()> {
    let world = World::new("health").await?;
    for (path, status) in [("/healthz", "alive"), ("/readyz", "ready")] {
        let answer = world.get(path).await?;
        assert_eq!(
            (answer.status, &answer.body),
            (200, &json!({"status": status}))
        );
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
    Ok(())
}

#[tokio::test]
async fn without_access_it_is_not_ready() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute(&format!(
            "revoke usage on schema booking_api from {}_public",
            world.role
        ))
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 503);
    assert_eq!(world.get("/healthz").await?.status, 200);
    world
        .sql
        .batch_execute(&format!(
            "grant usage on schema booking_api to {}_public",
            world.role
        ))
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn after_a_restore_it_is_not_ready_until_access_is_granted_again() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute("alter function booking.public_services(text) owner to postgres")
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 503);
    world
        .sql
        .batch_execute("select booking.grant_access()")
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn without_the_extension_it_is_not_ready() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute("drop extension pg_booking cascade")
        .await?;
    let answer = world.get("/readyz").await?;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    assert_eq!(world.get("/healthz").await?.status, 200);
    Ok(())
}
