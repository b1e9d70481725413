//! The upkeep as jobs of the real pg_cron, on a server of its own that loads it: they run on time, as a login role that can
//! read nothing, through both of pg_cron's ways to run a job; from another database the hint of the error schedules the same.
use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    cluster::{Cluster, text},
    fixture::FIXTURE,
    readme::{blocks, trimmed},
    server,
};
use tokio_postgres::{Client, error::SqlState};

const SETTINGS: [&str; 4] = [
    "fsync=off",
    "shared_preload_libraries=pg_cron",
    "cron.database_name=site",
    "max_worker_processes=20",
];

/// What the night is to find: no pages of the weeks to come, pages of long ago, a hold that lapsed yesterday, a booking of 40
/// days ago, and a sitting of which nothing is left.
const EVENING: &str = "
    call test.world();
    delete from booking.availability;
    select booking.recompute(test.id(1), test.id(14), now() - interval '60 days', now() - interval '30 days');
    insert into booking.hold (tenant_id, hold_id, service_id, session_hash, span, expires_at)
    values (
        test.id(1), test.id(61), test.id(31), sha256('x'), tstzrange(test.at('09:00'), test.at('10:00')),
        now() - interval '1 day');
    insert into booking.booking (tenant_id, booking_id, service_id, span)
    values (test.id(1), test.id(71), test.id(31), tstzrange(now() - interval '40 days', now() - interval '39 days'));
    insert into booking.claim (tenant_id, resource_id, span, hold_id, booking_id)
    values
        (test.id(1), test.id(14), tstzrange(test.at('09:00'), test.at('10:00')), test.id(61), null),
        (test.id(1), test.id(14), tstzrange(now() - interval '40 days', now() - interval '39 days'), null, test.id(71));
    insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
    values (test.id(1), test.id(31), test.id(14), 1, tstzrange(now() - interval '8 days', now() - interval '7 days'))";

/// True of what it is to leave: pages of all resources from last week until in 60 days, nothing of the rest, no page wrong.
const MORNING: &str = "
    select (select count(distinct resource_id) from booking.availability) = 5
        and (select min(week) from booking.availability) = booking.week_of(now()) - 7
        and (select max(week) from booking.availability) = booking.week_of(now() + interval '60 days')
        and not exists (select from booking.hold)
        and not exists (select from booking.claim)
        and not exists (select from booking.sitting)
        and not exists (select from booking.verify())";

async fn jobs(client: &Client, query: &str) -> Result<Vec<[String; 4]>> {
    let rows = client.query(query, &[]).await?;
    Ok(rows
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2), row.get(3)])
        .collect())
}

/// What pg_cron has of a database, as `booking.install_jobs` returns it.
async fn scheduled(client: &Client, database: &str) -> Result<Vec<[String; 4]>> {
    jobs(
        client,
        &format!(
            "select jobname::text, schedule, command, username from cron.job where database = '{database}' order by jobid"
        ),
    )
    .await
}

async fn install(client: &Client, arguments: &str) -> Result<Vec<[String; 4]>> {
    jobs(
        client,
        &format!("select job_name, schedule, command, run_as::text from booking.install_jobs({arguments})"),
    )
    .await
}

/// Waits until each of three jobs has run since pg_cron's table of runs was emptied, and returns how and as whom.
async fn runs(client: &Client) -> Result<Vec<[String; 4]>> {
    let began = Instant::now();
    loop {
        let runs = jobs(
            client,
            "select distinct split_part(jobname::text, ' ', 2), status, r.username, coalesce(r.return_message, '')
             from cron.job_run_details r
             join cron.job j using (jobid)
             where r.end_time is not null
             order by 1",
        )
        .await?;
        if runs.len() >= 3 {
            return Ok(runs);
        }
        ensure!(
            began.elapsed() < Duration::from_secs(100),
            "pg_cron ran only {runs:?}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn as_expected(runs: &[[String; 4]]) -> Result<()> {
    for (run, name) in runs.iter().zip(["expire_holds", "prune", "roll"]) {
        ensure!(run[..3] == [name, "succeeded", "upkeep"], "{runs:?}");
    }
    Ok(())
}

/// Whether all is as a night leaves it. The jobs pass by what another has locked just then, and find it the next time.
async fn is_morning(client: &Client) -> Result<bool> {
    Ok(client.query_one(MORNING, &[]).await?.get(0))
}

/// What the doctor says of the jobs, and whether they are well.
async fn doctor(client: &Client) -> Result<(Option<bool>, String)> {
    let row = client
        .query_one(
            "select ok, detail from booking.doctor() where \"check\" = 'jobs'",
            &[],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}

/// Jobs that ran well are well; what failed, and what has not run for days, is told.
async fn the_doctor_knows_how_they_went(client: &Client) -> Result<()> {
    let (ok, said) = doctor(client).await?;
    assert_eq!(ok, Some(true), "{said}");
    for (change, told) in [
        (
            "update cron.job_run_details set status = 'failed', return_message = 'no way in'",
            "no way in",
        ),
        (
            "update cron.job_run_details set start_time = start_time - interval '3 days'",
            "ran last at",
        ),
        ("update cron.job set active = false", "is not active"),
    ] {
        client.batch_execute(&format!("begin; {change}")).await?;
        let (ok, said) = doctor(client).await?;
        client.batch_execute("rollback").await?;
        assert_eq!(ok, Some(false), "{said}");
        assert!(said.contains(told), "{said}");
    }
    Ok(())
}

fn code(result: Result<Vec<[String; 4]>>) -> Result<SqlState> {
    let error = result.err().context("no error")?;
    let error = error
        .downcast_ref::<tokio_postgres::Error>()
        .context("no error of the database")?;
    Ok(error.code().context("no code")?.clone())
}

#[tokio::test]
async fn the_jobs_run_on_time_as_a_role_that_can_read_nothing() -> Result<()> {
    let mut cluster = Cluster::new()?;
    cluster.start(&SETTINGS)?;
    let admin = cluster.connect("postgres").await?;
    admin
        .batch_execute("create role upkeep login; create role stranger login")
        .await?;
    for database in ["site", "another"] {
        admin
            .batch_execute(&format!("create database {database}"))
            .await?;
    }
    let client = cluster.connect("site").await?;
    client
        .batch_execute("create extension pg_booking cascade")
        .await?;
    the_readme_prints_what_it_says(&cluster)?;
    client.batch_execute(FIXTURE).await?;
    client.batch_execute(EVENING).await?;
    let done = client.query_one(MORNING, &[]).await?;
    ensure!(!done.get::<_, bool>(0), "nothing to do");

    // Installed twice it is there once, and what is returned is what pg_cron has.
    install(&client, "").await?;
    let every_minute = "'upkeep', '* * * * *', '* * * * *', '* * * * *'";
    let installed = install(&client, every_minute).await?;
    assert_eq!(
        installed,
        [
            ["pg_booking roll site", "call booking.roll(60)"],
            [
                "pg_booking expire_holds site",
                "select booking.expire_holds(10000)"
            ],
            ["pg_booking prune site", "call booking.prune(1000)"],
        ]
        .map(|[name, command]| [name, "* * * * *", command, "upkeep"].map(str::to_owned))
    );
    assert_eq!(scheduled(&client, "site").await?, installed);

    // On time, through a connection of pg_cron's own.
    as_expected(&runs(&client).await?)?;
    let began = Instant::now();
    while !is_morning(&client).await? {
        ensure!(
            began.elapsed() < Duration::from_secs(130),
            "something is left"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let readable: i64 = client
        .query_one(
            "select count(*) from pg_class
             where relnamespace = 'booking'::regnamespace and relkind = 'r'
                and has_table_privilege('upkeep', oid, 'select, insert, update, delete, truncate')",
            &[],
        )
        .await?
        .get(0);
    assert_eq!(readable, 0);

    // And in a background worker, where a procedure commits all the same.
    install(&client, "'upkeep', '@reboot', '@reboot', '@reboot'").await?;
    client.batch_execute(EVENING).await?;
    client
        .batch_execute("delete from cron.job_run_details")
        .await?;
    drop((client, admin));
    let settings = [&SETTINGS[..], &["cron.use_background_workers=on"]].concat();
    let mut nights = 0;
    let client = loop {
        text(&cluster.run("stop")?)?;
        cluster.start(&settings)?;
        let client = cluster.connect("site").await?;
        as_expected(&runs(&client).await?)?;
        if is_morning(&client).await? {
            break client;
        }
        nights += 1;
        ensure!(nights < 5, "something is left");
        client
            .batch_execute("delete from cron.job_run_details")
            .await?;
    };

    the_doctor_knows_how_they_went(&client).await?;
    what_cannot_be_scheduled_leaves_the_jobs_as_they_are(&client).await?;
    a_role_schedules_what_runs_as_itself(&cluster, &client).await?;
    the_hint_schedules_from_another_database(&cluster, &client).await
}

/// The block of the README that only a server with pg_cron can run.
fn the_readme_prints_what_it_says(cluster: &Cluster) -> Result<()> {
    let blocks = blocks();
    let at = blocks
        .iter()
        .position(|(language, _)| *language == "sql pg_cron")
        .context("no such block")?;
    let server = cluster.server();
    let psql = Command::new(server.bindir.join("psql"))
        .args([
            "-Xq",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            "site",
        ])
        .args(["-h", &server.host, "-p", &server.port.to_string()])
        .args(["-c", &blocks[at].1])
        .output()?;
    assert_eq!(trimmed(&text(&psql)?), trimmed(&blocks[at + 1].1));
    Ok(())
}

async fn what_cannot_be_scheduled_leaves_the_jobs_as_they_are(client: &Client) -> Result<()> {
    let before = scheduled(client, "site").await?;
    ensure!(before.len() == 3, "{before:?}");
    for (arguments, expected) in [
        ("'upkeep', '61 * * * *'", SqlState::INVALID_PARAMETER_VALUE),
        ("'upkeep', ''", SqlState::INVALID_PARAMETER_VALUE),
        ("days => 401", SqlState::INVALID_PARAMETER_VALUE),
        ("batch => -1", SqlState::INVALID_PARAMETER_VALUE),
        ("'pg_monitor'", SqlState::INVALID_PARAMETER_VALUE),
        ("'nobody'", SqlState::UNDEFINED_OBJECT),
    ] {
        assert_eq!(
            code(install(client, arguments).await)?,
            expected,
            "{arguments}"
        );
    }
    assert_eq!(scheduled(client, "site").await?, before);
    // Null: not that job.
    let two = install(client, "'upkeep', prune_at => null, days => 30").await?;
    assert_eq!(two.len(), 2);
    assert_eq!(two[0][2], "call booking.roll(30)");
    assert_eq!(scheduled(client, "site").await?, two);
    let (ok, said) = doctor(client).await?;
    assert_eq!(ok, Some(false));
    assert!(said.contains("prune is not scheduled"), "{said}");
    Ok(())
}

/// Where one cannot be a superuser, the role of the jobs schedules them itself.
async fn a_role_schedules_what_runs_as_itself(cluster: &Cluster, client: &Client) -> Result<()> {
    client
        .batch_execute("grant usage on schema cron to upkeep, stranger; grant usage on schema booking to stranger")
        .await?;
    let upkeep = server::connect(cluster.server().config("site").user("upkeep")).await?;
    let installed = install(&upkeep, "").await?;
    assert_eq!(installed.len(), 3);
    assert!(
        installed.iter().all(|job| job[3] == "upkeep"),
        "{installed:?}"
    );
    assert_eq!(scheduled(client, "site").await?, installed);
    // But not what would run as somebody else.
    assert_eq!(
        code(install(&upkeep, "'postgres'").await)?,
        SqlState::INSUFFICIENT_PRIVILEGE
    );
    let stranger = server::connect(cluster.server().config("site").user("stranger")).await?;
    assert_eq!(
        code(install(&stranger, "").await)?,
        SqlState::INSUFFICIENT_PRIVILEGE
    );
    let remove = "select booking.remove_jobs()";
    assert_eq!(client.query_one(remove, &[]).await?.get::<_, i64>(0), 3);
    assert_eq!(client.query_one(remove, &[]).await?.get::<_, i64>(0), 0);
    ensure!(scheduled(client, "site").await?.is_empty());
    Ok(())
}

/// pg_cron keeps its jobs in one database of a server: the hint is what to say there.
async fn the_hint_schedules_from_another_database(cluster: &Cluster, home: &Client) -> Result<()> {
    let another = cluster.connect("another").await?;
    another
        .batch_execute("create extension pg_booking cascade")
        .await?;
    let here = install(home, "").await?;
    for (call, left) in [
        ("booking.install_jobs('upkeep', prune_at => '@reboot')", 3),
        ("booking.remove_jobs()", 0),
    ] {
        let error = another
            .query_one(&format!("select {call}"), &[])
            .await
            .err()
            .context("no error")?;
        let error = error.as_db_error().context("no error of the database")?;
        assert_eq!(error.code(), &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
        let (place, statements) = error
            .hint()
            .and_then(|hint| hint.split_once('\n'))
            .context("no hint")?;
        assert_eq!(place, "In database \"site\":");
        home.batch_execute(statements).await?;
        let there = scheduled(home, "another").await?;
        assert_eq!(there.len(), left, "{there:?}");
        assert!(
            there
                .iter()
                .all(|job| job[0].ends_with(" another") && job[3] == "upkeep"),
            "{there:?}"
        );
    }
    // Neither touched the other.
    assert_eq!(scheduled(home, "site").await?, here);
    Ok(())
}
