//! pg_dump and restore lose nothing, and the restored database answers the same, with pages and without. What they do lose is
//! who owns what: the public surface stays shut until it is said again.
use std::path::Path;

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    TestDb,
    data::{answers, contents, run},
};
use tokio_postgres::{Client, error::SqlState};

#[tokio::test]
async fn a_restored_database_has_everything_and_answers_the_same() -> Result<()> {
    let original = TestDb::new("dumped").await?;
    let server = &original.server;
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../sql/demo.sql");
    run(
        server,
        "psql",
        &[
            "-Xq",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &original.name,
            "-o",
            "/dev/null",
            "-f",
            demo,
        ],
    )?;
    let client = original.connect().await?;
    // Beside the bookings of the demo: a live hold, and a cancelled booking with its history.
    client
        .execute(
            "with slot as (
                select s.tenant_id, s.service_id, array_agg(a.starts_at order by a.starts_at) as starts
                from booking.service s
                cross join lateral booking.available_slots(
                    s.tenant_id, s.service_id, now() + interval '3 days', now() + interval '13 days') a
                where s.slug = 'consultation'
                group by 1, 2)
             select booking.hold(tenant_id, service_id, starts[1], 'session-of-the-dump'),
                booking.cancel(
                    tenant_id,
                    (booking.book(tenant_id, service => service_id, starts_at => starts[9], idempotency_key => 'k')).booking_id)
             from slot",
            &[],
        )
        .await?;
    // A week somewhere else.
    client
        .batch_execute(
            "insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
             select tenant_id, schedule_id, daterange(current_date + 5, current_date + 12), 'Asia/Tokyo'
             from booking.resource where slug = 'bilal'",
        )
        .await?;
    // What was on a unit that is gone since, must come back as well.
    client
        .batch_execute(
            "update booking.resource set capacity = 2 where slug = 'room-a';
             update booking.claim set unit = 2
             where resource_id = (select resource_id from booking.resource where slug = 'room-a')
                and upper(span) < now();
             update booking.resource set capacity = 1 where slug = 'room-a'",
        )
        .await?;
    // What was refused or only held is of no booking, and history all the same.
    client
        .execute(
            "select booking.try_hold(tenant_id, service_id, '2020-01-01', 'session-of-the-dump') from booking.service where slug = 'consultation'",
            &[],
        )
        .await?;
    let attempts: i64 = client
        .query_one(
            "select count(distinct kind) from booking.booking_event where booking_id is null and kind in ('held', 'refused')",
            &[],
        )
        .await?
        .get(0);
    ensure!(attempts == 2, "attempts without a booking to take along");
    let as_of: String = client.query_one("select now()::text", &[]).await?.get(0);
    let (filled, offered) = (
        contents(&original).await?,
        answers(&original, &as_of).await?,
    );
    for table in [
        "hold",
        "booking",
        "booking_event",
        "booking_token",
        "idempotency",
        "claim",
        "holiday",
        "schedule_override",
        "schedule_travel",
        "busy_window",
    ] {
        ensure!(
            filled
                .iter()
                .any(|(name, digest)| name == &format!("booking.{table}")
                    && !digest.starts_with("0 ")),
            "{table} is empty: {filled:?}"
        );
    }
    ensure!(offered.0 > 500, "little is offered: {offered:?}");

    let admin = server.connect("postgres").await?;
    for format in ["custom", "plain"] {
        let restored = TestDb::new("restored").await?;
        admin
            .batch_execute(&format!("drop database {:?}", restored.name))
            .await?;
        admin
            .batch_execute(&format!(
                "create database {:?} template template0",
                restored.name
            ))
            .await?;
        let file =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.{format}", original.name));
        let path = file.display().to_string();
        run(
            server,
            "pg_dump",
            &["--format", format, "--file", &path, &original.name],
        )?;
        if format == "custom" {
            run(
                server,
                "pg_restore",
                &["--exit-on-error", "--dbname", &restored.name, &path],
            )?;
        } else {
            let quiet = [
                "-Xq",
                "-v",
                "ON_ERROR_STOP=1",
                "-o",
                "/dev/null",
                "-d",
                &restored.name,
                "-f",
                &path,
            ];
            run(server, "psql", &quiet)?;
        }
        std::fs::remove_file(file)?;
        assert_eq!(contents(&restored).await?, filled, "{format}");
        assert_eq!(
            answers(&restored, &as_of).await?,
            offered,
            "{format}, weeks on demand"
        );
        let client = restored.connect().await?;
        client.batch_execute("call booking.roll()").await?;
        assert_eq!(
            answers(&restored, &as_of).await?,
            offered,
            "{format}, pages stored"
        );
        assert!(
            client
                .query("select * from booking.verify()", &[])
                .await?
                .is_empty(),
            "{format}"
        );
    }
    Ok(())
}

/// A copy of a database by pg_dump and restore, done by another superuser where one is named.
fn copied(original: &TestDb, copy: TestDb, format: &str, user: &str) -> Result<TestDb> {
    let server = &original.server;
    let connect = |program: &str, arguments: &[&str]| {
        run(server, program, &[&["-U", user], arguments].concat())
    };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.{format}", copy.name));
    let path = file.display().to_string();
    connect("dropdb", &[&copy.name])?;
    connect("createdb", &["--template", "template0", &copy.name])?;
    connect(
        "pg_dump",
        &["--format", format, "--file", &path, &original.name],
    )?;
    if format == "custom" {
        connect(
            "pg_restore",
            &["--exit-on-error", "--dbname", &copy.name, &path],
        )?;
    } else {
        let quiet = ["-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"];
        connect(
            "psql",
            &[&quiet[..], &["-d", &copy.name, "-f", &path]].concat(),
        )?;
    }
    std::fs::remove_file(file)?;
    Ok(copy)
}

/// How many rows a request gets to see as a role, or the code of its error.
async fn seen(client: &Client, role: &str, claims: &str, from: &str) -> Result<i64, SqlState> {
    let code =
        |error: tokio_postgres::Error| error.code().cloned().unwrap_or(SqlState::INTERNAL_ERROR);
    client
        .batch_execute(&format!(
            "begin; set local role {role:?}; set local request.jwt.claims = '{claims}'"
        ))
        .await
        .map_err(code)?;
    let row = client
        .query_one(&format!("select count(*) from {from}"), &[])
        .await
        .map(|row| row.get(0))
        .map_err(code);
    client.batch_execute("rollback").await.map_err(code)?;
    row
}

#[tokio::test]
async fn a_restored_database_is_shut_until_access_is_granted_again() -> Result<()> {
    let original = TestDb::new("granted").await?;
    let admin = original.connect().await?;
    let role = |kind: &str| format!("{}_{kind}", original.name);
    let [web, member, service, owner, login, root] =
        ["web", "member", "service", "owner", "login", "root"].map(role);
    admin
        .batch_execute(&format!(
            "create role {web}; create role {member}; create role {service}; create role {owner};
             create role {login} login; create role {root} superuser login;
             insert into booking.tenant (tenant_id, slug, name)
             values ('00000000-0000-0000-0000-000000000001', 'a', 'A'), ('00000000-0000-0000-0000-000000000002', 'b', 'B');
             insert into booking.member (tenant_id, user_id, role)
             values ('00000000-0000-0000-0000-000000000001', 'ada', 'owner');
             insert into booking.resource (tenant_id, slug, name) select tenant_id, 'room', 'Room' from booking.tenant;
             select booking.put_service(tenant_id, 'visit', 'Visit', array[60], array[resource_id]) from booking.resource;
             select booking.grant_access('{web}', '{member}', '{service}', '{owner}');
             select booking.bind_login('00000000-0000-0000-0000-000000000002', '{login}')"
        ))
        .await?;
    let (public, table) = ("booking_api.services('a')", "booking.tenant");
    let ada = "{\"sub\": \"ada\"}";
    let shut = Err(SqlState::INSUFFICIENT_PRIVILEGE);
    let owners = "select array_agg(distinct o::regrole::text order by o::regrole::text)
        from (
            select relowner from pg_class where relnamespace = 'booking'::regnamespace and relkind = 'r'
            union all
            select proowner from pg_proc where pronamespace = 'booking'::regnamespace and prosecdef) s (o)";

    for (format, user) in [
        ("plain", "postgres"),
        ("custom", "postgres"),
        ("custom", &*root),
    ] {
        let restored = copied(&original, TestDb::new("regranted").await?, format, user)?;
        let client = restored.connect().await?;
        // Grants came along, the owner did not: what runs with more rights than it was given answers nobody, whoever restored.
        let owned: Vec<String> = client.query_one(owners, &[]).await?.get(0);
        assert_eq!(owned, [user]);
        assert_eq!(seen(&client, &web, "", public).await, shut);
        assert_eq!(seen(&client, &member, ada, public).await, shut);
        assert_eq!(seen(&client, "postgres", "", public).await, shut);
        // Policies are the extension's own: no row is shown that was not.
        assert_eq!(seen(&client, &web, "", table).await, shut);
        assert_eq!(seen(&client, &member, "", table).await, Ok(0));
        assert_eq!(seen(&client, &member, ada, table).await, Ok(1));
        assert_eq!(seen(&client, &service, "", table).await, Ok(0));

        client
            .batch_execute("select booking.grant_access()")
            .await?;
        let owned: Vec<String> = client.query_one(owners, &[]).await?.get(0);
        assert_eq!(owned, [&*owner]);
        assert_eq!(seen(&client, &web, "", public).await, Ok(1));
        assert_eq!(seen(&client, &web, "", table).await, shut);
        assert_eq!(seen(&client, &member, ada, table).await, Ok(1));
        assert_eq!(seen(&client, &service, "", table).await, Ok(2));
        let bound = restored.connect_as(&login).await?;
        let slug: String = bound
            .query_one("select slug from booking.tenant", &[])
            .await?
            .get(0);
        assert_eq!(slug, "b");
    }

    // Without an owner of its own it is whoever installed, and open at once where the same one restored it.
    admin
        .batch_execute(&format!(
            "drop extension pg_booking; create extension pg_booking;
             insert into booking.tenant (slug, name) values ('a', 'A');
             insert into booking.resource (tenant_id, slug, name) select tenant_id, 'room', 'Room' from booking.tenant;
             select booking.put_service(tenant_id, 'visit', 'Visit', array[60], array[resource_id]) from booking.resource;
             select booking.grant_access('{web}')"
        ))
        .await?;
    let same = copied(
        &original,
        TestDb::new("regranted").await?,
        "custom",
        "postgres",
    )?;
    assert_eq!(seen(&same.connect().await?, &web, "", public).await, Ok(1));
    let other = copied(&original, TestDb::new("regranted").await?, "custom", &root)?;
    let client = other.connect().await?;
    assert_eq!(seen(&client, &web, "", public).await, shut);
    client
        .batch_execute("select booking.grant_access()")
        .await?;
    assert_eq!(seen(&client, &web, "", public).await, Ok(1));
    let kept: Option<String> = client
        .query_one("select owner_role::text from booking.access", &[])
        .await
        .context("booking.access")?
        .get(0);
    assert_eq!(kept, None);
    Ok(())
}
