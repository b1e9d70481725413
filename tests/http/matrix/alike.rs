//! What must not be told apart: the unknown, the inactive, the private and the foreign, by whatever name or id they are asked
//! for.
use anyhow::Result;
use uuid::Uuid;

use super::{
    asked::{Days, known},
    listed::listed,
    world::{one, token, world},
};
use crate::{
    surface::{Call, operations},
    world::World,
};

/// The answers to a call with each of these in one place: one and the same.
async fn alike(
    world: &World,
    call: &Call,
    place: &str,
    name: &str,
    values: &[String],
) -> Result<u16> {
    let mut first = None;
    for value in values {
        let mut call = call.clone();
        call.put(place, name, value);
        let reply = call.send(world).await?.stable();
        let expected = first.get_or_insert(reply.clone());
        assert_eq!(
            *expected, reply,
            "{value} tells more than {} at {call:?}",
            values[0]
        );
    }
    Ok(first.map_or(0, |(status, _, _)| status))
}

#[tokio::test]
async fn what_is_unknown_inactive_private_or_foreign_is_answered_alike_to_a_visitor() -> Result<()>
{
    let world = world().await?;
    let (routes, api) = operations(&world).await?;
    let id = |query: &'static str| one::<String>(&world.sql, query);
    let tenants = [
        "nobody".to_owned(),
        "closed".into(),
        Uuid::nil().to_string(),
        id("select tenant_id::text from booking.tenant where slug = 'closed'").await?,
    ];
    let services = [
        "nothing".to_owned(),
        "over".into(),
        "zq7acme-hidden".into(),
        Uuid::nil().to_string(),
        id("select service_id::text from booking.service where slug = 'zq7acme-hidden'").await?,
        id("select service_id::text from booking.service s join booking.tenant t using (tenant_id) where t.slug = 'globex' and s.slug = 'haircut'").await?,
    ];
    let ids = [
        Uuid::new_v4().to_string(),
        id("select hold_id::text from booking.hold h join booking.tenant t using (tenant_id) where t.slug = 'globex'").await?,
        id("select hold_id::text from booking.hold h join booking.tenant t using (tenant_id) where t.slug = 'acme'").await?,
        id("select booking_id::text from booking.booking b join booking.tenant t using (tenant_id) where t.slug = 'acme' limit 1").await?,
        id("select booking_id::text from booking.booking b join booking.tenant t using (tenant_id) where t.slug = 'globex' limit 1").await?,
    ];
    let mut days = Days::default();
    for operation in &routes {
        let known = known(&world, operation, "visitor", &mut days).await?;
        let call = operation.call(&api, &known);
        for (place, name, values) in [
            ("path", "tenant", &tenants[..]),
            ("path", "service", &services),
            ("path", "id", &ids),
            ("body", "service", &services),
        ] {
            if !call.has(place, name) {
                continue;
            }
            let status = alike(&world, &call, place, name, values).await?;
            assert!(
                [401, 404].contains(&status),
                "{status} {}",
                operation.name()
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn to_a_member_of_one_tenant_another_is_as_if_it_were_not() -> Result<()> {
    let world = world().await?;
    let (routes, api) = operations(&world).await?;
    let listed = listed();
    let tenants = [
        "nobody".to_owned(),
        "globex".into(),
        "closed".into(),
        one(
            &world.sql,
            "select tenant_id::text from booking.tenant where slug = 'globex'",
        )
        .await?,
    ];
    let mut days = Days::default();
    for operation in &routes {
        // What a visitor is asked to sign in for, and what a customer finds nothing at.
        let for_members = listed
            .get(&operation.name())
            .is_some_and(|statuses| statuses[0] == 401 && statuses[2] == 404);
        if !operation.path.contains("{tenant}") || !for_members {
            continue;
        }
        for caller in ["viewer", "manager", "owner"] {
            let known = known(&world, operation, caller, &mut days).await?;
            let mut call = operation.call(&api, &known);
            call.token = token(&world, caller)?;
            alike(&world, &call, "path", "tenant", &tenants).await?;
        }
    }
    Ok(())
}
