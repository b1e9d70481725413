//! Over HTTP: a list of slots beside a route that runs `SELECT 1`, and a hold beside the function that it calls. Servers and
//! clients share this process and its cores, in rounds that alternate; the best round of each side counts.
use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use booking_facade::{config::Command, serve::serve, state::AppState};
use clap::Parser;
use pg_booking_tests::TestDb;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_postgres::{Client, NoTls};

use crate::{
    http_load::{Load, Wanted, load},
    report::{Report, Target},
};

const CLIENTS: [usize; 2] = [1, 16];
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
/// Connections of each server's pool.
const POOL: usize = 16;

/// A tenant with a service of one chair and one of fifty, and the roles of a facade.
pub const SHOP: &str = "
    insert into booking.tenant (slug, name, zone) values ('acme', 'Acme', 'Europe/Berlin');
    insert into booking.resource (tenant_id, slug, name)
    select tenant_id, 'chair-' || n, 'Chair' from booking.tenant, generate_series(1, 50) n;
    select booking.put_hours(tenant_id, resource_id, 'Mo-Su 08:00-20:00') from booking.resource;
    select booking.put_service(tenant_id, 'one', 'One', array[60], array[resource_id]) from booking.resource where slug = 'chair-1';
    select booking.put_service(tenant_id, 'any', 'Any', array[60], array_agg(resource_id)) from booking.resource group by tenant_id;
    update booking.service set step = 15, max_holds = 1000000;
    update booking.tenant set max_session_holds = 1000000, max_client_holds = 1000000;
    do $$
    begin
        -- Roles are the cluster's: another group may have made them.
        if to_regrole('bench_web') is null then
            create role bench_web login noinherit;
            create role bench_public; create role bench_member; create role bench_service; create role bench_owner;
        end if;
    end
    $$;
    grant bench_public, bench_member, bench_service to bench_web;
    select booking.grant_access('bench_public', 'bench_member', 'bench_service', 'bench_owner');";

const COUNT: &str = "select count(*) from booking_api.available_slots('acme', $1, $2::text::timestamptz, $3::text::timestamptz)";
const HOLD: &str = "select hold_id from booking_api.try_hold(tenant => 'acme', service => 'any', starts_at => $1::timestamptz, session_id => $2)";

/// Measures all of it, in a runtime of its own: this needs all cores.
pub fn run(report: &mut Report) -> Result<()> {
    Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let db = TestDb::new("bench_http").await?;
    let sql = db.connect().await?;
    sql.batch_execute(SHOP)
        .await
        .context("setting up the shop")?;
    sql.execute("call booking.roll(60)", &[]).await?;
    let url = db.url("bench_web");
    let (ours, peer) = (facade(&url, &[]).await?, select_one(&url).await?);
    let keeping = facade(&url, &["--cache", "1s"]).await?;
    report.group(
        "over HTTP, milliseconds a request, all clients together",
        "facade",
        "SELECT 1",
    );
    for (name, service, days) in [
        ("a day of one resource", "one", 1),
        ("30 days of one resource", "one", 30),
        ("a day, any of 50", "any", 1),
    ] {
        let wanted = slots(&sql, service, days).await?;
        for clients in CLIENTS {
            let apart = wanted.clone().with_session();
            row(
                report,
                &format!("{name}, {clients} clients, each for itself"),
                (ours, &apart),
                peer,
                clients,
                Some(AT_LEAST),
            )
            .await?;
        }
        for (how, server) in [("", ours), (", kept for a second", keeping)] {
            row(
                report,
                &format!("{name}, 16 clients, the same request{how}"),
                (server, &wanted),
                peer,
                16,
                Some(AT_LEAST),
            )
            .await?;
        }
    }
    holds(report, &db, ours).await
}

const AT_LEAST: Target = Target::at_least(0.3, ">= 0.3x");

async fn row(
    report: &mut Report,
    name: &str,
    (ours, wanted): (SocketAddr, &Wanted),
    peer: SocketAddr,
    clients: usize,
    target: Option<Target>,
) -> Result<()> {
    let one = Wanted::get("/");
    let (mut best, mut best_peer) = (Load::default(), Load::default());
    load(ours, wanted, clients, ROUND / 4).await?;
    load(peer, &one, clients, ROUND / 4).await?;
    for _ in 0..ROUNDS {
        best = best.better(load(ours, wanted, clients, ROUND).await?);
        best_peer = best_peer.better(load(peer, &one, clients, ROUND).await?);
    }
    report.figures(name, best.each_ms(), best_peer.each_ms(), target);
    report.note(&format!(
        "{:.0} a second, p50 {:.2} ms, p99 {:.2} ms; SELECT 1: {:.0} a second, p99 {:.2} ms",
        best.rate(),
        best.percentile(50),
        best.percentile(99),
        best_peer.rate(),
        best_peer.percentile(99)
    ));
    Ok(())
}

/// The request for the slots from tomorrow on, whose answer has as many as the function says.
async fn slots(sql: &Client, service: &str, days: i32) -> Result<Wanted> {
    let bounds = "select to_char(d, 'YYYY-MM-DD\"T\"00:00:00\"Z\"'), to_char(d + $1 * interval '1 day', 'YYYY-MM-DD\"T\"00:00:00\"Z\"')
        from (select date_trunc('day', now() at time zone 'UTC') + interval '1 day') t (d)";
    let row = sql.query_one(bounds, &[&f64::from(days)]).await?;
    let (from, to): (String, String) = (row.get(0), row.get(1));
    let expected: i64 = sql.query_one(COUNT, &[&service, &from, &to]).await?.get(0);
    ensure!(expected > 0, "nothing is offered");
    Ok(Wanted::get(&format!(
        "/v1/acme/services/{service}/slots?from={from}&to={to}&limit=5000"
    ))
    .with_slots(usize::try_from(expected)?))
}

/// A hold over HTTP, and the same function called by as many sessions of SQL, each for an address of its own.
async fn holds(report: &mut Report, db: &TestDb, ours: SocketAddr) -> Result<()> {
    let sql = db.connect().await?;
    let starts: Vec<String> = sql
        .query("select to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from booking_api.available_slots('acme', 'any', now(), now() + interval '300 days')", &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    for clients in CLIENTS {
        let (mut over_http, mut in_sql) = (Load::default(), Load::default());
        for _ in 0..ROUNDS {
            release_all(&sql).await?;
            over_http =
                over_http.better(load(ours, &Wanted::holds(&starts), clients, ROUND).await?);
            release_all(&sql).await?;
            in_sql = in_sql.better(by_sql(db, &starts, clients).await?);
        }
        let name = format!("a hold, {clients} clients; beside the function in SQL");
        report.figures(&name, over_http.each_ms(), in_sql.each_ms(), None);
        report.note(&format!(
            "{:.0} a second, p99 {:.2} ms; SQL: {:.0} a second, p99 {:.2} ms",
            over_http.rate(),
            over_http.percentile(99),
            in_sql.rate(),
            in_sql.percentile(99)
        ));
    }
    Ok(())
}

/// Also none that is dead and still in the indexes: each round begins alike.
async fn release_all(sql: &Client) -> Result<()> {
    sql.batch_execute("delete from booking.hold").await?;
    sql.batch_execute("vacuum booking.hold, booking.claim")
        .await?;
    Ok(())
}

async fn by_sql(db: &TestDb, starts: &[String], clients: usize) -> Result<Load> {
    let starts = Arc::new(starts.to_vec());
    let mut sessions = Vec::new();
    for number in 0..clients {
        let client = db.connect_as("bench_web").await?;
        client
            .batch_execute(&format!(
                "set role bench_public; set booking.client = '192.0.2.{number}'"
            ))
            .await?;
        let hold = client
            .prepare_typed(
                HOLD,
                &[
                    tokio_postgres::types::Type::TEXT,
                    tokio_postgres::types::Type::TEXT,
                ],
            )
            .await?;
        let starts = Arc::clone(&starts);
        sessions.push(async move {
            let mut times = Vec::new();
            let begin = std::time::Instant::now();
            for call in 0.. {
                if begin.elapsed() > ROUND {
                    break;
                }
                let start = &starts[(call * clients + number) % starts.len()];
                let session = format!("bench-session-{number}-{call}");
                let at = std::time::Instant::now();
                client.query_one(&hold, &[start, &session]).await?;
                times.push(at.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let begin = std::time::Instant::now();
    let tasks: Vec<_> = sessions.into_iter().map(tokio::spawn).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.append(&mut task.await??);
    }
    Ok(Load::new(times, begin.elapsed()))
}

async fn listen() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// A facade as it is, but for limits that one address would hit at once, a log of what goes wrong only, and these flags.
async fn facade(url: &str, more: &[&str]) -> Result<SocketAddr> {
    let pool = POOL.to_string();
    let flags = [
        "booking-facade",
        "--database-url",
        url,
        "--pool-size",
        &pool,
        "--public-role",
        "bench_public",
        "--member-role",
        "bench_member",
        "--service-role",
        "bench_service",
        "--read-limit",
        "4000000000",
        "--write-limit",
        "4000000000",
        "--trusted-proxies",
        "127.0.0.1",
        "--log",
        "error",
    ];
    let Command::Serve(config) =
        booking_facade::config::Cli::parse_from(flags.iter().chain(more)).command()
    else {
        return Err(anyhow!("serve"));
    };
    let state = AppState::new(&config).map_err(|error| anyhow!("{error}"))?;
    let (listener, address) = listen().await?;
    tokio::spawn(serve(listener, state, std::future::pending()));
    Ok(address)
}

/// The least that a route over a database can do: a connection of the pool, a prepared `SELECT 1`, its result as text.
async fn select_one(url: &str) -> Result<SocketAddr> {
    let manager = deadpool_postgres::Manager::new(url.parse()?, NoTls);
    let pool = deadpool_postgres::Pool::builder(manager)
        .max_size(POOL)
        .build()?;
    let route = axum::routing::get(move || {
        let pool = pool.clone();
        async move { one(&pool).await.map_err(|error| error.to_string()) }
    });
    let (listener, address) = listen().await?;
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/", route)).await });
    Ok(address)
}

async fn one(pool: &deadpool_postgres::Pool) -> Result<String> {
    let client = pool.get().await?;
    let statement = client.prepare_cached("select 1").await?;
    let number: i32 = client.query_one(&statement, &[]).await?.get(0);
    Ok(number.to_string())
}
