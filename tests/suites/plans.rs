//! How the hot functions get at their rows, on a server of its own that tells: pages, claims and bookings by index,
//! pages never sorted, nothing compiled, and in a session that has asked before nothing is planned anew.
use anyhow::{Context, Result, ensure};
use pg_booking_tests::cluster::Cluster;
use serde_json::Value;
use tokio_postgres::Client;

const SETTINGS: [&str; 5] = [
    "fsync=off",
    "autovacuum=off",
    "shared_preload_libraries=pg_stat_statements,auto_explain",
    "pg_stat_statements.track=all",
    "pg_stat_statements.track_planning=on",
];

/// Sixty people in one pool, each booked and held all over a month, and with a past.
const WORLD: &str = "
    create extension pg_booking cascade;
    create extension pg_stat_statements;
    insert into booking.tenant (slug, name) values ('t', 'T');
    insert into booking.resource (tenant_id, slug, name)
    select tenant_id, 'r' || n, 'R' || n from booking.tenant, generate_series(1, 60) n;
    select booking.put_service(tenant_id, 'pool', 'Pool', array[60], array_agg(resource_id))
    from booking.resource group by tenant_id;
    insert into booking.service_limit (tenant_id, service_id, period, max_count)
    select tenant_id, service_id, 'day', 100000 from booking.service;
    set session_replication_role = replica;
    create temp table fact as
    select r.tenant_id, r.resource_id, s.service_id, gen_random_uuid() as id, tstzrange(t, t + interval '1 hour') as span,
        extract(hour from t) = 12 and extract(isodow from t) = 1 as held
    from booking.resource r, booking.service s, generate_series(
        timestamptz '2099-11-01 00:00Z', timestamptz '2100-02-28 00:00Z', interval '6 hours') t;
    insert into booking.booking (tenant_id, booking_id, service_id, span, customer_key)
    select tenant_id, id, service_id, span, 'k' || id from fact where not held;
    insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit)
    select tenant_id, id, resource_id, 1 from fact where not held;
    insert into booking.hold (tenant_id, hold_id, service_id, session_hash, span, expires_at)
    select tenant_id, id, service_id, sha256(uuid_send(id)), span, '2200-01-01' from fact where held;
    insert into booking.claim (tenant_id, resource_id, span, hold_id, booking_id)
    select tenant_id, resource_id, span, case when held then id end, case when not held then id end from fact;
    reset session_replication_role;
    select booking.recompute(tenant_id, null, '2099-12-01', '2100-02-01') from booking.tenant;
    vacuum analyze";

/// What is asked all day; each finds something, writers undo what they did.
const CALLS: [&str; 10] = [
    "select count(*) from booking.service s, booking.available_slots(s.tenant_id, s.service_id, '2100-01-04', '2100-02-01')",
    "select count(*) from booking.service s, booking.available_slots(
        s.tenant_id, s.service_id, '2100-01-04', '2100-01-05', each_resource => true, holds => 'mark')",
    // No page is stored of the last weeks of it.
    "select count(*) from booking.service s, booking.available_slots(s.tenant_id, s.service_id, '2100-01-25', '2100-02-22')",
    "select count(*) from booking.service s, booking.available_days(s.tenant_id, s.service_id, '2100-01-04', '2100-02-01')",
    "select count(*) from booking.service s, booking.held_spans(s.tenant_id, s.service_id, '2100-01-04', '2100-01-11')",
    "select count(*) from booking.resource r where booking.is_free(r.tenant_id, r.resource_id, '[2100-01-04 03:00Z,2100-01-04 04:00Z)')",
    "select count(booking.day_slots(r.tenant_id, r.resource_id, '2100-01-04')) from booking.resource r",
    "with h as (
        select s.tenant_id, h.hold_id
        from booking.service s, booking.hold(s.tenant_id, s.service_id, '2100-01-04 03:00Z', 'session-0123456789') h)
    select count(booking.release(h.tenant_id, h.hold_id, 'session-0123456789')) from h",
    "with h as (
        select s.tenant_id, h.hold_id
        from booking.service s, booking.hold(s.tenant_id, s.service_id, '2100-01-04 03:00Z', 'session-0123456789') h),
    b as materialized (select h.tenant_id, b.hold_id from h, booking.heartbeat(h.tenant_id, 'session-0123456789') b)
    select count(booking.release(b.tenant_id, b.hold_id, 'session-0123456789')) from b",
    "with b as (
        select s.tenant_id, b.booking_id
        from booking.service s, booking.book(s.tenant_id, service => s.service_id, starts_at => '2100-01-04 03:00Z') b)
    select count(booking.cancel(b.tenant_id, b.booking_id)) from b",
];

/// Checks of rows that are locked, so updated, all day: inlined.
const CHECKS: [(&str, &str); 3] = [
    ("booking.check_slug(slug)", "resource"),
    ("booking.check_durations(durations)", "service"),
    ("booking.check_weekdays(arrival_days)", "service"),
];

/// What works hours out for several weeks at once, and for several resources: their common schedule is asked once.
const HOURS: [&str; 2] = [
    "select booking.recompute(tenant_id, resource_id, '2099-12-01', '2100-02-01') from booking.resource where slug = 'r7'",
    "select count(*) from booking.service s, booking.available_slots(s.tenant_id, s.service_id, '2100-02-22', '2100-05-01')",
];

/// Whose rows are many; live holds are few.
const LARGE: [&str; 4] = ["availability", "claim", "booking", "booking_resource"];

async fn ask(client: &Client) -> Result<()> {
    for call in CALLS {
        let row = client.query_one(call, &[]).await.context(call)?;
        ensure!(row.get::<_, i64>(0) > 0, "{call} found nothing");
    }
    Ok(())
}

/// The plans that auto_explain wrote into a log.
fn plans(log: &str) -> Result<Vec<Value>> {
    let mut plans = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.ends_with(" plan:") {
            continue;
        }
        let mut json = String::new();
        while let Some(part) = lines.next_if(|line| line.starts_with('\t')) {
            json.push_str(part);
        }
        plans.push(serde_json::from_str(&json).with_context(|| json.clone())?);
    }
    Ok(plans)
}

/// Every node of a plan with those above it.
fn walk<'a>(node: &'a Value, above: &mut Vec<&'a Value>, see: &mut impl FnMut(&Value, &[&Value])) {
    see(node, above);
    above.push(node);
    for below in node["Plans"].as_array().into_iter().flatten() {
        walk(below, above, see);
    }
    above.pop();
}

#[tokio::test]
async fn rows_come_by_index_pages_unsorted_and_plans_from_the_cache() -> Result<()> {
    let mut cluster = Cluster::new()?;
    cluster.start(&SETTINGS)?;
    let admin = cluster.connect("postgres").await?;
    admin.batch_execute("create database site").await?;
    let client = cluster.connect("site").await?;
    for statement in WORLD.split(";\n") {
        client.batch_execute(statement).await?;
    }

    // Twice: what a first call finds out about the tables invalidates the plans that it made before.
    ask(&client).await?;
    ask(&client).await?;
    client
        .batch_execute("select pg_stat_statements_reset()")
        .await?;
    ask(&client).await?;
    ask(&client).await?;
    let planned = client
        .query(
            "select query, plans, calls from pg_stat_statements where not toplevel and plans > 0",
            &[],
        )
        .await?;
    let nested: i64 = client
        .query_one(
            "select count(*) from pg_stat_statements where not toplevel and calls > 1",
            &[],
        )
        .await?
        .get(0);
    ensure!(nested > 50, "only {nested} statements were seen");
    ensure!(
        planned.is_empty(),
        "planned again: {:#?}",
        planned
            .iter()
            .map(|row| (
                row.get::<_, i64>(1),
                row.get::<_, i64>(2),
                row.get::<_, String>(0)
            ))
            .collect::<Vec<_>>()
    );

    for (call, table) in CHECKS {
        let plan: Vec<String> = client
            .query(
                &format!("explain (verbose) select {call} from booking.{table}"),
                &[],
            )
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect();
        ensure!(
            !plan.concat().contains("booking.check_"),
            "{call} is called: {plan:#?}"
        );
    }

    for call in HOURS {
        client
            .batch_execute("select pg_stat_statements_reset()")
            .await?;
        client.batch_execute(call).await?;
        let times: i64 = client
            .query_one(
                "select sum(calls)::bigint from pg_stat_statements where query like '%slotmap_inside(s.span%'",
                &[],
            )
            .await?
            .get(0);
        ensure!(times == 1, "{call} worked hours out {times} times");
    }

    client
        .batch_execute(
            "set auto_explain.log_min_duration = 0;
             set auto_explain.log_nested_statements = on;
             set auto_explain.log_analyze = on;
             set auto_explain.log_timing = off;
             set auto_explain.log_format = json",
        )
        .await?;
    ask(&client).await?;
    let log = std::fs::read_to_string(&cluster.server().log)?;
    let (mut scans, mut wrong) = (0, Vec::new());
    for plan in plans(&log)? {
        // To compile a plan takes half a second. None is worth it, but what is turned off for one query and leaks to those
        // below it makes them look dear.
        if !plan["JIT"].is_null() {
            wrong.push(format!("compiled: {}", plan["Query Text"]));
        }
        walk(&plan["Plan"], &mut Vec::new(), &mut |node, above| {
            let kind = node["Node Type"].as_str().unwrap_or_default();
            let table = node["Relation Name"].as_str().unwrap_or_default();
            if !LARGE.contains(&table) || kind == "ModifyTable" {
                return;
            }
            scans += 1;
            let sorted = above.iter().any(|node| {
                node["Node Type"]
                    .as_str()
                    .is_some_and(|kind| kind.contains("Sort"))
            });
            if !kind.contains("Index") && !kind.contains("Bitmap") {
                wrong.push(format!("{kind} on {table}: {}", plan["Query Text"]));
            }
            let rows = node["Actual Rows"].as_f64().unwrap_or(0.0);
            if table == "availability" && sorted && rows > 100.0 {
                wrong.push(format!("pages sorted: {}", plan["Query Text"]));
            }
        });
    }
    ensure!(scans > 30, "only {scans} scans were seen");
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
