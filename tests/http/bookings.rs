//! `POST bookings`.
use anyhow::Result;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, monday, monday_at, session, time};

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
            })
        )
    );
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
