//! The change feed under writers: however late a transaction commits, whatever it is, no change is skipped; and whoever comes
//! with an id from before a restore or a crash is told to begin again. What writes a change: `tests/regress/sql/feed.sql`.
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::{try_join, try_join_all};
use pg_booking_tests::{
    TestDb,
    cluster::{Cluster, kill},
    data::run,
    dice::Dice,
};
use tokio::time::sleep;
use tokio_postgres::Client;

/// A tenant with a resource; `change(n)` writes one change, which `news` names by its number.
const WORLD: &str = "
    insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
    insert into booking.resource (tenant_id, resource_id, slug, name)
    values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000011', 'room', 'Room');
    create function change(n int) returns void language sql as $$
        insert into booking.change (tenant_id, kind, resource_id, span)
        values ('00000000-0000-0000-0000-000000000001', 'busy', '00000000-0000-0000-0000-000000000011',
            tstzrange(timestamptz '2100-01-01' + n * interval '1 hour', timestamptz '2100-01-01' + (n + 1) * interval '1 hour'))
    $$;
    create function number(c booking.changed) returns int language sql as $$
        select (extract(epoch from lower(c.span) - timestamptz '2100-01-01') / 3600)::int
    $$";

/// Who reads, and where they are.
#[derive(Default)]
struct Reader {
    after: Option<String>,
    seen: Option<Vec<i64>>,
    /// How often each change came.
    got: BTreeMap<i32, u32>,
    resets: u32,
    /// The longest memory.
    most: usize,
}

impl Reader {
    /// One call; with `forgetful` the memory is lost, as by a client that resumes with an id. True where there is more.
    async fn poll(&mut self, client: &Client, max: i32, forgetful: bool) -> Result<bool> {
        let row = client
            .query_one(
                "select f.after, f.seen, f.reset, f.more, array(select number(c) from unnest(f.changes) c where c.span is not null)
                 from booking.changes(null, $1, $2, $3) f",
                &[&self.after, &self.seen, &max],
            )
            .await?;
        self.after = row.get(0);
        self.seen = (!forgetful).then(|| row.get(1));
        self.most = self.most.max(self.seen.as_ref().map_or(0, Vec::len));
        self.resets += u32::from(row.get::<_, bool>(2));
        for n in row.get::<_, Vec<i32>>(4) {
            *self.got.entry(n).or_default() += 1;
        }
        Ok(row.get(3))
    }

    async fn poll_all(&mut self, client: &Client, max: i32) -> Result<()> {
        for _ in 0..1000 {
            if !self.poll(client, max, false).await? {
                return Ok(());
            }
        }
        bail!("there is no end to it: {:?}", self.got)
    }

    fn numbers(&self) -> Vec<i32> {
        self.got.keys().copied().collect()
    }

    fn once(&self) -> bool {
        self.got.values().all(|&times| times == 1)
    }
}

async fn world(name: &str) -> Result<TestDb> {
    let db = TestDb::new(name).await?;
    db.connect().await?.batch_execute(WORLD).await?;
    Ok(db)
}

#[tokio::test]
async fn a_writer_that_stays_open_for_ten_seconds_is_not_skipped() -> Result<()> {
    let db = world("late").await?;
    let (late, prompt, reading) = (
        db.connect().await?,
        db.connect().await?,
        db.connect().await?,
    );
    let mut reader = Reader::default();
    reader.poll(&reading, 1000, false).await?;
    // Its row is a savepoint's: what a snapshot names is the transaction around it.
    late.batch_execute("begin; select change(0); savepoint s; select change(1); release s; savepoint gone; select change(2); rollback to gone")
        .await?;
    let began = Instant::now();
    let mut n = 10;
    while began.elapsed() < Duration::from_secs(10) {
        prompt
            .batch_execute(&format!("begin; select change({n}); commit"))
            .await?;
        reader.poll_all(&reading, 2).await?;
        ensure!(
            reader.got.contains_key(&n),
            "{n} came late: {:?}",
            reader.got
        );
        ensure!(!reader.got.contains_key(&0), "not committed yet");
        n += 1;
        sleep(Duration::from_millis(100)).await;
    }
    late.batch_execute("commit").await?;
    reader.poll_all(&reading, 2).await?;
    ensure!(reader.once(), "{:?}", reader.got);
    assert_eq!(
        reader.numbers(),
        [0, 1].into_iter().chain(10..n).collect::<Vec<_>>()
    );
    assert_eq!(reader.resets, 1);
    ensure!(reader.most > 20, "nothing had to be remembered");
    Ok(())
}

#[tokio::test]
async fn a_prepared_transaction_lies_about_and_is_not_skipped() -> Result<()> {
    let db = world("prepared").await?;
    let (late, prompt, reading) = (
        db.connect().await?,
        db.connect().await?,
        db.connect().await?,
    );
    let mut reader = Reader::default();
    reader.poll(&reading, 1000, false).await?;
    let name = &db.name;
    late.batch_execute(&format!(
        "begin; select change(0); prepare transaction '{name}'"
    ))
    .await?;
    drop(late);
    for n in 1..=30 {
        prompt.batch_execute(&format!("select change({n})")).await?;
        reader.poll_all(&reading, 4).await?;
    }
    assert_eq!(reader.numbers(), (1..=30).collect::<Vec<_>>());
    // What is above it is kept, however old: readers remember that they had it, and whoever resumes has to find it.
    prompt
        .batch_execute("update booking.change set at = at - interval '3 days'")
        .await?;
    let gone: i64 = prompt
        .query_one(
            "select count(*) from booking.prune_changes(1000), booking.change where number((change_id, at, tenant_id, kind, \
             resource_id, service_id, span, hold_id, booking_id)::booking.changed) between 1 and 30",
            &[],
        )
        .await?
        .get(0);
    assert_eq!(gone, 30);
    let mut resumed = Reader {
        after: reader.after.clone(),
        ..Reader::default()
    };
    prompt
        .batch_execute(&format!("commit prepared '{name}'"))
        .await?;
    reader.poll_all(&reading, 4).await?;
    resumed.poll_all(&reading, 4).await?;
    assert_eq!(reader.numbers(), (0..=30).collect::<Vec<_>>());
    ensure!(reader.once(), "{:?}", reader.got);
    assert_eq!(reader.resets, 1);
    // With the id alone: some of it again, all of what is new.
    ensure!(resumed.got.contains_key(&0), "{:?}", resumed.got);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_writers_every_change_is_seen() -> Result<()> {
    const WRITERS: usize = 8;
    const EACH: usize = 60;
    let db = world("writers").await?;
    let clients = try_join_all((0..WRITERS).map(|_| db.connect())).await?;
    let (reading, resuming) = (db.connect().await?, db.connect().await?);
    let (mut reader, mut resumer) = (Reader::default(), Reader::default());
    reader.poll(&reading, 1000, false).await?;
    resumer.poll(&resuming, 1000, true).await?;
    let done = AtomicBool::new(false);
    let writers = async {
        let committed = try_join_all(clients.iter().zip(0_u64..).map(async |(client, writer)| {
            let mut dice = Dice(writer + 1);
            let mut committed = Vec::new();
            for n in (0..).skip(usize::try_from(writer)? * EACH).take(EACH) {
                let wait = dice.roll(30);
                // Alone, with others of its transaction, in a savepoint, or undone.
                let (script, stays) = match dice.roll(4) {
                    0 => (format!("begin; select change({n}); select pg_sleep({wait} / 1000.0); commit"), vec![n]),
                    1 => (
                        format!("begin; select change({n}), change({n} + 10000), change({n} + 20000); select pg_sleep({wait} / 1000.0); commit"),
                        vec![n, n + 10000, n + 20000],
                    ),
                    2 => (
                        format!(
                            "begin; savepoint a; select change({n}); release a; savepoint b; select change({n} + 10000); rollback to b;
                             select pg_sleep({wait} / 1000.0); commit"
                        ),
                        vec![n],
                    ),
                    _ => (format!("begin; select change({n}); select pg_sleep({wait} / 1000.0); rollback"), vec![]),
                };
                client.batch_execute(&script).await?;
                committed.extend(stays);
            }
            anyhow::Ok(committed)
        }))
        .await?;
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(committed)
    };
    let readers = async {
        let mut last = false;
        loop {
            // Bounded to less than what one transaction may write; the other forgets between any two calls.
            for _ in 0..3 {
                reader.poll(&reading, 2, false).await?;
            }
            resumer.poll(&resuming, 1000, true).await?;
            if last {
                return reader.poll_all(&reading, 2).await;
            }
            last = done.load(Ordering::Relaxed);
            sleep(Duration::from_millis(5)).await;
        }
    };
    let (committed, ()) = try_join(writers, readers).await?;
    let mut committed = committed.concat();
    committed.sort_unstable();
    ensure!(reader.once(), "more than once: {:?}", reader.got);
    assert_eq!(reader.numbers(), committed);
    assert_eq!(resumer.numbers(), committed);
    ensure!(!resumer.once(), "nobody committed late");
    assert_eq!((reader.resets, resumer.resets), (1, 1));
    Ok(())
}

#[tokio::test]
async fn an_id_from_before_a_restore_begins_again() -> Result<()> {
    let original = world("before_dump").await?;
    let client = original.connect().await?;
    let mut reader = Reader::default();
    reader.poll(&client, 1000, false).await?;
    client.batch_execute("select change(1)").await?;
    let server = &original.server;
    let file = format!("{}/feed.dump", env!("CARGO_TARGET_TMPDIR"));
    run(server, "pg_dump", &["-Fc", "-f", &file, &original.name])?;
    let restored = format!("{}_restored", original.name);
    client
        .batch_execute(&format!("create database {restored:?}"))
        .await?;
    run(server, "pg_restore", &["-d", &restored, &file])?;
    let there = server.connect(&restored).await?;
    let rows: i64 = there
        .query_one(
            "select count(*) from booking.change where kind = 'busy'",
            &[],
        )
        .await?
        .get(0);
    assert_eq!(rows, 0, "changes are not dumped");
    // In the old one it goes on; in the new one, as in any copy, it does not.
    let mut moved = Reader {
        after: reader.after.clone(),
        seen: reader.seen.clone(),
        ..Reader::default()
    };
    reader.poll_all(&client, 1000).await?;
    assert_eq!((reader.numbers(), reader.resets), (vec![1], 1));
    moved.poll_all(&there, 1000).await?;
    assert_eq!((moved.numbers(), moved.resets), (vec![], 1));
    there.batch_execute("select change(2)").await?;
    moved.poll_all(&there, 1000).await?;
    assert_eq!((moved.numbers(), moved.resets), (vec![2], 1));
    drop(there);
    client
        .batch_execute(&format!("drop database {restored:?} with (force)"))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_bounded_call_leaves_the_rest_to_the_next() -> Result<()> {
    // Where nobody else writes, all that is visible is below the xmin: what was not sent is nobody's memory.
    let (_cluster, client) = Cluster::with_extension(&["fsync=off"]).await?;
    client.batch_execute(WORLD).await?;
    let mut reader = Reader::default();
    reader.poll(&client, 1000, false).await?;
    client
        .batch_execute("select change(n) from generate_series(1, 5) n; select change(6)")
        .await?;
    client.batch_execute("select change(7)").await?;
    for expected in [2, 4, 6, 7] {
        let more = reader.poll(&client, 2, false).await?;
        assert_eq!(reader.got.len(), expected);
        assert_eq!(more, expected < 7);
    }
    ensure!(reader.once(), "{:?}", reader.got);
    assert_eq!((reader.most, reader.resets), (4, 1));
    Ok(())
}

#[tokio::test]
async fn an_id_survives_a_restart_and_not_a_crash() -> Result<()> {
    let (mut cluster, client) = Cluster::with_extension(&["fsync=off"]).await?;
    client.batch_execute(WORLD).await?;
    let mut reader = Reader::default();
    reader.poll(&client, 1000, false).await?;
    client.batch_execute("select change(1)").await?;
    drop(client);
    ensure!(cluster.run("stop")?.status.success());
    cluster.start(&["fsync=off"])?;
    let client = cluster.connect("postgres").await?;
    reader.poll_all(&client, 1000).await?;
    assert_eq!((reader.numbers(), reader.resets), (vec![1], 1));
    // Ids of transactions that were not on disk are given out anew.
    client.batch_execute("select change(2)").await?;
    let pid: i32 = client
        .query_one("select pg_backend_pid()", &[])
        .await?
        .get(0);
    kill(pid)?;
    sleep(Duration::from_millis(500)).await;
    let client = cluster.again().await.context("after the crash")?;
    reader.poll_all(&client, 1000).await?;
    assert_eq!((reader.numbers(), reader.resets), (vec![1], 2));
    client.batch_execute("select change(3)").await?;
    reader.poll_all(&client, 1000).await?;
    assert_eq!((reader.numbers(), reader.resets), (vec![1, 3], 2));
    Ok(())
}
