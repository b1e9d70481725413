//! `GET resources`, `GET days`, `GET held`.
use anyhow::Result;
use chrono::Days;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, monday, monday_at, session, time};

fn path(what: &str, more: &str) -> String {
    let (from, to) = (time(monday()), time(monday() + Days::new(7)));
    format!("/v1/acme/services/haircut/{what}?from={from}&to={to}{more}")
}

#[tokio::test]
async fn resources_are_listed_by_name_and_place() -> Result<()> {
    let world = World::new("calendar").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.location (tenant_id, slug, name) select tenant_id, 'main', 'Main street' from booking.tenant;
             insert into booking.resource (tenant_id, slug, name, zone, location_id)
             select tenant_id, 'room', 'The room', 'Europe/Berlin', location_id from booking.location;
             insert into booking.resource (tenant_id, slug, name, zone, public) select tenant_id, 'safe', 'The safe', 'UTC', false
             from booking.tenant",
        )
        .await?;
    let all = world.get("/v1/acme/resources").await?;
    let (chair, room) = (&all.body["resources"][0], &all.body["resources"][1]);
    assert_eq!(
        (all.status, &all.body),
        (
            200,
            &json!({"resources": [
                {"resource_id": world.sql.query_one("select resource_id from booking.resource where slug = 'chair'", &[])
                    .await?.get::<_, Uuid>(0),
                 "slug": "chair", "name": "The chair", "zone": "UTC", "location_id": null, "location": null},
                {"resource_id": room["resource_id"], "slug": "room", "name": "The room", "zone": "Europe/Berlin",
                 "location_id": room["location_id"], "location": "Main street"},
            ]})
        )
    );
    let of_service = world.get("/v1/acme/resources?service=haircut").await?;
    assert_eq!(of_service.body, json!({"resources": [chair]}));
    let unknown = world.get("/v1/acme/resources?service=nothing").await?;
    let nobody = world.get("/v1/nobody/resources").await?;
    assert_eq!((unknown.status, nobody.status), (404, 404));
    assert_eq!(unknown.stable_body(), nobody.stable_body());
    Ok(())
}

#[tokio::test]
async fn days_are_counted_on_the_calendar_of_a_zone() -> Result<()> {
    let world = World::new("calendar").await?;
    let answer = world.get(&path("days", "")).await?;
    let counts = |body: &Value| -> Vec<i64> {
        let days = body["days"].as_array().cloned().unwrap_or_default();
        days.iter()
            .filter_map(|day| day["slots"].as_i64())
            .collect()
    };
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(counts(&answer.body), [8, 8, 8, 8, 8, 0, 0]);
    assert_eq!(
        answer.body["days"][0],
        json!({"day": monday().date_naive(), "available": true, "slots": 8})
    );
    assert_eq!(answer.body["days"][6]["available"], false);

    // 9 to 17 in London are 22 to 6 in Auckland, or an hour beside.
    let auckland = world.get(&path("days", "&zone=Pacific/Auckland")).await?;
    assert_eq!(counts(&auckland.body).iter().sum::<i64>(), 40);
    assert_ne!(counts(&auckland.body)[0], 8);

    world.hold(monday_at(9), &session()).await?;
    assert_eq!(counts(&world.get(&path("days", "")).await?.body)[0], 7);
    let ignored = world.get(&path("days", "&holds=ignore")).await?;
    assert_eq!(counts(&ignored.body)[0], 8);
    let steps = world.get(&path("days", "&step=30")).await?;
    assert_eq!(counts(&steps.body)[1], 15);
    for wrong in ["&zone=Mars/Olympus", "&step=7", "&cursor=a"] {
        assert_eq!(
            world.get(&path("days", wrong)).await?.status,
            400,
            "{wrong}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_held_is_told_without_by_whom_and_kept_by_nobody() -> Result<()> {
    let world = World::new("calendar").await?;
    let mine = session();
    let hold = world.hold(monday_at(9), &mine).await?;
    world.hold(monday_at(24 + 10), &session()).await?;
    let chair = world.chair().await?;
    let span = |at: i64, expires_at: &Value, own: bool| {
        json!({"resource_id": chair, "starts_at": time(monday_at(at)), "ends_at": time(monday_at(at + 1)),
               "expires_at": expires_at, "own": own})
    };
    let all = world.get(&path("held", "")).await?;
    let later = all.body["held"][1]["expires_at"].clone();
    assert_eq!(
        (all.status, &all.body),
        (
            200,
            &json!({"held": [span(9, &hold.body["expires_at"], false), span(34, &later, false)]})
        )
    );
    assert_eq!(all.header("cache-control"), "private, no-store");

    let request = world.request(Method::GET, &path("held", &format!("&resource={chair}")));
    let own = world.send(request.header("Booking-Session", &mine)).await?;
    assert_eq!(own.body["held"][0], span(9, &hold.body["expires_at"], true));
    assert!(!format!("{own:?}").contains(&mine));

    world.delete("/v1/acme/holds", &mine).await?;
    let after = world.get(&path("held", "")).await?;
    assert_eq!(after.body["held"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn unknown_inactive_and_foreign_are_one_for_all_of_a_calendar() -> Result<()> {
    let world = World::new("calendar").await?;
    world.neighbours().await?;
    let unknown = ["slots", "days", "held"].into_iter().flat_map(|what| {
        [
            path(what, "").replace("acme", "nobody"),
            path(what, "").replace("acme", "closed"),
            path(what, "").replace("acme", "other"),
            path(what, "").replace("haircut", "nothing"),
            path(what, "&resource=00000000-0000-0000-0000-000000000000"),
        ]
    });
    world.assert_one_404(unknown).await
}
