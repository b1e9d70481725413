//! Behind pgbouncer in transaction mode, where no two transactions need meet the same session of the server.
use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use booking_facade::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::{
    faults::{SERVICES, replace},
    live::View,
    world::{World, monday, monday_at, session, slots_path, time},
};

struct Pgbouncer {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Pgbouncer {
    /// With two connections to the server of `world`, and further settings.
    async fn start(world: &World, more: &str) -> Result<Self> {
        let program = PathBuf::from("/usr/sbin/pgbouncer");
        ensure!(
            program.exists(),
            "{} is not installed: bin/bootstrap does that",
            program.display()
        );
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("pgbouncer-{}", Uuid::new_v4()));
        fs::create_dir(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let users = folder.join("users");
        fs::write(&users, format!("\"{}\" \"\"\n", world.role))?;
        fs::write(
            folder.join("ini"),
            format!(
                "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 2\n{more}\n",
                world.db.server.host,
                world.db.server.port,
                users.display()
            ),
        )?;
        // It refuses to run as root and, like the server, is given to postgres then.
        let process = Command::new("sh")
            .args([
                "-c",
                r#"[ "$(id -u)" = 0 ] && set -- -u postgres "$@"; exec "$0" "$@""#,
            ])
            .arg(program)
            .arg("-q")
            .arg(folder.join("ini"))
            .stdout(Stdio::null())
            .spawn()?;
        let started = Self {
            process,
            folder,
            port,
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            ensure!(began.elapsed() < Duration::from_secs(20), "no pgbouncer");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(started)
    }

    /// The facade of `world`, which from now on asks through this.
    async fn before(&self, world: World, set: impl FnOnce(&mut Config)) -> Result<World> {
        world.through(self.port, set).await
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn everything_works_through_a_transaction_pooler() -> Result<()> {
    let world = World::new("pooler").await?;
    let pgbouncer = Pgbouncer::start(&world, "").await?;
    let world = pgbouncer.before(world, |_| ()).await?;
    assert_eq!(world.get("/readyz").await?.status, 200);

    // Many more clients than sessions, refusals among them, so that every session serves many clients.
    let mut visitors = JoinSet::new();
    for number in 0..64 {
        let tenant = if number % 4 == 0 { "nobody" } else { "acme" };
        let request = world
            .http
            .get(format!("{}/v1/{tenant}/services", world.url));
        visitors
            .spawn(async move { anyhow::Ok((tenant, request.send().await?.status().as_u16())) });
    }
    while let Some(outcome) = visitors.join_next().await {
        assert!(matches!(outcome??, ("acme", 200) | ("nobody", 404)));
    }

    let mine = session();
    let hold = world.hold(monday_at(9), &mine).await?;
    assert_eq!(
        world.hold(monday_at(9), &session()).await?.outcome(),
        (409, Some("BK001"))
    );
    let body =
        json!({"hold_id": hold.body["hold_id"], "session_id": mine, "customer": {"name": "Ada"}});
    assert_eq!(world.post("/v1/acme/bookings", body).await?.status, 201);
    assert_eq!(world.slots(monday()).await?.len(), 7);
    Ok(())
}

/// Says who it runs as, in the only words that reach the caller.
const WHO: &str = "
    perform pg_sleep(random() * 0.01);
    raise exception using errcode = '22023', message = concat_ws(' ', current_setting('role'),
        coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', 'nobody'),
        current_setting('statement_timeout'), current_setting('transaction_read_only'));";

/// Two sessions serve everybody in turn: visitors, members, the site. What one of them was must not be left for the next.
#[tokio::test]
async fn nobody_is_taken_for_whoever_came_before() -> Result<()> {
    let world = World::new("pooler").await?;
    replace(&world.sql, SERVICES, WHO).await?;
    let pgbouncer = Pgbouncer::start(&world, "").await?;
    let world = pgbouncer
        .before(world, |config| config.pool_size = 12)
        .await?;
    let kinds = [
        (None, "public", "nobody"),
        (Some(world.token("ada")?), "member", "ada"),
        (Some(world.token("grace")?), "member", "grace"),
        (Some(world.service_token()?), "service", "nobody"),
    ];
    let mut asked = JoinSet::new();
    for number in 0..200 {
        let (token, role, sub) = kinds[number % kinds.len()].clone();
        let mut request = world.request(Method::GET, "/v1/acme/services");
        // What is raised is rolled back, settings too: whatever could stay behind is of a transaction that commits.
        let mut commits = world.request(Method::GET, &slots_path(monday(), ""));
        if let Some(token) = token {
            request = request.bearer_auth(&token);
            commits = commits.bearer_auth(token);
        }
        let expected = format!("{}_{role} {sub}", world.role);
        asked.spawn(async move {
            commits.send().await?.error_for_status()?;
            let answer: Value = request.send().await?.json().await?;
            anyhow::Ok((expected, answer))
        });
    }
    while let Some(outcome) = asked.join_next().await {
        let (expected, answer) = outcome??;
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with(&expected), "{expected}: {answer}");
        assert!(detail.ends_with(" 20s on"), "{answer}");
    }
    // Through the same sessions, by somebody who sets nothing.
    let plain = format!(
        "host=127.0.0.1 port={} user={} dbname={}",
        pgbouncer.port, world.role, world.db.name
    );
    let (client, connection) = tokio_postgres::connect(&plain, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    for _ in 0..8 {
        let left = client
            .simple_query(
                "select current_user, current_setting('request.jwt.claims', true), current_setting('booking.client', true),
                        current_setting('statement_timeout')",
            )
            .await?;
        for message in left {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                assert_eq!(row.get(0), Some(&*world.role));
                assert_eq!(row.get(1).unwrap_or_default(), "");
                assert_eq!(row.get(2).unwrap_or_default(), "");
                assert_eq!(row.get(3), Some("0"));
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_limit_of_a_call_holds_behind_a_pooler() -> Result<()> {
    let world = World::new("pooler").await?;
    replace(&world.sql, SERVICES, "perform pg_sleep(30);").await?;
    let pgbouncer = Pgbouncer::start(&world, "").await?;
    let world = pgbouncer
        .before(world, |config| {
            config.statement_timeout = Duration::from_millis(200);
        })
        .await?;
    let began = Instant::now();
    let answers = (0..6).map(|_| world.get("/v1/acme/services"));
    for answer in futures_util::future::try_join_all(answers).await? {
        assert_eq!(answer.status, 503, "{answer:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(8));
    assert_eq!(world.slots(monday()).await?.len(), 8);
    Ok(())
}

/// Whoever cannot get in, or is not served in time, is asked to come back.
#[tokio::test]
async fn a_pooler_that_is_full_or_lost_its_server_is_503() -> Result<()> {
    let world = World::new("pooler").await?;
    let pgbouncer = Pgbouncer::start(&world, "max_client_conn = 2\nquery_wait_timeout = 2").await?;
    let world = pgbouncer
        .before(world, |config| {
            config.pool_size = 8;
            config.acquire_timeout = Duration::from_secs(2);
        })
        .await?;
    let answers = (0..40).map(|_| world.get("/v1/acme/services"));
    for answer in futures_util::future::try_join_all(answers).await? {
        assert!(matches!(answer.status, 200 | 503), "{answer:?}");
    }
    assert_eq!(world.get("/v1/acme/services").await?.status, 200);

    // The sessions behind it end at once: an answer, or 503, and then all is well.
    world
        .sql
        .execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1",
            &[&world.role],
        )
        .await?;
    let first = world.get("/v1/acme/services").await?;
    assert!(matches!(first.status, 200 | 503), "{first:?}");
    assert_eq!(world.get("/v1/acme/services").await?.status, 200);

    // It goes away itself, and nothing listens any more.
    drop(pgbouncer);
    for _ in 0..3 {
        assert_eq!(world.get("/v1/acme/services").await?.status, 503);
    }
    Ok(())
}

/// The reader of live views is one client of the pooler among others; its transactions find any session.
#[tokio::test]
async fn live_views_go_on_behind_a_pooler() -> Result<()> {
    let world = World::new("pooler").await?;
    let pgbouncer = Pgbouncer::start(&world, "").await?;
    let world = pgbouncer
        .before(world, |config| {
            config.metrics = true;
        })
        .await?;
    let mut view = View::new(&world).await?;
    for hour in [9, 10, 11] {
        let busy = (0..20).map(|_| world.get("/v1/acme/services"));
        let mine = session();
        let (answers, held) = tokio::join!(
            futures_util::future::try_join_all(busy),
            world.hold(monday_at(hour), &mine)
        );
        assert!(answers?.iter().all(|answer| answer.status == 200));
        assert_eq!(held?.status, 201);
        let news = view.next_of("held").await?;
        assert!(
            news.data["added"]
                .to_string()
                .contains(&time(monday_at(hour))),
            "{news:?}"
        );
    }
    let metrics = world.http.get(format!("{}/metrics", world.url)).send();
    let metrics = metrics.await?.text().await?;
    assert!(metrics.contains("booking_live_viewers 1"), "{metrics}");
    Ok(())
}
