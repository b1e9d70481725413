//! Who may look, and what is said to nobody: a service that is not public is not there, and no event tells who or why.
use anyhow::Result;
use serde_json::json;

use super::view::{PATH, View};
use crate::world::{World, monday_at, session, time};

#[tokio::test]
async fn what_is_unknown_inactive_or_hidden_is_one_404_and_ends_who_looks() -> Result<()> {
    let world = World::new("live").await?;
    world.neighbours().await?;
    world
        .sql
        .batch_execute(
            "insert into booking.service (tenant_id, slug, name, durations, public)
             select tenant_id, 'haircut', 'H', array[60], true from booking.tenant where slug = 'closed'
             union all select tenant_id, 'secret', 'S', array[60], false from booking.tenant where slug = 'acme'
             union all select tenant_id, 'theirs', 'T', array[60], true from booking.tenant where slug = 'other'",
        )
        .await?;
    let long = "a".repeat(5000);
    let unknown = [
        ("nobody", "haircut"),
        ("closed", "haircut"),
        ("acme", "secret"),
        ("acme", "nothing"),
        ("acme", "theirs"),
        ("acme", "00000000-0000-0000-0000-000000000000"),
        ("acme", "hair%20cut"),
        ("acme", "%00"),
        ("acme", "a%2Fb"),
        ("acme", "'%3B--"),
        ("ac%C3%A9me", "haircut"),
        ("acme", &long),
    ]
    .map(|(tenant, service)| format!("/v1/{tenant}/services/{service}/events"));
    world.assert_one_404(unknown).await?;
    // By id as by name; and gone while somebody looks.
    let row = world
        .sql
        .query_one("select tenant_id::text, service_id::text from booking.service where slug = 'haircut' and tenant_id in
                    (select tenant_id from booking.tenant where slug = 'acme')", &[])
        .await?;
    let (tenant, service): (String, String) = (row.get(0), row.get(1));
    let mut view = View::of(
        &world,
        &format!("/v1/{tenant}/services/{service}/events"),
        None,
    )
    .await?;
    view.next().await?;
    world
        .sql
        .execute("update booking.tenant set active = false", &[])
        .await?;
    while view.next_or_end().await?.is_some() {}
    assert_eq!(world.get(PATH).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn nothing_private_is_in_any_event() -> Result<()> {
    let world = World::new("live").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.resource (tenant_id, slug, name, zone, public)
             select tenant_id, 'back-room', 'The back room', 'UTC', false from booking.tenant;
             select booking.put_service(tenant => tenant_id, slug => 'pool', name => 'Pool', durations => array[60],
                                        resources => array_agg(resource_id))
             from booking.resource group by tenant_id;",
        )
        .await?;
    let mut view = View::of(&world, "/v1/acme/services/pool/events", None).await?;
    view.next().await?;
    let session = session();
    let ask = |seat: &str| json!({"service": "pool", "starts_at": time(monday_at(9)), "session_id": format!("{session}-{seat}")});
    // Both of the pool.
    let holds = [
        world.post("/v1/acme/holds", ask("a")).await?,
        world.post("/v1/acme/holds", ask("b")).await?,
    ];
    let mut wish = ask("a");
    wish["customer"] = json!({"name": "Ann Archer", "email": "ann@example.org"});
    let booked = world.post("/v1/acme/bookings", wish).await?;
    assert_eq!((holds[1].status, booked.status), (201, 201), "{booked:?}");
    view.next_of("slots").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.busy_window (tenant_id, resource_id, span, reason)
             select tenant_id, resource_id, tstzrange(now() + interval '2 days', now() + interval '3 days'), 'dentist' from booking.resource",
        )
        .await?;
    view.next_of("slots").await?;
    let rows = world
        .sql
        .query(
            "select booking_id::text from booking.booking union select hold_id::text from booking.hold
             union select resource_id::text from booking.resource where not public
             union select tenant_id::text from booking.tenant union select encode(session_hash, 'hex') from booking.hold
             where session_hash is not null",
            &[],
        )
        .await?;
    assert!(rows.len() > 4);
    let secret = rows.iter().map(|row| row.get::<_, String>(0));
    let said = [
        "Ann", "ann@", "dentist", "back", "session", "booked", "busy", "booking",
    ]
    .map(str::to_owned);
    for secret in secret.chain(said) {
        assert!(!view.raw.contains(&secret), "{secret}: {}", view.raw);
    }
    assert!(view.raw.contains(&world.chair().await?), "{}", view.raw);
    Ok(())
}
