//! What a stream says: which spans are held and until when, and which slots to ask for again.
use anyhow::Result;
use serde_json::json;

use super::view::{View, hold_id, starts};
use crate::world::{World, monday_at, session, time};

#[tokio::test]
async fn a_hold_is_seen_by_others_and_its_renewal_and_its_release() -> Result<()> {
    let world = World::new("live").await?;
    let (mut view, mut other) = (View::new(&world).await?, View::new(&world).await?);
    let session = session();
    let hold = hold_id(&world, 9, &session).await?;
    let added = view.next().await?;
    let chair = world.chair().await?;
    assert_eq!(added, other.next().await?);
    assert_eq!(
        (added.name.as_str(), &added.data),
        (
            "held",
            &json!({"all": false, "renewed": [], "gone": [], "added": [{
                "resource_id": chair, "starts_at": time(monday_at(9)), "ends_at": time(monday_at(10)),
                "expires_at": added.data["added"][0]["expires_at"], "count": 1}]})
        )
    );
    // Held for longer, which writes no change.
    world
        .post(
            "/v1/acme/holds",
            json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session, "ttl_seconds": 3000}),
        )
        .await?;
    let renewed = view.next().await?;
    assert_eq!(
        starts(&renewed, "renewed"),
        [time(monday_at(9))],
        "{renewed:?}"
    );
    assert!(
        renewed.data["renewed"][0]["expires_at"].as_str()
            > added.data["added"][0]["expires_at"].as_str()
    );
    assert_eq!(
        world
            .delete(&format!("/v1/acme/holds/{hold}"), &session)
            .await?
            .status,
        204
    );
    assert_eq!(starts(&view.next().await?, "gone"), [time(monday_at(9))]);
    Ok(())
}

#[tokio::test]
async fn a_hold_that_lapses_is_gone_without_anybody_writing_it() -> Result<()> {
    let world = World::new("live").await?;
    let mut view = View::new(&world).await?;
    let wish = json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session(), "ttl_seconds": 1});
    assert_eq!(world.post("/v1/acme/holds", wish).await?.status, 201);
    assert_eq!(starts(&view.next().await?, "added"), [time(monday_at(9))]);
    assert_eq!(starts(&view.next().await?, "gone"), [time(monday_at(9))]);
    Ok(())
}

#[tokio::test]
async fn what_is_booked_cancelled_closed_or_edited_says_which_slots_to_ask_for_again() -> Result<()>
{
    let world = World::new("live").await?;
    let mut view = View::new(&world).await?;
    let chair = world.chair().await?;
    let session = session();
    let hold = hold_id(&world, 11, &session).await?;
    assert_eq!(starts(&view.next().await?, "added").len(), 1);
    let booked = world
        .post(
            "/v1/acme/bookings",
            json!({"hold_id": hold, "session_id": session, "customer": {}}),
        )
        .await?;
    assert_eq!(booked.status, 201, "{booked:?}");
    let slots = view.next().await?;
    let around =
        json!({"resource_id": chair, "from": time(monday_at(10)), "to": time(monday_at(12))});
    assert_eq!((slots.name.as_str(), &slots.data), ("slots", &around));
    assert_eq!(starts(&view.next().await?, "gone"), [time(monday_at(11))]);
    world
        .sql
        .execute(
            "select booking.cancel(tenant_id, booking_id) from booking.booking",
            &[],
        )
        .await?;
    assert_eq!(view.next().await?.data, around);
    world
        .sql
        .execute(
            "select booking.put_hours(tenant => tenant_id, resource => resource_id, hours => 'Mo-Fr 10:00-16:00') from booking.resource",
            &[],
        )
        .await?;
    assert_eq!(
        view.next().await?.data,
        json!({"resource_id": chair, "from": null, "to": null})
    );
    world
        .sql
        .execute("update booking.service set name = 'Cut'", &[])
        .await?;
    // Other hours may be several changes of one kind.
    while view.next().await?.data != json!({"resource_id": null, "from": null, "to": null}) {}
    Ok(())
}
