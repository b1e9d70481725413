//! `POST holds` and `DELETE holds/{id}`.
use anyhow::Result;
use chrono::DateTime;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::world::{World, monday, monday_at, session, time};

#[tokio::test]
async fn a_hold_says_what_it_holds_and_until_when() -> Result<()> {
    let world = World::new("holds").await?;
    let chair = world.chair().await?;
    let answer = world.hold(monday_at(9), &session()).await?;
    assert_eq!(
        (answer.status, &answer.body),
        (
            201,
            &json!({
                "hold_id": answer.body["hold_id"], "starts_at": time(monday_at(9)), "ends_at": time(monday_at(10)),
                "expires_at": answer.body["expires_at"], "resources": [chair],
            })
        )
    );
    assert_eq!(
        answer.header("location"),
        format!("/v1/acme/holds/{}", answer.text("hold_id"))
    );
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let lives =
        DateTime::parse_from_rfc3339(answer.text("expires_at"))?.to_utc() - chrono::Utc::now();
    assert!((500..=600).contains(&lives.num_seconds()), "{lives}");
    Ok(())
}

#[tokio::test]
async fn a_slot_id_is_all_that_a_hold_needs() -> Result<()> {
    let world = World::new("holds").await?;
    let slot = world.slots(monday()).await?.swap_remove(3);
    let request = world
        .request(Method::POST, "/v1/acme/holds")
        .header("Booking-Session", session());
    let answer = world
        .send(request.json(&json!({"slot_id": slot["slot_id"], "ttl_seconds": 60})))
        .await?;
    assert_eq!(
        (answer.status, answer.text("starts_at")),
        (201, slot["starts_at"].as_str().unwrap_or_default())
    );
    let lives =
        DateTime::parse_from_rfc3339(answer.text("expires_at"))?.to_utc() - chrono::Utc::now();
    assert!(lives.num_seconds() <= 60, "{lives}");
    Ok(())
}

#[tokio::test]
async fn a_held_slot_is_taken_for_others_and_renewed_for_its_session() -> Result<()> {
    let world = World::new("holds").await?;
    let mine = session();
    let first = world.hold(monday_at(9), &mine).await?;
    assert_eq!(
        world.hold(monday_at(9), &session()).await?.outcome(),
        (409, Some("BK001"))
    );
    let again = world.hold(monday_at(9), &mine).await?;
    assert_eq!(
        (again.status, again.text("hold_id")),
        (201, first.text("hold_id"))
    );
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_explained_in_its_body() -> Result<()> {
    let world = World::new("holds").await?;
    world.hold(monday_at(9), &session()).await?;
    let answer = world.hold(monday_at(9), &session()).await?;
    assert_eq!(
        answer.stable_body(),
        json!({
            "type": "https://github.com/pg-booking/pg_booking#bk001", "title": "Slot taken", "status": 409,
            "detail": "the slot is booked or held by someone else", "code": "BK001",
        })
    );
    Ok(())
}

#[tokio::test]
async fn a_start_that_is_not_offered_is_422() -> Result<()> {
    let world = World::new("holds").await?;
    for start in [
        monday_at(8),
        monday_at(17),
        monday_at(9) + chrono::Duration::minutes(30),
    ] {
        assert_eq!(
            world.hold(start, &session()).await?.outcome(),
            (422, Some("BK003")),
            "{start}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_released_slot_is_free_again() -> Result<()> {
    let world = World::new("holds").await?;
    let mine = session();
    let path = world
        .hold(monday_at(9), &mine)
        .await?
        .header("location")
        .to_owned();
    assert_eq!(world.slots(monday()).await?.len(), 7);

    let released = world.delete(&path, &mine).await?;
    assert_eq!((released.status, released.body.is_null()), (204, true));
    assert_eq!(released.header("cache-control"), "private, no-store");
    assert_eq!(world.slots(monday()).await?.len(), 8);
    assert_eq!(world.delete(&path, &mine).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_hold_of_another_session_is_no_hold() -> Result<()> {
    let world = World::new("holds").await?;
    let path = world
        .hold(monday_at(9), &session())
        .await?
        .header("location")
        .to_owned();
    let foreign = world.delete(&path, &session()).await?;
    let unknown = world
        .delete(&format!("/v1/acme/holds/{}", Uuid::new_v4()), &session())
        .await?;
    let no_uuid = world
        .delete("/v1/acme/holds/nine-o-clock", &session())
        .await?;
    let elsewhere = world
        .delete(&path.replace("acme", "nobody"), &session())
        .await?;
    assert_eq!(
        [
            foreign.status,
            unknown.status,
            no_uuid.status,
            elsewhere.status
        ],
        [404; 4]
    );
    for other in [unknown, no_uuid, elsewhere] {
        assert_eq!(foreign.stable_body(), other.stable_body());
    }
    assert_eq!(world.slots(monday()).await?.len(), 7);
    Ok(())
}

#[tokio::test]
async fn an_unknown_tenant_or_service_is_404_whatever_is_asked_of_it() -> Result<()> {
    let world = World::new("holds").await?;
    let body =
        json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session()});
    assert_eq!(world.post("/v1/nobody/holds", body).await?.status, 404);
    let body =
        json!({"service": "nothing", "starts_at": time(monday_at(9)), "session_id": session()});
    assert_eq!(world.post("/v1/acme/holds", body).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn what_the_engine_cannot_understand_is_400_in_its_words() -> Result<()> {
    let world = World::new("holds").await?;
    let at = time(monday_at(9));
    for body in [
        json!({"service": "haircut", "starts_at": at, "session_id": "short"}),
        json!({"session_id": session()}),
        json!({"starts_at": at, "session_id": session()}),
        json!({"service": "haircut", "starts_at": at}),
        json!({"service": "haircut", "session_id": session()}),
        json!({"slot_id": "nonsense", "session_id": session()}),
    ] {
        let answer = world.post("/v1/acme/holds", body.clone()).await?;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.text("code").starts_with("22"), "{body}: {answer:?}");
    }
    Ok(())
}

/// As a body may name it, so may the header.
#[tokio::test]
async fn a_session_in_any_script_lets_go_of_what_it_holds() -> Result<()> {
    let world = World::new("holds").await?;
    let mine = format!("séance-予約-{}", Uuid::new_v4());
    let held = world.hold(monday_at(9), &mine).await?;
    assert_eq!(held.status, 201, "{held:?}");
    assert_eq!(
        world.delete(held.header("location"), &mine).await?.status,
        204
    );
    Ok(())
}
