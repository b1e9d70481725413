//! `POST heartbeat` and `DELETE holds`.
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Answer, World, monday, monday_at, session, time};

const PATH: &str = "/v1/acme/heartbeat";

async fn beat(world: &World, session: &str) -> Result<Answer> {
    let request = world
        .request(Method::POST, PATH)
        .header("Booking-Session", session);
    world.send(request).await
}

#[tokio::test]
async fn every_hold_of_the_session_is_renewed() -> Result<()> {
    let world = World::new("heartbeat").await?;
    let mine = session();
    let first = world.hold(monday_at(9), &mine).await?;
    world.hold(monday_at(11), &mine).await?;
    world.hold(monday_at(13), &session()).await?;
    let answer = beat(&world, &mine).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let holds = answer.body["holds"].as_array().cloned().unwrap_or_default();
    assert_eq!(holds.len(), 2);
    assert_eq!(holds[0]["hold_id"], first.body["hold_id"]);
    assert_eq!(
        (&holds[0]["status"], &holds[0]["code"]),
        (&json!("live"), &Value::Null)
    );
    assert!(holds[0]["expires_at"].as_str() > first.body["expires_at"].as_str());
    assert_eq!(answer.header("cache-control"), "private, no-store");
    Ok(())
}

#[tokio::test]
async fn what_lapsed_is_taken_up_again_or_told_with_its_code() -> Result<()> {
    let world = World::new("heartbeat").await?;
    let mine = session();
    let taken = world.hold(monday_at(9), &mine).await?;
    let free = world.hold(monday_at(11), &mine).await?;
    // What comes from outside asks nobody, and leaves a lapsed hold where it is.
    world
        .sql
        .batch_execute(&format!(
            "update booking.hold set expires_at = clock_timestamp() - interval '1 second';
             insert into booking.busy_window (tenant_id, resource_id, span)
             select tenant_id, resource_id, tstzrange('{}', '{}') from booking.resource",
            time(monday_at(9)),
            time(monday_at(10))
        ))
        .await?;

    let request = world.request(Method::POST, PATH);
    let gone = Uuid::new_v4();
    let answer = world
        .send(request.json(&json!({"session_id": mine, "holds": [taken.body["hold_id"], gone]})))
        .await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let of = |id: &Value| {
        let holds = answer.body["holds"].as_array().cloned().unwrap_or_default();
        let hold = holds.into_iter().find(|hold| hold["hold_id"] == *id);
        hold.map(|hold| (hold["status"].clone(), hold["code"].clone()))
    };
    assert_eq!(
        of(&free.body["hold_id"]),
        Some((json!("live"), Value::Null))
    );
    let (status, code) = of(&taken.body["hold_id"]).unwrap_or_default();
    assert_ne!(status, "live");
    assert_eq!(code, "BK001");
    assert_eq!(of(&json!(gone)), Some((json!("gone"), json!("BK002"))));
    Ok(())
}

#[tokio::test]
async fn a_session_that_holds_nothing_is_told_so() -> Result<()> {
    let world = World::new("heartbeat").await?;
    let answer = beat(&world, &session()).await?;
    assert_eq!((answer.status, &answer.body), (200, &json!({"holds": []})));
    Ok(())
}

#[tokio::test]
async fn a_heartbeat_needs_a_session_and_a_tenant() -> Result<()> {
    let world = World::new("heartbeat").await?;
    let nobody = world.send(world.request(Method::POST, PATH)).await?;
    assert_eq!(nobody.outcome(), (400, Some("22004")));
    assert_eq!(beat(&world, "short").await?.outcome(), (400, Some("22023")));
    let elsewhere = world
        .request(Method::POST, "/v1/nobody/heartbeat")
        .header("Booking-Session", session());
    assert_eq!(world.send(elsewhere).await?.status, 404);
    let many: Vec<_> = (0..1001).map(|_| Uuid::new_v4()).collect();
    let request = world.post(PATH, json!({"session_id": session(), "holds": many}));
    assert_eq!(request.await?.outcome(), (400, Some("54000")));
    // Some body, but not JSON.
    let text = world.request(Method::POST, PATH).body("beat");
    assert_eq!(world.send(text).await?.status, 415);
    Ok(())
}

#[tokio::test]
async fn all_holds_of_a_session_go_together_and_nobody_elses() -> Result<()> {
    let world = World::new("heartbeat").await?;
    let mine = session();
    for hour in [9, 11] {
        world.hold(monday_at(hour), &mine).await?;
    }
    world.hold(monday_at(13), &session()).await?;
    let gone = world.delete("/v1/acme/holds", &mine).await?;
    assert_eq!((gone.status, &gone.body), (204, &Value::Null));
    assert_eq!(gone.header("cache-control"), "private, no-store");
    assert_eq!(world.slots(monday()).await?.len(), 7);
    assert_eq!(world.delete("/v1/acme/holds", &mine).await?.status, 204);
    assert_eq!(world.delete("/v1/nobody/holds", &mine).await?.status, 404);
    let nobody = world.request(Method::DELETE, "/v1/acme/holds");
    assert_eq!(world.send(nobody).await?.outcome(), (400, Some("22004")));
    Ok(())
}
