//! `/healthz` and `/readyz`.
use std::time::Duration;

use anyhow::Result;
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::world::{World, monday_at, session};

impl World {
    /// What the probe says of the database, the routes say too: it is not the caller's fault, and will be mended.
    async fn check_not_ready(&self) -> Result<()> {
        let list = "/api/booking/get-available-slots?tenant_id=acme&start_date=2100-01-04&end_date=2100-01-05";
        for path in ["/readyz", "/v1/acme/services", "/v1/acme/resources"] {
            let answer = self.get(path).await?;
            assert_eq!(answer.outcome(), (503, None), "{path} {answer:?}");
            assert_eq!(answer.header("retry-after"), "5", "{path}");
        }
        let hold = self.hold(monday_at(9), &session()).await?;
        assert_eq!(hold.outcome(), (503, None), "{hold:?}");
        let old = self.request(Method::GET, list).send().await?;
        assert_eq!(old.status(), 503);
        Ok(())
    }
}

#[tokio::test]
async fn a_facade_with_its_database_is_alive_and_ready() -> Result<()> {
    let world = World::new("health").await?;
    for (path, status) in [("/healthz", "alive"), ("/readyz", "ready")] {
        let answer = world.get(path).await?;
        assert_eq!(
            (answer.status, &answer.body),
            (200, &json!({"status": status}))
        );
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
    Ok(())
}

#[tokio::test]
async fn without_access_it_is_not_ready() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute(&format!(
            "revoke usage on schema booking_api from {}_public",
            world.role
        ))
        .await?;
    world.check_not_ready().await?;
    assert_eq!(world.get("/healthz").await?.status, 200);
    world
        .sql
        .batch_execute(&format!(
            "grant usage on schema booking_api to {}_public",
            world.role
        ))
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn after_a_restore_it_is_not_ready_until_access_is_granted_again() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute("alter function booking.public_services(text) owner to postgres")
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 503);
    world
        .sql
        .batch_execute(
            "do $$
             declare
                 v_function regprocedure;
             begin
                 for v_function in
                     select p.oid from pg_proc p where p.pronamespace = 'booking'::regnamespace and p.prosecdef
                 loop
                     execute format('alter function %s owner to postgres', v_function);
                 end loop;
             end
             $$",
        )
        .await?;
    world.check_not_ready().await?;
    world
        .sql
        .batch_execute("select booking.grant_access()")
        .await?;
    assert_eq!(world.get("/readyz").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn without_the_extension_it_is_not_ready() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute("drop extension pg_booking cascade")
        .await?;
    let answer = world.get("/readyz").await?;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    world.check_not_ready().await?;
    assert_eq!(world.get("/healthz").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn what_an_older_extension_has_not_is_503_to_those_who_ask_for_it() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute("alter function booking_api.services(text) rename to gone")
        .await?;
    let answer = world.get("/v1/acme/services").await?;
    assert_eq!(answer.outcome(), (503, None), "{answer:?}");
    assert_eq!(world.get("/v1/acme/resources").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_role_that_is_not_there_is_nothing_that_a_caller_did() -> Result<()> {
    let world = World::with("health", |config| {
        config.roles.public = Some("nobody_such".into());
        config.roles.member = "nobody_such".into();
    })
    .await?;
    world.check_not_ready().await?;
    let request = world.request(Method::GET, "/v1/acme/services");
    let answer = world.send(request.bearer_auth(world.token("ada")?)).await?;
    assert_eq!(answer.outcome(), (503, None), "{answer:?}");
    let text = world.get("/readyz").await?.body.to_string();
    assert!(!text.contains("nobody_such"), "{text}");
    Ok(())
}

#[tokio::test]
async fn claims_that_cannot_be_set_are_nothing_that_a_caller_did() -> Result<()> {
    let world = World::new("health").await?;
    world
        .sql
        .batch_execute(
            "revoke execute on function pg_catalog.set_config(text, text, boolean) from public",
        )
        .await?;
    let request = world.request(Method::GET, "/v1/acme/services");
    let answer = world.send(request.bearer_auth(world.token("ada")?)).await?;
    assert_eq!(answer.outcome(), (503, None), "{answer:?}");
    Ok(())
}

/// What fails is in PostgreSQL's log with all its context, however often somebody probes.
#[tokio::test]
async fn a_probe_fails_nothing_in_the_database() -> Result<()> {
    let world = World::new("health").await?;
    for _ in 0..3 {
        assert_eq!(world.get("/readyz").await?.status, 200);
    }
    // A session counts what it did when it ends.
    let sessions =
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = $1";
    while world
        .sql
        .query_one(sessions, &[&world.role])
        .await?
        .get::<_, i64>(0)
        > 0
    {
        sleep(Duration::from_millis(20)).await;
    }
    let failed = "select xact_rollback from pg_stat_database where datname = current_database()";
    assert_eq!(world.sql.query_one(failed, &[]).await?.get::<_, i64>(0), 0);
    Ok(())
}
