//! What an owner edits: a call has one of each thing for itself, and whatever else its route wants.
use anyhow::Result;
use serde_json::json;
use uuid::Uuid;

use crate::{
    surface::{Known, Operation},
    world::{World, time},
};

/// What an owner's route is asked with.
pub async fn edited(
    world: &World,
    operation: &Operation,
    starts_at: chrono::DateTime<chrono::Utc>,
    known: &mut Known,
) -> Result<()> {
    let suffix = Uuid::new_v4().simple().to_string();
    let spare = world
        .sql
        .query_one("select * from pg_temp.spare('acme', $1)", &[&suffix])
        .await?;
    let spare = |name: &str| spare.try_get::<_, Uuid>(name).map(|id| json!(id));
    let path = operation.path.as_str();
    let things = [
        ("/busy-windows/{id}", "busy"),
        ("/locations/{id}", "location"),
        ("/rules/{id}", "rule"),
        ("/overrides/{id}", "override"),
        ("/requirements/{id}", "requirement"),
        ("/schedules/{id}", "schedule"),
        ("/holds/{id}", "hold"),
    ];
    if let Some((_, thing)) = things.iter().find(|(end, _)| path.ends_with(end)) {
        known.insert("id".into(), spare(thing)?);
    }
    if path.contains("/services") {
        known.insert("service".into(), spare("service")?);
    }
    if path.contains("/resources/") || path.contains("/busy-windows") {
        known.insert("resource".into(), spare("resource")?);
    }
    if path.ends_with("/overrides") || path.contains("/overrides/") {
        known.insert("from".into(), json!("2100-02-01"));
        known.remove("to");
    }
    if path.ends_with("/payments") {
        known.insert("amount".into(), json!(5));
        known.insert("currency".into(), json!("EUR"));
    }
    for (name, value) in [
        ("schedule", spare("schedule")?),
        ("resources", json!([spare("another")?])),
        ("requirements", json!([{"resources": [spare("another")?]}])),
        ("slug", json!(format!("zz-new-{suffix}"))),
        ("name", json!("New")),
        ("durations", json!([60])),
        ("hours", json!("Mo-Fr 09:00-17:00")),
        ("opens", json!("09:00")),
        ("closes", json!("10:00")),
        ("role", json!("viewer")),
        ("user_id", json!(format!("zz-spare-{suffix}"))),
        (
            "ends_at",
            json!(time(starts_at + chrono::Duration::hours(1))),
        ),
        ("from_resource", json!("chair")),
        ("reference", json!(suffix)),
    ] {
        known.insert(name.into(), value);
    }
    Ok(())
}
