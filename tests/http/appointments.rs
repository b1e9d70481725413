//! The routes of a calculator of pre-computed slots, as a client of it calls them: list, reserve, appoint, recalculate.
use anyhow::{Context, Result};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{World, monday, monday_at, session, time};

const LIST: &str = "/api/booking/get-available-slots";
const RESERVE: &str = "/api/booking/reserve-slot";
const CREATE: &str = "/api/booking/create-appointment";
const RECALCULATE: &str = "/api/admin/recalculate-availability";

/// Status and body; what goes wrong has the one form.
async fn send(request: RequestBuilder) -> Result<(u16, Value)> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str()?.to_owned();
    assert!(response.headers().contains_key("x-request-id"));
    let body: Value = response.json().await?;
    assert_eq!(
        (kind.as_str(), &body["success"]),
        ("application/json", &json!(status < 400)),
        "{body}"
    );
    if status >= 400 {
        assert_eq!(
            body.as_object().map(serde_json::Map::len),
            Some(2),
            "{body}"
        );
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{body}"
        );
    }
    Ok((status, body))
}

async fn slots(world: &World, more: &str) -> Result<(u16, Value)> {
    let day = monday().format("%Y-%m-%d");
    send(world.request(
        Method::GET,
        &format!("{LIST}?tenant_id=acme&start_date={day}&end_date={day}{more}"),
    ))
    .await
}

async fn post(world: &World, path: &str, token: Option<&str>, body: Value) -> Result<(u16, Value)> {
    let request = world.request(Method::POST, path).json(&body);
    send(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

async fn first_slot(world: &World) -> Result<String> {
    let (status, body) = slots(world, "").await?;
    assert_eq!(status, 200, "{body}");
    Ok(body["slots"][0]["id"]
        .as_str()
        .context("a slot")?
        .to_owned())
}

#[tokio::test]
async fn what_is_free_is_listed_reserved_and_becomes_an_appointment() -> Result<()> {
    let world = World::new("appointments").await?;
    let (status, listed) = slots(&world, "&duration_minutes=60").await?;
    assert_eq!(status, 200);
    let all = listed["slots"].as_array().context("slots")?;
    assert_eq!(all.len(), 8);
    assert_eq!(
        all[0],
        json!({"id": all[0]["id"], "start_time": time(monday_at(9)), "end_time": time(monday_at(10)), "duration_minutes": 60, "location_id": null})
    );
    let chair = world.chair().await?;
    assert_eq!(
        slots(&world, &format!("&staff_id={chair}")).await?,
        (200, listed.clone())
    );

    let (slot, session) = (all[0]["id"].clone(), session());
    let wish = json!({"slot_id": slot, "session_id": session});
    let (status, reserved) = post(&world, RESERVE, None, wish.clone()).await?;
    assert_eq!(
        (
            status,
            reserved["reserved_until"].is_string(),
            reserved["message"].is_string()
        ),
        (200, true, true)
    );
    assert_eq!(
        slots(&world, "").await?.1["slots"].as_array().map(Vec::len),
        Some(7)
    );

    let ann = world.token("ann")?;
    let wish = json!({"slot_id": slot, "session_id": session, "user_data": {"name": "Ann", "email": "ann@example.org", "phone": "1"},
        "appointment_type": "first visit", "notes": "left ear"});
    let (status, made) = post(&world, CREATE, Some(&ann), wish.clone()).await?;
    assert_eq!(status, 200, "{made}");
    let row = world
        .sql
        .query_one(
            "select booking_id::text, customer, customer_key from booking.booking",
            &[],
        )
        .await?;
    assert_eq!(
        made,
        json!({"success": true, "appointment_id": row.get::<_, String>(0), "payment_required": false, "payment_url": null})
    );
    assert_eq!(
        (row.get::<_, Value>(1), row.get::<_, String>(2).as_str()),
        (
            json!({"name": "Ann", "email": "ann@example.org", "phone": "1", "appointment_type": "first visit", "notes": "left ear", "sub": "ann"}),
            "ann"
        )
    );
    // Once: there is nothing reserved any more.
    assert_eq!(post(&world, CREATE, Some(&ann), wish).await?.0, 410);

    let service = world.service_token()?;
    let day = monday().format("%Y-%m-%d").to_string();
    let wish = json!({"tenant_id": "acme", "start_date": day, "end_date": day});
    assert_eq!(
        post(&world, RECALCULATE, Some(&service), wish.clone())
            .await?
            .0,
        200
    );
    // Not for visitors, nor for whoever has signed in.
    assert_eq!(post(&world, RECALCULATE, None, wish.clone()).await?.0, 401);
    assert_eq!(post(&world, RECALCULATE, Some(&ann), wish).await?.0, 403);
    Ok(())
}

#[tokio::test]
async fn only_the_session_that_holds_a_reservation_makes_an_appointment_of_it() -> Result<()> {
    let world = World::new("appointments").await?;
    let slot = first_slot(&world).await?;
    let ann = world.token("ann-of-the-first-street")?;
    let wish = |session: &str| json!({"slot_id": slot, "session_id": session, "user_data": {}});
    let mine = session();
    assert_eq!(
        post(&world, CREATE, Some(&ann), wish(&mine)).await?.0,
        410,
        "never reserved"
    );
    assert_eq!(
        post(
            &world,
            RESERVE,
            None,
            json!({"slot_id": slot, "session_id": mine})
        )
        .await?
        .0,
        200
    );
    assert_eq!(
        post(
            &world,
            RESERVE,
            None,
            json!({"slot_id": slot, "session_id": session()})
        )
        .await?
        .0,
        409
    );
    assert_eq!(
        post(&world, CREATE, Some(&ann), wish(&session())).await?.0,
        410,
        "somebody else's"
    );
    assert_eq!(post(&world, CREATE, None, wish(&mine)).await?.0, 401);
    assert_eq!(
        post(&world, CREATE, Some("no.token.atall"), wish(&mine))
            .await?
            .0,
        401
    );
    world
        .sql
        .execute(
            "update booking.hold set expires_at = clock_timestamp() - interval '1 second'",
            &[],
        )
        .await?;
    assert_eq!(
        post(&world, CREATE, Some(&ann), wish(&mine)).await?.0,
        410,
        "expired"
    );
    // The session of the token, where the body has none.
    let reservation = json!({"slot_id": slot, "session_id": "ann-of-the-first-street"});
    assert_eq!(post(&world, RESERVE, Some(&ann), reservation).await?.0, 200);
    let (status, made) = post(
        &world,
        CREATE,
        Some(&ann),
        json!({"slot_id": slot, "user_data": {}}),
    )
    .await?;
    assert_eq!(status, 200, "{made}");
    Ok(())
}

#[tokio::test]
async fn a_date_that_is_none_is_told_how_one_is_written() -> Result<()> {
    let world = World::new("appointments").await?;
    for wrong in ["x", "", "2100-02-30", "04.01.2100"] {
        let query = format!("?tenant_id=acme&start_date={wrong}&end_date=2100-01-04");
        let (status, told) = send(world.request(Method::GET, &format!("{LIST}{query}"))).await?;
        assert_eq!(status, 400, "{told}");
        let said = told["message"].as_str().unwrap_or_default();
        assert!(said.contains("YYYY-MM-DD"), "{wrong}: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn what_makes_no_sense_is_told_in_the_same_form() -> Result<()> {
    let world = World::new("appointments").await?;
    let slot = first_slot(&world).await?;
    let ann = world.token("ann")?;
    let service = world.service_token()?;
    for (query, expected) in [
        ("", 400),
        ("?tenant_id=acme", 400),
        ("?tenant_id=acme&start_date=2100-01-04&end_date=today", 400),
        (
            "?tenant_id=acme&start_date=2100-01-04&end_date=2100-02-30",
            400,
        ),
        (
            "?tenant_id=acme&start_date=2100-01-04&end_date=2100-01-03",
            400,
        ),
        (
            "?tenant_id=acme&start_date=2100-01-04&end_date=2102-01-03",
            400,
        ),
        (
            "?tenant_id=acme&start_date=2100-01-04&end_date=2100-01-04&duration_minutes=-5",
            400,
        ),
        (
            "?tenant_id=acme&start_date=2100-01-04&end_date=2100-01-04&staff_id=1",
            400,
        ),
        (
            "?tenant_id=acme&start_date=2100-01-04&end_date=2100-01-04&staff_id=00000000-0000-0000-0000-000000000000",
            404,
        ),
        (
            "?tenant_id=nobody&start_date=2100-01-04&end_date=2100-01-04",
            404,
        ),
        (
            "?tenant_id=%00&start_date=2100-01-04&end_date=2100-01-04",
            400,
        ),
    ] {
        let (status, body) = send(world.request(Method::GET, &format!("{LIST}{query}"))).await?;
        assert_eq!(status, expected, "{query}: {body}");
    }
    for (path, token, body, expected) in [
        (RESERVE, None, json!({}), 400),
        (RESERVE, None, json!([]), 400),
        (
            RESERVE,
            None,
            json!({"slot_id": "x", "session_id": session()}),
            400,
        ),
        (
            RESERVE,
            None,
            json!({"slot_id": slot, "session_id": "short"}),
            400,
        ),
        (
            CREATE,
            Some(&ann),
            json!({"slot_id": slot, "session_id": session(), "user_data": []}),
            400,
        ),
        (
            CREATE,
            Some(&ann),
            json!({"slot_id": slot, "session_id": session()}),
            400,
        ),
        (
            CREATE,
            Some(&service),
            json!({"slot_id": slot, "user_data": {}}),
            400,
        ),
        (
            RECALCULATE,
            Some(&service),
            json!({"tenant_id": "nobody", "start_date": "2100-01-04", "end_date": "2100-01-04"}),
            404,
        ),
        (
            RECALCULATE,
            Some(&service),
            json!({"tenant_id": "acme", "start_date": "2100-01-04", "end_date": "2100-01-01"}),
            400,
        ),
    ] {
        let (status, answer) = post(&world, path, token.map(String::as_str), body.clone()).await?;
        assert_eq!(status, expected, "{path} {body}: {answer}");
    }
    assert_eq!(send(world.request(Method::GET, RESERVE)).await?.0, 405);
    assert_eq!(
        send(world.request(Method::GET, "/api/booking/nothing"))
            .await?
            .0,
        404
    );
    assert_eq!(
        send(world.request(Method::POST, RESERVE).body("{}"))
            .await?
            .0,
        415
    );
    Ok(())
}
