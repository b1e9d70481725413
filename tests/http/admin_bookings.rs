//! `/v1/{tenant}/bookings` and what is done about a booking.
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::admin::{ask, shop};
use crate::world::{Answer, World, monday_at, time};

async fn manager(world: &World, method: Method, path: &str, body: Value) -> Result<Answer> {
    ask(world, "manager", method, &format!("admin/{path}"), body).await
}

async fn post(world: &World, path: &str, body: Value) -> Result<Answer> {
    manager(world, Method::POST, path, body).await
}

/// A booking of a customer's at an hour of Monday: its id.
async fn book(world: &World, sub: &str, hour: i64) -> Result<String> {
    let body = json!({"service": "haircut", "starts_at": time(monday_at(hour)), "customer": {"name": sub}});
    let answer = ask(world, sub, Method::POST, "bookings", body).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    Ok(answer.text("booking_id").to_owned())
}

#[tokio::test]
async fn a_booking_that_waits_is_approved_or_declined() -> Result<()> {
    let world = shop("admin_bookings").await?;
    world
        .sql
        .batch_execute("update booking.service set needs_approval = true")
        .await?;
    let (one, two) = (
        book(&world, "ada", 9).await?,
        book(&world, "ada", 10).await?,
    );
    let answer = post(&world, &format!("bookings/{one}/approve"), Value::Null).await?;
    assert_eq!((answer.status, answer.text("status")), (200, "confirmed"));
    let answer = post(&world, &format!("bookings/{one}/approve"), Value::Null).await?;
    assert_eq!(answer.outcome(), (409, Some("BK005")));
    let answer = post(
        &world,
        &format!("bookings/{two}/decline"),
        json!({"reason": "ill"}),
    )
    .await?;
    assert_eq!((answer.status, answer.text("status")), (200, "declined"));
    assert_eq!(world.slots(monday_at(0)).await?.len(), 7);
    // That it was refused is in the history: the transaction of a refusal commits.
    let row = world.sql.query_one("select count(*) from booking.booking_event where kind = 'refused' and actor = 'manager'", &[]).await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}

#[tokio::test]
async fn a_booking_is_moved_reassigned_paid_and_cancelled() -> Result<()> {
    let world = shop("admin_bookings").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.resource (tenant_id, slug, name, zone) select tenant_id, 'stool', 'Stool', 'UTC' from booking.tenant where slug = 'acme';
             insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
             select q.tenant_id, q.service_id, q.requirement_id, r.resource_id
             from booking.service_requirement q join booking.resource r on r.slug = 'stool';
             update booking.service set price = 60, currency = 'EUR'",
        )
        .await?;
    let body = json!({"service": "haircut", "starts_at": time(monday_at(9)), "resource": "chair", "customer": {"email": "ada@example.org"}});
    let booked = post(&world, "bookings", body).await?;
    assert_eq!(
        (booked.status, &booked.body["payment_required"]),
        (201, &json!(true))
    );
    let at = |what: &str| format!("bookings/{}/{what}", booked.text("booking_id"));

    let paid = post(
        &world,
        &at("payments"),
        json!({"reference": "pi_1", "amount": 60, "currency": "EUR"}),
    )
    .await?;
    assert_eq!((paid.status, paid.text("status")), (200, "confirmed"));
    let moved = post(
        &world,
        &at("reschedule"),
        json!({"starts_at": time(monday_at(10)), "resource": "chair"}),
    )
    .await?;
    assert_eq!(
        (moved.status, moved.text("starts_at")),
        (200, time(monday_at(10)).as_str())
    );
    let off = post(
        &world,
        &at("reschedule"),
        json!({"starts_at": time(monday_at(3)), "resource": "chair"}),
    )
    .await?;
    assert_eq!(off.outcome(), (422, Some("BK003")));
    let reassigned = post(
        &world,
        &at("reassign"),
        json!({"from_resource": "chair", "to_resource": "stool"}),
    )
    .await?;
    assert_eq!(reassigned.status, 200, "{reassigned:?}");
    let early = post(&world, &at("no-show"), Value::Null).await?;
    assert_eq!(early.outcome(), (409, Some("BK005")));
    let cancelled = post(&world, &at("cancel"), Value::Null).await?;
    assert_eq!(
        (cancelled.status, cancelled.text("status")),
        (200, "cancelled")
    );
    assert_eq!(
        cancelled.body["detail"],
        json!({"to_refund": 60.0, "currency": "EUR"})
    );
    Ok(())
}

#[tokio::test]
async fn what_is_over_took_place_or_not() -> Result<()> {
    let world = shop("admin_bookings").await?;
    let id = book(&world, "ada", 9).await?;
    world
        .sql
        .batch_execute("update booking.booking set span = tstzrange(date_trunc('hour', now()) - interval '3 hours', date_trunc('hour', now()) - interval '2 hours')")
        .await?;
    for (what, status) in [("no-show", "no_show"), ("complete", "completed")] {
        let answer = post(&world, &format!("bookings/{id}/{what}"), Value::Null).await?;
        assert_eq!(
            (answer.status, answer.text("status")),
            (200, status),
            "{answer:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_tenant_keeps_a_date_and_books_it() -> Result<()> {
    let world = shop("admin_bookings").await?;
    let until = time(monday_at(8));
    let hold = post(
        &world,
        "holds",
        json!({"service": "haircut", "starts_at": time(monday_at(9)), "note": "perhaps"}),
    )
    .await?;
    assert_eq!(hold.status, 201, "{hold:?}");
    let path = format!("holds/{}", hold.text("hold_id"));
    let kept = manager(&world, Method::PUT, &path, json!({"expires_at": until})).await?;
    assert_eq!(
        (kept.status, kept.text("expires_at")),
        (200, until.as_str())
    );
    assert_eq!(
        manager(&world, Method::PUT, &path, Value::Null)
            .await?
            .status,
        200
    );
    let booked = post(
        &world,
        "bookings",
        json!({"hold_id": hold.text("hold_id"), "customer": {"name": "Ada"}}),
    )
    .await?;
    assert_eq!((booked.status, booked.text("status")), (201, "confirmed"));
    assert_eq!(
        manager(&world, Method::DELETE, &path, Value::Null)
            .await?
            .status,
        404
    );
    let hold = post(
        &world,
        "holds",
        json!({"service": "haircut", "starts_at": time(monday_at(11))}),
    )
    .await?;
    assert_eq!(
        manager(
            &world,
            Method::DELETE,
            &format!("holds/{}", hold.text("hold_id")),
            Value::Null
        )
        .await?
        .status,
        204
    );
    Ok(())
}

#[tokio::test]
async fn members_see_all_bookings_and_customers_theirs() -> Result<()> {
    let world = shop("admin_bookings").await?;
    for (sub, hour) in [("ada", 9), ("grace", 10), ("ada", 11)] {
        book(&world, sub, hour).await?;
    }
    let list = async |sub: &str, query: &str| -> Result<(Vec<String>, Value)> {
        let answer = ask(
            &world,
            sub,
            Method::GET,
            &format!("bookings{query}"),
            Value::Null,
        )
        .await?;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "private, no-store"),
            "{answer:?}"
        );
        let items = answer.body["items"].as_array().cloned().unwrap_or_default();
        let keys = items
            .iter()
            .map(|item| item["customer_key"].as_str().unwrap_or_default().to_owned());
        Ok((keys.collect(), answer.body["next"].clone()))
    };
    assert_eq!(list("viewer", "").await?.0, ["ada", "grace", "ada"]);
    assert_eq!(list("ada", "").await?.0, ["ada", "ada"]);
    assert_eq!(
        list("grace", "?status=confirmed,pending").await?.0,
        ["grace"]
    );
    assert_eq!(list("stranger", "").await?.0.len(), 0);
    assert_eq!(
        list("viewer", "?customer=grace&service=haircut&resource=chair")
            .await?
            .0,
        ["grace"]
    );
    assert_eq!(list("viewer", "?status=cancelled").await?.0.len(), 0);
    assert_eq!(
        list(
            "viewer",
            &format!("?from={}&to={}", time(monday_at(10)), time(monday_at(11)))
        )
        .await?
        .0,
        ["grace"]
    );

    let (first, next) = list("viewer", "?max=2").await?;
    let next = next.as_str().unwrap_or_default().to_owned();
    let (second, end) = list("viewer", &format!("?max=2&after={next}")).await?;
    assert_eq!((first.len(), second.len(), end), (2, 1, Value::Null));
    assert_eq!(
        ask(
            &world,
            "viewer",
            Method::GET,
            "bookings?after=x",
            Value::Null
        )
        .await?
        .status,
        400
    );

    // A tenant that is not active is nobody's but its members'.
    world
        .sql
        .batch_execute("update booking.tenant set active = false where slug = 'acme'")
        .await?;
    assert_eq!(list("viewer", "").await?.0.len(), 3);
    assert_eq!(
        ask(&world, "ada", Method::GET, "bookings", Value::Null)
            .await?
            .status,
        404
    );
    Ok(())
}

#[tokio::test]
async fn an_owner_is_told_why_and_that_all_is_well() -> Result<()> {
    let world = shop("admin_bookings").await?;
    book(&world, "ada", 9).await?;
    let path = |hour| {
        format!(
            "admin/explain?service=haircut&starts_at={}",
            time(monday_at(hour))
        )
    };
    let taken = ask(&world, "viewer", Method::GET, &path(9), Value::Null).await?;
    assert_eq!(
        (taken.status, taken.body["items"][0]["code"].as_str()),
        (200, Some("BK001")),
        "{taken:?}"
    );
    let free = ask(&world, "viewer", Method::GET, &path(12), Value::Null).await?;
    assert_eq!(free.body["items"], json!([]));
    let written = post(&world, "recompute", json!({"resource": "chair"})).await?;
    assert!(written.body["pages"].as_i64() > Some(8), "{written:?}");
    let drift = ask(&world, "viewer", Method::GET, "admin/verify", Value::Null).await?;
    assert_eq!(drift.body["items"], json!([]));
    Ok(())
}
