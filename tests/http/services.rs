//! `GET services`.
use anyhow::Result;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn services_are_listed_with_what_a_calendar_needs() -> Result<()> {
    let world = World::new("services").await?;
    let answer = world.get("/v1/acme/services").await?;
    let id = world
        .sql
        .query_one("select service_id::text from booking.service", &[])
        .await?;
    let service = json!({
        "service_id": id.get::<_, String>(0), "slug": "haircut", "name": "Haircut", "zone": "UTC",
        "durations_minutes": [60], "step_minutes": 60,
    });
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({"services": [service]}))
    );
    assert_eq!(answer.header("cache-control"), "max-age=5");
    Ok(())
}

#[tokio::test]
async fn a_tenant_is_found_by_its_id_as_well_as_by_its_slug() -> Result<()> {
    let world = World::new("services").await?;
    let row = world
        .sql
        .query_one("select tenant_id::text from booking.tenant", &[])
        .await?;
    let by_id = world
        .get(&format!("/v1/{}/services", row.get::<_, String>(0)))
        .await?;
    assert_eq!(by_id.body, world.get("/v1/acme/services").await?.body);
    Ok(())
}

#[tokio::test]
async fn what_is_not_public_is_not_listed() -> Result<()> {
    let world = World::new("services").await?;
    world
        .sql
        .batch_execute("update booking.service set public = false")
        .await?;
    assert_eq!(
        world.get("/v1/acme/services").await?.body,
        json!({"services": []})
    );
    Ok(())
}

#[tokio::test]
async fn unknown_inactive_and_foreign_cannot_be_told_apart() -> Result<()> {
    let world = World::new("services").await?;
    world.neighbours().await?;
    let row = world
        .sql
        .query_one("select service_id::text from booking.service", &[])
        .await?;
    let foreign = row.get::<_, String>(0);
    let range = "from=2030-01-07T00:00:00Z&to=2030-01-08T00:00:00Z";

    let unknown = [
        "/v1/nobody/services".to_owned(),
        "/v1/closed/services".to_owned(),
        "/v1/00000000-0000-0000-0000-000000000000/services".to_owned(),
        format!("/v1/acme/services/nothing/slots?{range}"),
        format!("/v1/closed/services/haircut/slots?{range}"),
        format!("/v1/other/services/haircut/slots?{range}"),
        format!("/v1/other/services/{foreign}/slots?{range}"),
    ];
    world.assert_one_404(unknown).await
}
