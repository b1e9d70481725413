//! Live views: five thousand viewers of one service at one facade, which is a process of its own here. How much memory each
//! costs, how many connections to the database they cost together, and when the last of them hears of a booking.
use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::TestDb;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    sync::mpsc,
    time::timeout,
};
use tokio_postgres::Client;

use crate::{
    http::SHOP,
    report::{Report, Target},
};

const VIEWERS: usize = 5_000;
const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);

const REQUEST: &[u8] = b"GET /v1/acme/services/one/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
const READERS: &str =
    "select count(*) from pg_stat_activity where application_name = 'booking-facade live'";
const ALL: &str = "select count(*) from pg_stat_activity where usename = 'bench_web'";
const BOOK: &str = "
    select (booking.book(s.tenant_id, service => s.service_id, starts_at => a.starts_at)).status
    from booking.service s, booking.available_slots(s.tenant_id, s.service_id, now() + interval '1 day', now() + interval '9 days') a
    where s.slug = 'one' limit 1";

/// Measures all of it, in a runtime of its own: viewers need all cores.
pub fn run(report: &mut Report) -> Result<()> {
    Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let db = TestDb::new("bench_live").await?;
    let sql = db.connect().await?;
    sql.batch_execute(SHOP).await?;
    let facade = Facade::start(&db.url("bench_web"))?;
    let before = facade.memory()?;

    let (heard, mut news) = mpsc::unbounded_channel();
    for _ in 0..VIEWERS {
        let mut stream = TcpStream::connect(&facade.address)
            .await
            .context("connecting a viewer: is `ulimit -n` above 5,000?")?;
        stream.write_all(REQUEST).await?;
        let heard = heard.clone();
        tokio::spawn(async move { view(stream, &heard).await });
    }
    all(&mut news)
        .await
        .context("what is held, at the beginning")?;
    let each = (facade.memory()? - before) / VIEWERS as f64;
    let (readers, connections) = (count(&sql, READERS).await?, count(&sql, ALL).await?);
    ensure!(readers == 1, "{readers} connections read changes");

    report.group(
        &format!("live views, {VIEWERS} viewers, milliseconds until a booking is known"),
        "to all",
        "a second",
    );
    let mut worst: f64 = 0.0;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        sql.query_one(BOOK, &[]).await?;
        let (first, last) = all(&mut news).await?;
        worst = worst.max((last - begin).as_secs_f64() * 1e3);
        report.note(&format!(
            "first after {:.0} ms, all after {:.0} ms",
            (first - begin).as_secs_f64() * 1e3,
            (last - begin).as_secs_f64() * 1e3
        ));
    }
    let target = Target::at_most(1.0, "<= 1 s");
    report.figures(
        &format!("a booking, the slowest of {ROUNDS}"),
        worst,
        1e3,
        Some(target),
    );
    report.note(&format!(
        "{each:.1} KB of memory a viewer; {readers} connection reads changes, the facade has {connections} in all"
    ));
    Ok(())
}

/// Tells of every frame with an event, until the stream ends.
async fn view(mut stream: TcpStream, heard: &mpsc::UnboundedSender<Instant>) -> Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await?;
        ensure!(length > 0, "the stream has ended");
        let events = buffer[..length]
            .windows(7)
            .filter(|word| word == b"event: ")
            .count();
        for _ in 0..events {
            heard.send(Instant::now())?;
        }
    }
}

/// Waits until as many events came as there are viewers; when the first and the last did.
async fn all(news: &mut mpsc::UnboundedReceiver<Instant>) -> Result<(Instant, Instant)> {
    let mut times = Vec::with_capacity(VIEWERS);
    while times.len() < VIEWERS {
        let next = timeout(PATIENCE, news.recv())
            .await
            .with_context(|| format!("{} of {VIEWERS} viewers heard of it", times.len()))?;
        times.push(next.context("no viewer is left")?);
    }
    let first = times.iter().min().copied().context("first")?;
    let last = times.iter().max().copied().context("last")?;
    Ok((first, last))
}

async fn count(sql: &Client, query: &str) -> Result<i64> {
    Ok(sql.query_one(query, &[]).await?.get(0))
}

/// The program, as it is installed.
struct Facade {
    process: Child,
    address: String,
}

impl Facade {
    fn start(database_url: &str) -> Result<Self> {
        let most = (VIEWERS * 2).to_string();
        let connections = (VIEWERS * 3).to_string();
        let mut process = Command::new(env::current_exe()?.with_file_name("booking-facade"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "error"])
            .args([
                "--public-role",
                "bench_public",
                "--member-role",
                "bench_member",
            ])
            .args([
                "--service-role",
                "bench_service",
                "--read-limit",
                "4000000000",
            ])
            .args([
                "--max-connections",
                &connections,
                "--max-address-connections",
                &connections,
                "--max-viewers",
                &most,
                "--max-address-viewers",
                &most,
            ])
            .env("BOOKING_DATABASE_URL", database_url)
            .stdout(Stdio::piped())
            .spawn()
            .context("booking-facade: `make build` builds it")?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("stdout")?).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("http://").to_owned();
        Ok(Self { process, address })
    }

    /// What it has in memory, in KB.
    fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.split_whitespace().nth(1))
            .context("VmRSS")?;
        Ok(kilobytes.parse()?)
    }
}

impl Drop for Facade {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
