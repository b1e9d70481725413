//! `GET slots`.
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, monday, monday_at, session, slots_path, time};

fn starts(slots: &[Value]) -> Vec<String> {
    slots
        .iter()
        .filter_map(|slot| Some(slot["starts_at"].as_str()?.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_slot_has_everything_that_booking_it_takes() -> Result<()> {
    let world = World::new("slots").await?;
    let chair = world.chair().await?;
    let slots = world.slots(monday()).await?;
    let slot = slots.first().cloned().unwrap_or_default();
    assert_eq!(
        slot,
        json!({
            "slot_id": slot["slot_id"], "starts_at": time(monday_at(9)), "ends_at": time(monday_at(10)),
            "duration_minutes": 60, "resource_id": chair, "location_id": null, "status": "available", "remaining": 1,
        })
    );
    assert!(
        slot["slot_id"].as_str().is_some_and(|id| id.len() >= 40),
        "{slot}"
    );
    assert_eq!(
        starts(&slots),
        (9..17)
            .map(|hour| time(monday_at(hour)))
            .collect::<Vec<_>>()
    );
    Ok(())
}

#[tokio::test]
async fn an_offset_in_the_query_means_the_same_instant() -> Result<()> {
    let world = World::new("slots").await?;
    let path = |plus: &str| {
        let (from, to) = (
            time(monday_at(11)).replace('Z', plus),
            time(monday_at(13)).replace('Z', plus),
        );
        format!("/v1/acme/services/haircut/slots?from={from}&to={to}")
    };
    let answer = world.get(&path("%2B02:00")).await?;
    let slots = answer.body["slots"].as_array().cloned().unwrap_or_default();
    assert_eq!(starts(&slots), [time(monday_at(9)), time(monday_at(10))]);

    let unescaped = world.get(&path("+02:00")).await?;
    assert_eq!(unescaped.status, 400);
    assert!(unescaped.text("detail").contains("%2B"), "{unescaped:?}");
    Ok(())
}

#[tokio::test]
async fn every_parameter_reaches_the_engine() -> Result<()> {
    let world = World::new("slots").await?;
    let chair = world.chair().await?;
    let count = async |more: &str| -> Result<usize> {
        let answer = world.get(&slots_path(monday(), more)).await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Ok(answer.body["slots"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(count("&duration=60").await?, 8);
    assert_eq!(count("&step=30").await?, 15);
    assert_eq!(count(&format!("&resource={chair}")).await?, 8);

    let each = world
        .get(&slots_path(monday(), "&each_resource=true"))
        .await?;
    assert_eq!(each.body["slots"][0]["resource_id"], chair);

    assert_eq!(world.hold(monday_at(10), &session()).await?.status, 201);
    assert_eq!(count("").await?, 7);
    assert_eq!(count("&holds=hide").await?, 7);
    assert_eq!(count("&holds=ignore").await?, 8);
    let marked = world.get(&slots_path(monday(), "&holds=mark")).await?;
    assert_eq!(marked.body["slots"][1]["status"], "held");
    Ok(())
}

#[tokio::test]
async fn a_session_sees_what_it_holds_and_its_view_is_private() -> Result<()> {
    let world = World::new("slots").await?;
    let mine = session();
    assert_eq!(world.hold(monday_at(10), &mine).await?.status, 201);

    let request = world.request(Method::GET, &slots_path(monday(), ""));
    let own = world.send(request.header("Booking-Session", mine)).await?;
    assert_eq!(own.body["slots"].as_array().map(Vec::len), Some(8));
    assert_eq!(own.header("cache-control"), "private, no-store");

    let public = world.get(&slots_path(monday(), "")).await?;
    assert_eq!(public.body["slots"].as_array().map(Vec::len), Some(7));
    assert_eq!(
        (public.header("cache-control"), public.header("vary")),
        ("max-age=5", "booking-session, authorization")
    );
    Ok(())
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_refused_with_a_reason() -> Result<()> {
    let world = World::new("slots").await?;
    for range in [
        "from=2030-01-08T00:00:00Z&to=2030-01-07T00:00:00Z",
        "from=2030-01-01T00:00:00Z&to=2032-01-01T00:00:00Z",
        "from=2030-01-07T00:00:00Z&to=2030-01-08T00:00:00Z&step=7",
        "from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
    ] {
        let answer = world
            .get(&format!("/v1/acme/services/haircut/slots?{range}"))
            .await?;
        assert_eq!(
            answer.outcome(),
            (400, Some("22023")),
            "{range}: {answer:?}"
        );
    }
    Ok(())
}
