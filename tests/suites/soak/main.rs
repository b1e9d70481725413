//! Sixty-four clients for minutes: visitors that hold, book and cancel, owners that change what they may have, and somebody who
//! kills. Clients vanish in the middle of a call, backends are terminated and killed, the whole server is killed. Whatever was
//! acknowledged is there afterwards, nothing is taken twice, no page is wrong, nobody deadlocked, nobody waited too long.
//!
//! `SOAK_SECONDS` says how long each lasts, and `make soak` two minutes. Read `actions`, what clients do; then `ledger`, what
//! they were told; `wrong.sql`, what must never be.
use std::{
    env, fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::{
    Dice,
    cluster::{self, Cluster},
};
use tokio::{sync::Mutex, time};
use tokio_postgres::{Config, Row};

mod actions;
mod ledger;
mod link;

use actions::{Action, Actor, Call, OWNER, VISITOR};
use ledger::{Ledger, State};
use link::{Link, Outcome};

const VISITORS: u64 = 54;
const OWNERS: u64 = 9;
/// What a client waits for at most, and what a busy machine may add to it.
const TIMEOUT: Duration = Duration::from_secs(5);
const SLACK: Duration = Duration::from_secs(3);

/// One after the other: each is all that two cores can do.
static ALONE: Mutex<()> = Mutex::const_new(());

/// What dies besides clients and backends.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    ServerLives,
    ServerIsKilled,
}

fn length() -> Result<Duration> {
    let seconds = env::var("SOAK_SECONDS").unwrap_or("7".to_owned());
    Ok(Duration::from_secs(seconds.parse().context(seconds)?))
}

fn setup(n: u64) -> String {
    let level = match n % 8 {
        6 => "repeatable read",
        7 => "serializable",
        _ => "read committed",
    };
    // To compile what looks for faults takes seconds beside so many others, and does not notice the timeout.
    let jit = if n < VISITORS { "on" } else { "off" };
    format!(
        "set statement_timeout = '{} ms'; set default_transaction_isolation = '{level}'; set jit = {jit}",
        TIMEOUT.as_millis()
    )
}

/// Does one thing after the other until the end.
async fn work(
    config: &Config,
    n: u64,
    mut actor: Actor<'_>,
    actions: &'static [Action],
) -> Result<()> {
    let mut link = Link::new(config, &setup(n)).await?;
    while actor.ledger.goes_on()? {
        let action = actor.any(actions);
        let Some(call) = (action.write)(&mut actor)? else {
            continue;
        };
        // Now and then the client is gone before it has its answer.
        let leave = (actor.dice.roll(100) == 0)
            .then(|| Duration::from_micros(actor.dice.roll(20_000) as u64));
        let begin = Instant::now();
        match link.call(&call.sql, leave).await? {
            Outcome::Rows(rows) => {
                actor.ledger.waited(action.name, begin.elapsed())?;
                note(&mut actor, action, call, &rows)?;
            }
            Outcome::Nothing(code) => {
                actor.ledger.waited(action.name, begin.elapsed())?;
                actor
                    .ledger
                    .count(&format!("came to nothing: {}", code.code()))?;
                if let Some((id, state)) = call.about {
                    actor.ledger.acknowledged(id, state)?;
                }
            }
            Outcome::Lost => {
                actor.ledger.lost(call.about, call.becomes, call.mark)?;
                actor.ledger.count(if leave.is_some() {
                    "client gone"
                } else {
                    "connection lost"
                })?;
                link = Link::new(config, &setup(n)).await?;
            }
        }
    }
    Ok(())
}

/// Writes down what an answer says.
fn note(actor: &mut Actor, action: &Action, call: Call, rows: &[Row]) -> Result<()> {
    let mut about = call.about;
    let mut said = "done";
    for row in rows {
        if let Ok(wrong) = row.try_get::<_, String>("wrong") {
            bail!("{wrong}");
        }
        let code: Option<&str> = row.try_get("code").ok().flatten();
        if let Some(code) = code {
            ensure!(action.refusals.contains(&code), "{}: {code}", call.sql);
            // Nobody else changes it meanwhile, and it lapses not.
            let confirmed = about
                .as_ref()
                .is_some_and(|(_, state)| state.status == "confirmed");
            ensure!(code != "BK005" || !confirmed, "{}: {code}", call.sql);
            actor.ledger.count(&format!("{}: {code}", action.name))?;
            said = "";
        } else if let Ok(Some(id)) = row.try_get("booking_id") {
            let status: String = row.try_get("status")?;
            let state = State {
                status: status.replace("expired", "pending"),
                starts_at: row.try_get("starts_at")?,
            };
            if let Some((asked, _)) = about.take() {
                ensure!(asked == id, "{}: {id}", call.sql);
            }
            actor.ledger.acknowledged(id, state)?;
        }
        if let Ok(Some(id)) = row.try_get("hold_id") {
            actor.holds.insert(0, id);
            actor.holds.truncate(4);
        }
    }
    if !said.is_empty() {
        actor.ledger.count(&format!("{}: {said}", action.name))?;
    }
    // Refused: as it was.
    if let Some((id, state)) = about {
        actor.ledger.acknowledged(id, state)?;
    }
    Ok(())
}

/// The nightly jobs; they commit on their own, and are killed as everybody is.
async fn night(config: &Config, ledger: &Ledger) -> Result<()> {
    let mut link = Link::new(config, "").await?;
    while ledger.goes_on()? {
        for job in ["call booking.roll(28)", "call booking.prune(100)"] {
            match link.call(job, None).await? {
                Outcome::Rows(_) => ledger.count("roll and prune")?,
                Outcome::Nothing(_) => ledger.count("no roll or prune")?,
                Outcome::Lost => link = Link::new(config, "").await?,
            }
        }
        time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

/// Terminates a backend now and then, and where the server is to die, first kills one of its backends, which makes the server
/// start over, then all of it.
async fn kill(
    cluster: &mut Cluster,
    config: &Config,
    ledger: &Ledger,
    fate: Fate,
    end: Instant,
) -> Result<()> {
    let mut dice = Dice(41);
    let begin = Instant::now();
    let length = end - begin;
    let mut deaths = match fate {
        Fate::ServerLives => vec![],
        Fate::ServerIsKilled => vec![
            (begin + length / 2, "server"),
            (begin + length / 4, "backend"),
        ],
    };
    let config = config.clone().application_name("killer").to_owned();
    let mut link = Link::new(&config, "").await?;
    let any = "select pid from pg_stat_activity where application_name = 'soak' order by random() limit 1";
    while ledger.goes_on()? {
        time::sleep(Duration::from_millis(30 + dice.roll(100) as u64)).await;
        if let Some((_, what)) = deaths.pop_if(|(at, _)| Instant::now() > *at) {
            let pid = match what {
                "backend" => link.client.query_one(any, &[]).await?.get(0),
                _ => cluster.postmaster()?,
            };
            cluster::kill(pid)?;
            ledger.count(&format!("killed: {what}"))?;
            if what == "server" {
                cluster.start(&[])?;
            }
            link = Link::new(&config, "").await?;
            continue;
        }
        let query = format!("select pg_terminate_backend(pid) from ({any}) b");
        match link.call(&query, None).await? {
            Outcome::Lost => link = Link::new(&config, "").await?,
            _ => ledger.count("terminated")?,
        }
    }
    Ok(())
}

async fn soak(fate: Fate) -> Result<()> {
    let _alone = ALONE.lock().await;
    // As installed: with fsync, and everything else that a server has.
    let (mut cluster, mut watch) = Cluster::with_extension(&[]).await?;
    let port = cluster.server().port;
    let mut config = cluster.server().config("postgres");
    config.application_name("soak");
    for script in [include_str!("world.sql"), include_str!("wrong.sql")] {
        watch.batch_execute(script).await?;
    }
    let from = "select date_trunc('day', now() at time zone 'UTC')::date + 1";
    let from: chrono::NaiveDate = watch.query_one(from, &[]).await?.get(0);
    let from = format!("timestamptz '{from} 00:00+00'");

    let mut least = vec![
        ("hold: done", 5),
        ("hold: BK001", 1),
        ("book: done", 1),
        ("book directly: done", 5),
        ("book directly: BK001", 1),
        ("cancel: done", 5),
        ("heartbeat: done", 1),
        ("reschedule: done", 1),
        ("busy: done", 1),
        ("roll and prune", 1),
        ("terminated", 5),
    ];
    if fate == Fate::ServerIsKilled {
        least.extend([
            ("killed: backend", 1),
            ("killed: server", 1),
            ("connection lost", 10),
        ]);
    }
    let end = Instant::now() + length()?;
    let ledger = Ledger::new(end, least);
    let actor = |n: u64| Actor {
        dice: Dice(n * 7919 + 1),
        session: format!("'session-of-visitor-{}'", n / 2),
        holds: Vec::new(),
        from: &from,
        ledger: &ledger,
    };
    let worked = tokio::try_join!(
        try_join_all((0..VISITORS).map(|n| work(&config, n, actor(n), VISITOR))),
        try_join_all((0..OWNERS).map(|n| work(&config, VISITORS + n, actor(VISITORS + n), OWNER))),
        night(&config, &ledger),
        kill(&mut cluster, &config, &ledger, fate, end),
    );
    let log = fs::read_to_string(cluster.folder().join("log"))?;
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(match fate {
        Fate::ServerLives => "soak.log",
        Fate::ServerIsKilled => "soak-killed.log",
    });
    fs::write(&kept, &log)?;
    worked.with_context(|| format!("{} has the server's log", kept.display()))?;
    ensure!(cluster.server().port == port, "the port moved");

    // What clients left behind is still at work.
    watch = cluster.connect("postgres").await?;
    let busy = "select count(*) from pg_stat_activity where application_name = 'soak'";
    let begin = Instant::now();
    while watch.query_one(busy, &[]).await?.get::<_, i64>(0) > 0 {
        ensure!(begin.elapsed() < TIMEOUT + SLACK, "somebody is left");
        time::sleep(Duration::from_millis(20)).await;
    }
    let happened = ledger.happened()?;
    let (longest, what) = ledger.longest()?;
    println!("{happened:#?}\nlongest: {longest:?} for {what}");
    let wrong: Vec<String> = watch
        .query("select what from soak.wrong", &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    ensure!(wrong.is_empty(), "{wrong:#?}");
    println!("{} bookings as acknowledged", ledger.holds(&watch).await?);
    ensure!(longest < TIMEOUT + SLACK, "{what} took {longest:?}");
    for never in ["deadlock detected", "PANIC", "TRAP"] {
        ensure!(!log.contains(never), "{never}: {}", kept.display());
    }
    ensure!(
        ledger.missing()?.is_none(),
        "too few of {:?}: {happened:#?}",
        ledger.missing()?
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_clients_and_backends_that_die() -> Result<()> {
    soak(Fate::ServerLives).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_server_that_is_killed() -> Result<()> {
    soak(Fate::ServerIsKilled).await
}
