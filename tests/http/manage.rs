//! `manage/...`: one's own booking, by its token.
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World, monday, monday_at, session, time};

/// A booking at an hour of Monday, and its token.
async fn book(world: &World, hour: i64) -> Result<(Answer, String)> {
    let body = json!({"service": "haircut", "starts_at": time(monday_at(hour)), "session_id": session(),
                      "customer": {"email": "ada@example.org"}});
    let answer = world.post("/v1/acme/bookings", body).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    let token = answer.text("manage_token").to_owned();
    Ok((answer, token))
}

async fn show(world: &World, token: &str) -> Result<Answer> {
    let request = world.request(Method::GET, "/v1/acme/manage/booking");
    world.send(request.header("Booking-Token", token)).await
}

async fn act(world: &World, what: &str, token: &str, key: &str, body: Value) -> Result<Answer> {
    let request = world
        .request(Method::POST, &format!("/v1/acme/manage/{what}"))
        .header("Booking-Token", token)
        .header("Idempotency-Key", key);
    world.send(request.json(&body)).await
}

#[tokio::test]
async fn a_token_shows_its_booking_and_what_may_be_done() -> Result<()> {
    let world = World::new("manage").await?;
    let (booked, token) = book(&world, 9).await?;
    let answer = show(&world, &token).await?;
    assert_eq!(
        (answer.status, &answer.body),
        (
            200,
            &json!({
                "booking_id": booked.body["booking_id"], "service_id": answer.body["service_id"], "service": "Haircut",
                "status": "confirmed", "starts_at": time(monday_at(9)), "ends_at": time(monday_at(10)), "zone": "UTC",
                "seats": 1, "resources": ["The chair"], "location_id": null, "location": null, "price": null,
                "currency": null, "payment_required": false, "payment_url": null, "expires_at": null, "may_cancel": true,
                "cancel_until": answer.body["cancel_until"], "may_reschedule": true,
                "reschedule_until": answer.body["reschedule_until"],
            })
        )
    );
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(!answer.body.to_string().contains("ada"), "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_worth_nothing_is_403_whatever_is_wrong_with_it() -> Result<()> {
    let world = World::new("manage").await?;
    let (_, revoked) = book(&world, 9).await?;
    world
        .sql
        .batch_execute("select booking.revoke_tokens(tenant_id, booking_id) from booking.booking")
        .await?;
    let (_, good) = book(&world, 11).await?;
    world
        .sql
        .batch_execute(
            "insert into booking.tenant (slug, name, zone) values ('other', 'Other', 'UTC')",
        )
        .await?;
    let elsewhere = world
        .request(Method::GET, "/v1/other/manage/booking")
        .header("Booking-Token", &good);
    let answers = [
        show(&world, "nonsense").await?,
        show(&world, "").await?,
        show(&world, &revoked).await?,
        world.send(elsewhere).await?,
        act(&world, "cancel", "nonsense", "k", json!({})).await?,
        act(
            &world,
            "reschedule",
            "nonsense",
            "k",
            json!({"starts_at": time(monday_at(9))}),
        )
        .await?,
    ];
    for answer in &answers {
        assert_eq!(answer.outcome(), (403, Some("BK007")));
        assert_eq!(answer.stable_body(), answers[0].stable_body());
    }
    let without = world.get("/v1/acme/manage/booking").await?;
    assert_eq!(without.status, 400);
    assert!(without.text("detail").contains("Booking-Token"));
    let address = format!("/v1/acme/manage/booking?token={good}");
    let in_the_address = world.request(Method::GET, &address);
    let answer = world
        .send(in_the_address.header("Booking-Token", &good))
        .await?;
    assert_eq!(answer.status, 400);
    assert!(!answer.body.to_string().contains(&good), "{answer:?}");
    let unknown = world
        .request(Method::GET, "/v1/nobody/manage/booking")
        .header("Booking-Token", good);
    assert_eq!(world.send(unknown).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_booking_is_cancelled_once_and_its_slot_is_free() -> Result<()> {
    let world = World::new("manage").await?;
    let (booked, token) = book(&world, 9).await?;
    let body = json!({"reason": "a cold"});
    let first = act(&world, "cancel", &token, "once", body.clone()).await?;
    assert_eq!(
        (
            first.status,
            first.text("status"),
            &first.body["booking_id"]
        ),
        (200, "cancelled", &booked.body["booking_id"]),
        "{first:?}"
    );
    assert_eq!(first.header("cache-control"), "private, no-store");
    let repeat = act(&world, "cancel", &token, "once", body).await?;
    assert_eq!((repeat.status, &repeat.body), (200, &first.body));
    let other = act(
        &world,
        "cancel",
        &token,
        "once",
        json!({"reason": "boredom"}),
    )
    .await?;
    assert_eq!(other.outcome(), (409, Some("BK006")));
    let again = act(&world, "cancel", &token, "twice", json!({})).await?;
    assert_eq!(again.outcome(), (409, Some("BK005")));
    assert_eq!(world.slots(monday()).await?.len(), 8);
    assert_eq!(show(&world, &token).await?.text("status"), "cancelled");
    Ok(())
}

#[tokio::test]
async fn nothing_has_to_be_said_to_cancel() -> Result<()> {
    let world = World::new("manage").await?;
    let (_, token) = book(&world, 9).await?;
    let request = world.request(Method::POST, "/v1/acme/manage/cancel");
    let answer = world.send(request.header("Booking-Token", token)).await?;
    assert_eq!((answer.status, answer.text("status")), (200, "cancelled"));
    Ok(())
}

#[tokio::test]
async fn a_booking_moves_to_a_start_or_a_slot_and_keeps_its_token() -> Result<()> {
    let world = World::new("manage").await?;
    let (booked, token) = book(&world, 9).await?;
    let there = json!({"starts_at": time(monday_at(14))});
    let moved = act(&world, "reschedule", &token, "one", there.clone()).await?;
    assert_eq!(
        (
            moved.status,
            moved.text("starts_at"),
            &moved.body["booking_id"]
        ),
        (200, &*time(monday_at(14)), &booked.body["booking_id"]),
        "{moved:?}"
    );
    let repeat = act(&world, "reschedule", &token, "one", there).await?;
    assert_eq!((repeat.status, &repeat.body), (200, &moved.body));

    let slot = world.slots(monday()).await?.swap_remove(0);
    let back = act(
        &world,
        "reschedule",
        &token,
        "two",
        json!({"slot_id": slot["slot_id"]}),
    )
    .await?;
    assert_eq!(back.text("starts_at"), time(monday_at(9)));
    assert_eq!(
        show(&world, &token).await?.text("starts_at"),
        time(monday_at(9))
    );
    Ok(())
}

#[tokio::test]
async fn a_booking_stays_where_it_is_if_it_cannot_move() -> Result<()> {
    let world = World::new("manage").await?;
    let (_, token) = book(&world, 9).await?;
    book(&world, 11).await?;
    for (to, outcome) in [
        (
            json!({"starts_at": time(monday_at(11))}),
            (409, Some("BK001")),
        ),
        (
            json!({"starts_at": time(monday_at(20))}),
            (422, Some("BK003")),
        ),
        (json!({"slot_id": "nonsense"}), (400, Some("22023"))),
        (json!({}), (400, Some("22004"))),
        (
            json!({"starts_at": time(monday_at(11)), "resource": "00000000-0000-0000-0000-000000000000"}),
            (404, None),
        ),
    ] {
        let answer = act(&world, "reschedule", &token, "key", to.clone()).await?;
        assert_eq!(answer.outcome(), outcome, "{to}: {answer:?}");
    }
    assert_eq!(
        show(&world, &token).await?.text("starts_at"),
        time(monday_at(9))
    );
    Ok(())
}

#[tokio::test]
async fn a_token_is_in_no_answer_but_that_to_the_booking() -> Result<()> {
    let world = World::new("manage").await?;
    let (_, token) = book(&world, 9).await?;
    let shown = show(&world, &token).await?;
    let cancelled = act(&world, "cancel", &token, "key", json!({})).await?;
    for answer in [shown, cancelled] {
        assert!(!format!("{answer:?}").contains(&token), "{answer:?}");
    }
    Ok(())
}
