//! The databases that all this runs on: one with the facts of `../sql/world.sql`, and copies of it, a group's own each.
use anyhow::{Result, ensure};
use pg_booking_tests::TestDb;
use tokio_postgres::Client;

/// The database that is copied.
pub struct World(TestDb);

impl World {
    /// Loads the facts, for ours and for the peer.
    pub async fn new() -> Result<Self> {
        eprintln!("loading a world of 1,000 resources ...");
        let db = TestDb::new("bench_world").await?;
        let client = db.connect().await?;
        // It is a cluster of our own: nothing may run in the background while we measure.
        client
            .batch_execute("alter system set autovacuum = off")
            .await?;
        client
            .batch_execute("alter system set max_wal_size = '4GB'")
            .await?;
        client.batch_execute("select pg_reload_conf()").await?;
        client
            .batch_execute(include_str!("../sql/world.sql"))
            .await?;
        client
            .batch_execute(include_str!("../sql/peer.sql"))
            .await?;
        client.batch_execute("vacuum analyze").await?;
        client.batch_execute("checkpoint").await?;
        Ok(Self(db))
    }

    /// A copy of one's own.
    pub async fn copy(&self, name: &str) -> Result<TestDb> {
        let server = self.0.server.clone();
        let name = format!("{}_{name}", self.0.name);
        server
            .connect("postgres")
            .await?
            .batch_execute(&format!(
                "create database {name:?} template {:?}",
                self.0.name
            ))
            .await?;
        Ok(TestDb { server, name })
    }
}

/// A session as both sides get it: jit pays for neither, plans of either are best made once, and no sort spills.
pub async fn session(db: &TestDb) -> Result<Client> {
    let client = db.connect().await?;
    client
        .batch_execute(
            "set jit = off; set plan_cache_mode = force_generic_plan; set work_mem = '64MB'",
        )
        .await?;
    Ok(client)
}

/// That the pages are what they should be.
pub async fn verify(client: &Client) -> Result<()> {
    let drift: i64 = client
        .query_one("select count(*) from booking.verify()", &[])
        .await?
        .get(0);
    ensure!(drift == 0, "{drift} pages differ from their computation");
    Ok(())
}

/// Leaves the pages that a nightly roll of sixty days would have stored.
pub async fn forget_pages(client: &Client) -> Result<()> {
    client
        .batch_execute(
            "delete from booking.availability a
            using bench.tenant t
            where a.week > booking.week_of(t.today + interval '60 days') + 7",
        )
        .await?;
    Ok(client
        .batch_execute("vacuum analyze booking.availability")
        .await?)
}
