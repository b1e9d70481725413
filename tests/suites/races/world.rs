//! The database of a race, the world of `tests/isolation/fixture.sql`, and how one is run: each client has a connection, all line
//! up behind a lock and go at once.
use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::{TestDb, fixture};
use tokio::{sync::Mutex, time};
use tokio_postgres::Client;

/// An advisory lock behind which the clients of a race line up.
const GATE: i64 = 7;

/// One after the other: each takes most of the connections there are.
pub static ALONE: Mutex<()> = Mutex::const_new(());

/// The database of a race, and a client that watches.
pub struct World {
    pub db: TestDb,
    pub watch: Client,
}

impl World {
    pub async fn new(name: &str) -> Result<Self> {
        let db = TestDb::new(name).await?;
        let watch = db.connect().await?;
        fixture::world(&watch).await?;
        Ok(Self { db, watch })
    }

    pub async fn run(&self, script: &str) -> Result<()> {
        Ok(self.watch.batch_execute(script).await?)
    }

    pub async fn number(&self, query: &str) -> Result<i64> {
        Ok(self.watch.query_one(query, &[]).await?.get(0))
    }

    /// Connects a client for each query, lets all go at once, and returns their answers in the order of the queries.
    pub async fn race(&self, queries: &[String]) -> Result<Vec<String>> {
        let clients = try_join_all(queries.iter().map(|_| self.db.connect())).await?;
        self.run(&format!("select pg_advisory_lock({GATE})"))
            .await?;
        let waiting =
            "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'";
        let open = async {
            while self.number(waiting).await? < queries.len() as i64 {
                time::sleep(Duration::from_millis(10)).await;
            }
            self.run(&format!("select pg_advisory_unlock({GATE})"))
                .await
        };
        let race = try_join_all(clients.iter().zip(queries).map(async |(client, query)| {
            client
                .batch_execute(&format!("select pg_advisory_lock_shared({GATE})"))
                .await?;
            anyhow::Ok(client.query_one(query, &[]).await?.get(0))
        }));
        let (answers, opened) = tokio::join!(race, open);
        opened?;
        answers
    }

    /// Whatever was raced: nothing is wrong, and nobody deadlocked.
    pub async fn sound(&self) -> Result<()> {
        fixture::sound(&self.watch).await?;
        let log = self.db.log()?;
        ensure!(!log.contains("deadlock detected"), "{log}");
        Ok(())
    }
}

/// So many times the same call, each by a visitor of its own.
pub fn visitors(count: usize, call: impl Fn(&str) -> String) -> Vec<String> {
    (0..count)
        .map(|n| format!("select {}", call(&format!("'visitor {n}'"))))
        .collect()
}

/// How often each answer came.
pub fn tally(answers: &[String]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.as_str()).or_default() += 1;
    }
    tally
}
