//! Object by object, an updated database is a fresh one; and whatever an update might forget is seen.
use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    TestDb,
    upgrade::{catalog, difference, updated},
};

use super::versions;

#[tokio::test]
async fn an_update_leaves_what_a_fresh_installation_has() -> Result<()> {
    let new = TestDb::new("fresh").await?;
    let fresh = catalog(&new.connect().await?).await?;
    ensure!(
        fresh.len() > 3000,
        "the catalog says little: {}",
        fresh.len()
    );
    for version in versions()? {
        let old = updated(&version, "updated").await?;
        let found = difference(&fresh, &catalog(&old.connect().await?).await?);
        ensure!(found.is_empty(), "from {version}:\n{}", found.join("\n"));
    }
    Ok(())
}

#[tokio::test]
async fn whatever_an_update_forgets_is_found() -> Result<()> {
    let db = TestDb::new("forgetful").await?;
    let client = db.connect().await?;
    let fresh = catalog(&client).await?;
    for forgotten in [
        "comment on function booking.hold(uuid, uuid, timestamptz, text, interval, uuid, interval, int) is 'Holds.'",
        "comment on column booking.claim.unit is 'Unit.'",
        "comment on constraint claim_no_overlap on booking.claim is null",
        "grant execute on function booking.new_token() to public",
        "revoke all on function booking.new_token() from postgres",
        "grant usage on type booking.slotmap to public",
        "grant usage on schema booking_api to public",
        "alter function booking.new_token() stable",
        "alter function booking.release(uuid, uuid, text) set lock_timeout = '1s'",
        "alter function booking.public_services(text) security invoker",
        "alter function booking.check_slug(text) parallel restricted",
        "create or replace function booking.check_slug(slug text) returns boolean immutable parallel safe return true",
        "alter table booking.hold alter column seats drop default",
        "alter table booking.hold alter column client set not null",
        "alter table booking.hold add column extra int",
        "alter table booking.booking drop constraint booking_price_positive",
        "alter table booking.hold set (fillfactor = 90)",
        "alter table booking.claim disable row level security",
        "alter type booking.booking_result add attribute extra int",
        "drop index booking.hold_service",
        "drop policy member_read on booking.claim",
        "alter policy member_read on booking.claim using (true)",
        "alter table booking.booking disable trigger user",
        "alter operator booking.+ (booking.slotmap, booking.slotmap) set (restrict = none); alter operator booking.= (booking.slotmap, booking.slotmap) set (restrict = neqsel)",
        "alter operator family booking.slotmap_ops using gist drop operator 3 (booking.slotmap, booking.slotmap)",
        "alter extension pg_booking drop function booking.new_token()",
        "delete from pg_init_privs where objoid = 'booking.claim'::regclass",
        "update pg_extension set extconfig = extconfig[2:], extcondition = extcondition[2:] where extname = 'pg_booking'",
        "create function pg_temp.extra() returns event_trigger language plpgsql as 'begin end'; create event trigger extra on ddl_command_start execute function pg_temp.extra()",
    ] {
        client
            .batch_execute(&format!("begin; {forgotten}"))
            .await
            .with_context(|| forgotten.to_owned())?;
        let found = difference(&fresh, &catalog(&client).await?);
        client.batch_execute("rollback").await?;
        ensure!(!found.is_empty(), "not seen: {forgotten}");
    }
    Ok(())
}
