//! `GET manage/booking.ics`. How it is written, facade/src/ics.rs tests by itself.
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use crate::world::{World, monday_at, session, time};

async fn file(world: &World, token: &str) -> Result<(u16, String)> {
    let request = world.request(Method::GET, "/v1/acme/manage/booking.ics");
    let response = request.header("Booking-Token", token).send().await?;
    let header = |name: &str| response.headers()[name].to_str().map(str::to_owned);
    if response.status() == 200 {
        assert_eq!(
            header("content-type")?,
            "text/calendar; charset=utf-8; method=PUBLISH"
        );
        assert_eq!(
            header("content-disposition")?,
            "attachment; filename=\"booking.ics\""
        );
        assert_eq!(header("cache-control")?, "private, no-store");
    }
    Ok((response.status().as_u16(), response.text().await?))
}

/// The value of a property, parameters and all.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.split("\r\n");
    lines.find_map(|line| line.strip_prefix(name))
}

fn sequence(text: &str) -> Option<i32> {
    value(text, "SEQUENCE:")?.parse().ok()
}

#[tokio::test]
async fn a_calendar_follows_a_booking_that_moves_and_is_cancelled() -> Result<()> {
    let world = World::new("ics").await?;
    world
        .sql
        .batch_execute("update booking.service set name = E'Cut, wash; and\\ndry'")
        .await?;
    let body = json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session(),
                      "customer": {"email": "ada@example.org"}});
    let booked = world.post("/v1/acme/bookings", body).await?;
    let token = booked.text("manage_token");
    let compact = |hour: i64| monday_at(hour).format(":%Y%m%dT%H%M%SZ").to_string();

    let (status, first) = file(&world, token).await?;
    assert_eq!(status, 200, "{first}");
    assert_eq!(value(&first, "UID:"), Some(booked.text("booking_id")));
    assert_eq!(value(&first, "DTSTART"), Some(&*compact(9)));
    assert_eq!(value(&first, "DTEND"), Some(&*compact(10)));
    assert_eq!(value(&first, "SUMMARY:"), Some("Cut\\, wash\\; and\\ndry"));
    assert_eq!(value(&first, "STATUS:"), Some("CONFIRMED"));
    assert!(!first.contains("ada") && !first.contains(token), "{first}");

    let act = async |what: &str, body| {
        let request = world.request(Method::POST, &format!("/v1/acme/manage/{what}"));
        world
            .send(request.header("Booking-Token", token).json(&body))
            .await
    };
    let moved = act("reschedule", json!({"starts_at": time(monday_at(14))})).await?;
    assert_eq!(moved.status, 200, "{moved:?}");
    let (_, second) = file(&world, token).await?;
    assert_eq!(value(&second, "UID:"), value(&first, "UID:"));
    assert_eq!(value(&second, "DTSTART"), Some(&*compact(14)));
    assert!(sequence(&second) > sequence(&first), "{second}");

    assert_eq!(act("cancel", json!({})).await?.status, 200);
    let (_, third) = file(&world, token).await?;
    assert_eq!(value(&third, "STATUS:"), Some("CANCELLED"));
    assert!(sequence(&third) > sequence(&second), "{third}");
    Ok(())
}

#[tokio::test]
async fn a_stay_is_entered_by_its_dates_in_the_zone_of_the_service() -> Result<()> {
    let world = World::new("ics").await?;
    // Check-in at 15:00 in Auckland is the evening before in UTC.
    world
        .sql
        .batch_execute(
            "insert into booking.resource (tenant_id, slug, name, zone, grain)
             select tenant_id, 'room', 'Room 1', 'Pacific/Auckland', 60 from booking.tenant;
             insert into booking.service (tenant_id, slug, name, zone, kind, min_length, max_length, check_in, check_out)
             select tenant_id, 'night', 'A night', 'Pacific/Auckland', 'stay', 1, 14, '07:00', '06:00' from booking.tenant;
             with q as (
                 insert into booking.service_requirement (tenant_id, service_id)
                 select tenant_id, service_id from booking.service where slug = 'night' returning *)
             insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
             select q.tenant_id, q.service_id, q.requirement_id, r.resource_id from q join booking.resource r using (tenant_id)
             where r.slug = 'room'",
        )
        .await?;
    let row = world
        .sql
        .query_one(
            "select manage_token
             from booking.service s, booking.book(
                 s.tenant_id, service => s.service_id, duration => '2 days',
                 starts_at => timezone('Pacific/Auckland', '2100-03-05 07:00'::timestamp))
             where s.slug = 'night'
            ",
            &[],
        )
        .await?;
    let (status, text) = file(&world, row.get(0)).await?;
    assert_eq!(status, 200, "{text}");
    assert_eq!(
        value(&text, "DTSTART"),
        Some(";VALUE=DATE:21000305"),
        "{text}"
    );
    assert_eq!(
        value(&text, "DTEND"),
        Some(";VALUE=DATE:21000307"),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_worth_nothing_gets_a_problem_and_no_file() -> Result<()> {
    let world = World::new("ics").await?;
    let request = world.request(Method::GET, "/v1/acme/manage/booking.ics");
    let answer = world
        .send(request.header("Booking-Token", "nonsense"))
        .await?;
    assert_eq!(answer.outcome(), (403, Some("BK007")));
    Ok(())
}
