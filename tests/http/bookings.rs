//! `POST bookings`.
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Answer, World, monday, monday_at, session, time};

const PATH: &str = "/v1/acme/bookings";

fn customer() -> Value {
    json!({"name": "Ada Lovelace", "email": "ada@example.org"})
}

#[tokio::test]
async fn a_visitor_finds_holds_and_books() -> Result<()> {
    let world = World::new("bookings").await?;
    let mine = session();

    let services = world.get("/v1/acme/services").await?;
    let service = services.body["services"][0]["slug"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let day = (time(monday()), time(monday() + chrono::Days::new(1)));
    let slots = world
        .get(&format!(
            "/v1/acme/services/{service}/slots?from={}&to={}",
            day.0, day.1
        ))
        .await?;
    let slot = &slots.body["slots"][2];
    let hold = world
        .post(
            "/v1/acme/holds",
            json!({"slot_id": slot["slot_id"], "session_id": mine}),
        )
        .await?;
    let booking = world
        .post(
            PATH,
            json!({"hold_id": hold.body["hold_id"], "session_id": mine, "customer": customer()}),
        )
        .await?;

    assert_eq!(
        (booking.status, &booking.body),
        (
            201,
            &json!({
                "booking_id": booking.body["booking_id"], "status": "confirmed",
                "starts_at": slot["starts_at"], "ends_at": slot["ends_at"],
                "manage_token": booking.body["manage_token"], "manage_url": null,
                "payment_required": false, "payment_url": null,
            })
        )
    );
    assert_eq!(booking.text("manage_token").len(), 43);
    assert_eq!(booking.header("cache-control"), "private, no-store");
    assert_eq!(world.slots(monday()).await?.len(), 7);
    let id: Uuid = booking.text("booking_id").parse()?;
    let row = world
        .sql
        .query_one(
            "select customer ->> 'name', status from booking.booking where booking_id = $1",
            &[&id],
        )
        .await?;
    assert_eq!((row.get(0), row.get(1)), ("Ada Lovelace", "confirmed"));
    Ok(())
}

#[tokio::test]
async fn a_slot_can_be_booked_without_a_hold() -> Result<()> {
    let world = World::new("bookings").await?;
    let slot = world.slots(monday()).await?.swap_remove(0);
    let by_id =
        json!({"slot_id": slot["slot_id"], "session_id": session(), "customer": customer()});
    assert_eq!(world.post(PATH, by_id.clone()).await?.status, 201);
    assert_eq!(
        world.post(PATH, by_id).await?.outcome(),
        (409, Some("BK001"))
    );

    let by_start = |hour| {
        json!({"service": "haircut", "starts_at": time(monday_at(hour)), "duration": 60, "session_id": session(),
               "customer": customer()})
    };
    assert_eq!(
        world.post(PATH, by_start(9)).await?.outcome(),
        (409, Some("BK001"))
    );
    assert_eq!(world.post(PATH, by_start(10)).await?.status, 201);
    assert_eq!(
        world.post(PATH, by_start(18)).await?.outcome(),
        (422, Some("BK003"))
    );
    Ok(())
}

#[tokio::test]
async fn a_hold_can_only_be_booked_by_its_session_and_once() -> Result<()> {
    let world = World::new("bookings").await?;
    let mine = session();
    let hold = world.hold(monday_at(9), &mine).await?;
    let book = |session: &str| json!({"hold_id": hold.body["hold_id"], "session_id": session, "customer": customer()});
    assert_eq!(
        world.post(PATH, book(&session())).await?.outcome(),
        (410, Some("BK002"))
    );
    assert_eq!(world.post(PATH, book(&mine)).await?.status, 201);
    assert_eq!(
        world.post(PATH, book(&mine)).await?.outcome(),
        (410, Some("BK002"))
    );
    Ok(())
}

#[tokio::test]
async fn an_expired_hold_is_gone_unless_the_slot_may_be_tried_anew() -> Result<()> {
    let world = World::new("bookings").await?;
    let mine = session();
    let hold = world.hold(monday_at(9), &mine).await?;
    world
        .sql
        .batch_execute("update booking.hold set expires_at = now() - interval '1 minute'")
        .await?;

    let mut body =
        json!({"hold_id": hold.body["hold_id"], "session_id": mine, "customer": customer()});
    assert_eq!(
        world.post(PATH, body.clone()).await?.outcome(),
        (410, Some("BK002"))
    );
    for (member, value) in [
        ("service", json!("haircut")),
        ("starts_at", json!(time(monday_at(9)))),
        ("duration", json!(60)),
        ("if_still_free", json!(true)),
    ] {
        body[member] = value;
    }
    assert_eq!(world.post(PATH, body).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_refused_booking_leaves_nothing_behind() -> Result<()> {
    let world = World::new("bookings").await?;
    let body = json!({"hold_id": Uuid::new_v4(), "session_id": session(), "customer": customer()});
    assert_eq!(
        world.post(PATH, body).await?.outcome(),
        (410, Some("BK002"))
    );
    let row = world
        .sql
        .query_one(
            "select (select count(*) from booking.booking) + (select count(*) from booking.claim)
                    + (select count(*) from booking.hold)",
            &[],
        )
        .await?;
    assert_eq!(row.get::<_, i64>(0), 0);
    Ok(())
}

#[tokio::test]
async fn a_customer_that_is_larger_as_json_than_as_text_is_the_callers_mistake() -> Result<()> {
    let world = World::new("bookings").await?;
    // Within the limit of a body as it is sent; with the blanks that jsonb prints it is over 64 kB.
    let fields: serde_json::Map<String, Value> =
        (0..6_400).map(|n| (n.to_string(), json!(1))).collect();
    let body = json!({"hold_id": Uuid::new_v4(), "session_id": session(), "customer": fields});
    let answer = world.post(PATH, body).await?;
    assert_eq!(answer.outcome(), (400, Some("54000")), "{answer:?}");
    Ok(())
}

/// A booking with an idempotency key.
async fn book_once(world: &World, key: &str, body: &Value) -> Result<Answer> {
    world
        .send(
            world
                .request(Method::POST, PATH)
                .header("Idempotency-Key", key)
                .json(body),
        )
        .await
}

#[tokio::test]
async fn a_repeat_under_the_same_key_is_answered_as_the_first_was() -> Result<()> {
    let world = World::new("bookings").await?;
    let body = json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session(),
                      "customer": customer()});
    let first = book_once(&world, "key", &body).await?;
    let again = book_once(&world, "key", &body).await?;
    assert_eq!((first.status, again.status), (201, 201));
    assert_ne!(first.text("manage_token"), again.text("manage_token"));
    let known = |answer: &Answer| {
        let mut body = answer.body.clone();
        body["manage_token"] = Value::Null;
        body
    };
    assert_eq!(known(&first), known(&again));

    let mut other = body.clone();
    other["starts_at"] = json!(time(monday_at(10)));
    assert_eq!(
        book_once(&world, "key", &other).await?.outcome(),
        (409, Some("BK006"))
    );
    let mut stranger = body.clone();
    stranger["session_id"] = json!(session());
    assert_eq!(
        book_once(&world, "key", &stranger).await?.outcome(),
        (409, Some("BK001"))
    );
    let row = world
        .sql
        .query_one("select count(*) from booking.booking", &[])
        .await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_request_may_be_tried_again_under_its_key() -> Result<()> {
    let world = World::new("bookings").await?;
    let (mine, other) = (session(), session());
    let hold = world.hold(monday_at(9), &other).await?;
    let body = json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": mine, "customer": customer()});
    assert_eq!(
        book_once(&world, "key", &body).await?.outcome(),
        (409, Some("BK001"))
    );
    let path = format!("/v1/acme/holds/{}", hold.text("hold_id"));
    assert_eq!(world.delete(&path, &other).await?.status, 204);
    assert_eq!(book_once(&world, "key", &body).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_key_needs_a_session_and_a_form() -> Result<()> {
    let world = World::new("bookings").await?;
    let nobody =
        json!({"service": "haircut", "starts_at": time(monday_at(9)), "customer": customer()});
    assert_eq!(
        book_once(&world, "key", &nobody).await?.outcome(),
        (400, Some("22004"))
    );
    let mut somebody = nobody.clone();
    somebody["session_id"] = json!(session());
    for bad in [String::new(), "x".repeat(256)] {
        assert_eq!(
            book_once(&world, &bad, &somebody).await?.outcome(),
            (400, Some("22023"))
        );
    }
    let twice = world
        .request(Method::POST, PATH)
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "b");
    assert_eq!(world.send(twice.json(&somebody)).await?.status, 400);
    let odd = world
        .request(Method::POST, PATH)
        .header("Idempotency-Key", b"\xff".as_slice());
    assert_eq!(world.send(odd.json(&somebody)).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn requests_at_once_under_one_key_book_once() -> Result<()> {
    let world = World::new("bookings").await?;
    let body = json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session(),
                      "customer": customer()});
    let answers =
        futures_util::future::try_join_all((0..8).map(|_| book_once(&world, "key", &body))).await?;
    assert!(
        answers.iter().all(|answer| answer.status == 201
            && answer.body["booking_id"] == answers[0].body["booking_id"]),
        "{answers:?}"
    );
    Ok(())
}
