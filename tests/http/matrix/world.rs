//! A database in which all that is private can be recognised: two tenants with everything there is, a third that is closed, and
//! who calls.
use anyhow::{Context, Result};
use tokio_postgres::{Client, types::FromSql};

use crate::world::World;

/// Begins whatever is private, followed by the tenant: nobody else sees it.
pub const PRIVATE: &str = "zq7";

/// Which columns have something private in them.
const MARKED: &str = "
    select format('%s.%s', c.relname, a.attname)
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r'
        and (xpath('count(//row[contains(x, \"zq7\")])', query_to_xml(
            format('select %I::text as x from %s', a.attname, c.oid::regclass), false, false, '')))[1]::text <> '0'";

/// Hashes, in the ways they are written.
pub const HASHES: &str = "
    select encode(token_hash, 'hex'), translate(encode(token_hash, 'base64'), '+/=', '-_') from booking.booking_token
    union all select encode(session_hash, 'hex'), translate(encode(session_hash, 'base64'), '+/=', '-_') from booking.hold
    union all select encode(key_hash, 'hex'), translate(encode(key_hash, 'base64'), '+/=', '-_') from booking.idempotency";

pub async fn world() -> Result<World> {
    let world = World::new("matrix").await?;
    for script in [include_str!("spare.sql"), include_str!("world.sql")] {
        world.sql.batch_execute(script).await.context("filling")?;
    }
    let marked: Vec<String> = world
        .sql
        .query(MARKED, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    for column in [
        "booking.customer",
        "booking_event.detail",
        "busy_window.external_id",
        "busy_window.reason",
        "hold.client",
        "hold.note",
        "idempotency.response",
        "location.name",
        "member.user_id",
        "payment.reference",
        "resource.metadata",
        "resource.name",
        "schedule.name",
        "schedule_override.reason",
        "service.metadata",
        "service.name",
        "tenant.settings",
    ] {
        assert!(
            marked.iter().any(|one| one == column),
            "{column} has nothing private in it: {marked:?}"
        );
    }
    Ok(world)
}

/// What a caller signs in with.
pub fn token(world: &World, caller: &str) -> Result<Option<String>> {
    Ok(match caller {
        "visitor" | "stranger" => None,
        "customer" => Some(world.token("customer")?),
        "foreigner" => Some(world.token("zq7globex-owner")?),
        "service" => Some(world.service_token()?),
        member => Some(world.token(&format!("zq7acme-{member}"))?),
    })
}

/// The one value that a query gives.
pub async fn one<T: for<'a> FromSql<'a>>(sql: &Client, query: &str) -> Result<T> {
    Ok(sql
        .query_one(query, &[])
        .await
        .context(query.to_owned())?
        .try_get(0)?)
}
