//! How an error of SQL arrives: the public functions are replaced by ones that fail as they are told.
use std::time::Duration;

use anyhow::Result;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::world::{World, monday, session, slots_path};

pub const SERVICES: &str = "booking_api.services(text)";
const TRY_RELEASE: &str = "booking_api.try_release(text, uuid, text)";

/// Gives a function of `booking_api` another body; the first one lives on as `real_...`.
pub async fn replace(sql: &Client, function: &str, body: &str) -> Result<()> {
    let name = function.split(['.', '(']).nth(1).unwrap_or_default();
    sql.batch_execute(&format!(
        "do $outer$
        declare
            v_oid regprocedure := '{function}';
            v_arguments text := pg_get_function_arguments(v_oid);
            v_result text := pg_get_function_result(v_oid);
        begin
            if to_regprocedure(replace('{function}', '{name}', 'real_{name}')) is null then
                alter function {function} rename to real_{name};
            else
                drop function {function};
            end if;
            execute format('create function booking_api.{name}(%s) returns %s language plpgsql security definer as %L',
                v_arguments, v_result, 'begin ' || $body$ {body} $body$ || ' end');
        end $outer$;"
    ))
    .await?;
    Ok(())
}

async fn raise(sql: &Client, code: &str) -> Result<()> {
    replace(
        sql,
        SERVICES,
        &format!(
            "raise exception using errcode = '{code}', message = 'said of the thing', hint = 'do this',
                 detail = 'who and where';"
        ),
    )
    .await
}

#[tokio::test]
async fn each_class_of_error_has_its_status_and_says_no_more_than_it_may() -> Result<()> {
    let world = World::new("faults").await?;
    for (code, status, said) in [
        ("22023", 400, true),
        ("22P02", 400, true),
        ("PT422", 422, true),
        ("PT404", 404, false),
        // Functions of the engine raise these without a constraint, and say what to change.
        ("23505", 409, true),
        ("23514", 400, true),
        ("BK004", 409, false),
        ("BK008", 429, false),
        ("55P03", 503, false),
        ("40P01", 503, false),
        ("57014", 503, false),
        ("57P01", 503, false),
        ("57P02", 503, false),
        ("57P03", 503, false),
        ("53300", 503, false),
        ("08P01", 503, false),
        ("25006", 500, false),
        // A right that is missing is ours to give; a name that is missing inside of a function is its defect.
        ("42501", 503, false),
        ("42P01", 500, false),
        ("42883", 500, false),
        ("XX000", 500, false),
        ("P0001", 500, false),
    ] {
        raise(&world.sql, code).await?;
        let answer = world.get("/v1/acme/services").await?;
        assert_eq!(answer.status, status, "{code}: {answer:?}");
        let text = answer.body.to_string();
        assert_eq!(
            text.contains("said of the thing"),
            said,
            "{code}: {answer:?}"
        );
        assert_eq!(text.contains("do this"), said, "{code}: {answer:?}");
        assert!(!text.contains("who and where"), "{code}: {answer:?}");
        if status == 500 {
            assert_eq!(answer.body["code"], serde_json::Value::Null, "{code}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_serialization_failure_is_tried_once_more() -> Result<()> {
    let world = World::new("faults").await?;
    // A sequence counts on through a rollback.
    world
        .sql
        .batch_execute("create sequence public.tries")
        .await?;
    let path = format!("/v1/acme/holds/{}", Uuid::new_v4());
    for (failures, status) in [(1, 404), (2, 503)] {
        let body = format!(
            "if nextval('public.tries') <= {failures} then
                 raise exception using errcode = '40001';
             end if;
             return booking_api.real_try_release(tenant, hold_id, session_id);"
        );
        replace(&world.sql, TRY_RELEASE, &body).await?;
        world
            .sql
            .batch_execute("alter sequence public.tries restart")
            .await?;
        assert_eq!(
            world.delete(&path, &session()).await?.status,
            status,
            "{failures}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_read_cannot_write() -> Result<()> {
    let world = World::new("faults").await?;
    world
        .sql
        .batch_execute("create table public.notes (note text)")
        .await?;
    replace(
        &world.sql,
        SERVICES,
        "insert into public.notes values ('a read wrote');",
    )
    .await?;
    assert_eq!(world.get("/v1/acme/services").await?.status, 500);
    Ok(())
}

#[tokio::test]
async fn a_call_has_its_name_and_its_limit_and_names_no_statement() -> Result<()> {
    let world = World::new("faults").await?;
    replace(
        &world.sql,
        SERVICES,
        "raise exception using errcode = '22023',
             message = concat_ws(' ', current_setting('application_name'), current_setting('statement_timeout'),
                                 (select count(*) from pg_prepared_statements));",
    )
    .await?;
    for _ in 0..2 {
        let answer = world.get("/v1/acme/services").await?;
        assert_eq!(answer.text("detail"), "booking-facade 20s 0", "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_takes_too_long_is_ended_by_the_database() -> Result<()> {
    let world = World::with("faults", |config| {
        config.statement_timeout = Duration::from_millis(200)
    })
    .await?;
    replace(&world.sql, SERVICES, "perform pg_sleep(30);").await?;
    assert_eq!(
        world.get("/v1/acme/services").await?.outcome(),
        (503, Some("57014"))
    );
    assert_eq!(world.get(&slots_path(monday(), "")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_503() -> Result<()> {
    let world = World::with("faults", |config| {
        config.request_timeout = Duration::from_millis(200)
    })
    .await?;
    replace(&world.sql, SERVICES, "perform pg_sleep(2);").await?;
    let answer = world.get("/v1/acme/services").await?;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    Ok(())
}

#[tokio::test]
async fn whoever_finds_no_free_connection_in_time_is_asked_to_come_back() -> Result<()> {
    let world = World::with("faults", |config| {
        config.pool_size = 1;
        config.acquire_timeout = Duration::from_millis(200);
    })
    .await?;
    world.get("/v1/acme/services").await?;
    replace(&world.sql, SERVICES, "perform pg_sleep(2);").await?;
    let (first, second) = tokio::join!(world.get("/v1/acme/services"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.get("/v1/another/services").await
    });
    assert_eq!((first?.status, second?.status), (200, 503));
    Ok(())
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_transaction_behind() -> Result<()> {
    let world = World::with("faults", |config| config.pool_size = 1).await?;
    replace(&world.sql, SERVICES, "perform pg_sleep(0.5);").await?;
    let impatient = world.http.get(format!("{}/v1/acme/services", world.url));
    assert!(
        impatient
            .timeout(Duration::from_millis(100))
            .send()
            .await
            .is_err()
    );
    assert_eq!(world.get(&slots_path(monday(), "")).await?.status, 200);
    let row = world
        .sql
        .query_one(
            "select count(*), count(*) filter (where state = 'idle') from pg_stat_activity where usename = $1",
            &[&world.role],
        )
        .await?;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 1));
    Ok(())
}
