//! `/openapi.json`.
use anyhow::Result;

use crate::world::World;

#[tokio::test]
async fn the_routes_are_described_in_openapi() -> Result<()> {
    let world = World::new("described").await?;
    let api = world.get("/openapi.json").await?.body;
    assert_eq!(api["openapi"], "3.1.0");
    let slots = &api["paths"]["/v1/{tenant}/services/{service}/slots"]["get"];
    assert_eq!(slots["operationId"], "slots");
    assert!(slots["responses"]["404"].is_object(), "{slots}");
    let holds = &api["paths"]["/v1/{tenant}/holds"]["post"];
    assert!(holds["responses"]["408"].is_object(), "{holds}");
    assert!(api["components"]["schemas"]["Problem"].is_object());
    Ok(())
}
