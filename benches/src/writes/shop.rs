//! A database of writes: who is there, what can be had, and what both sides have written.
use std::time::SystemTime;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::TestDb;
use tokio_postgres::{Client, types::ToSql};
use uuid::Uuid;

use super::caller::{Caller, Side};

/// Calls of all clients together in a round.
pub const CALLS: usize = 320;

/// A service, its resource, and a start.
pub type Slot<'a> = (Uuid, Uuid, &'a SystemTime);

/// A database of writes, and who is there.
pub struct Shop {
    pub db: TestDb,
    pub watch: Client,
    pub tenant: Uuid,
    /// Services and their resources, one of each for a client.
    pub services: Vec<(Uuid, Uuid)>,
    /// Starts that are offered, in order.
    pub starts: Vec<SystemTime>,
}

impl Shop {
    pub async fn new() -> Result<Self> {
        let db = TestDb::new("bench_writes").await?;
        let watch = db.connect().await?;
        for setting in ["autovacuum = off", "max_wal_size = '4GB'"] {
            watch
                .batch_execute(&format!("alter system set {setting}"))
                .await?;
        }
        watch.batch_execute("select pg_reload_conf()").await?;
        watch
            .batch_execute(include_str!("../../sql/writes.sql"))
            .await?;
        watch
            .batch_execute(include_str!("../../sql/peers/writes.sql"))
            .await?;
        let services = watch
            .query(
                "select m.service_id, m.resource_id
                 from booking.requirement_resource m join booking.service s using (tenant_id, service_id)
                 where s.slug like 'one-%' order by substr(s.slug, 5)::int",
                &[],
            )
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let row = watch
            .query_one(
                "select tenant_id, array(
                    select t
                    from generate_series(date_trunc('hour', now()), now() + interval '178 days', interval '30 minutes') t
                    where t > now() + interval '1 hour'
                        and extract(hour from t at time zone 'Europe/Berlin') between 8 and 19
                    order by t)
                 from booking.tenant",
                &[],
            )
            .await?;
        Ok(Self {
            tenant: row.get(0),
            starts: row.get(1),
            services,
            db,
            watch,
        })
    }

    /// Nothing is held or booked any more.
    pub async fn tidy(&self) -> Result<()> {
        // With triggers and all, as a day goes by: pages stay right.
        self.watch
            .batch_execute(
                "delete from booking.booking; delete from booking.hold; delete from booking.booking_event;
                 delete from booking.change;
                 update booking.requirement_resource set booked = 0;
                 delete from peer.booking; delete from peer.hold; delete from peer.booking_event; delete from peer.change;
                 update peer.requirement_resource set booked = 0;
                 update peer.availability set busy = null where unit = 0; delete from peer.availability where unit > 0",
            )
            .await?;
        self.watch.batch_execute("vacuum").await?;
        Ok(())
    }

    /// The service and the start of a call. All services are asked in turn, and no slot twice.
    pub fn slot(&self, callers: usize, caller: usize, n: usize, first: usize) -> Slot<'_> {
        let each = self.services.len() / callers;
        let (service, resource) = self.services[caller * each + n % each];
        (service, resource, &self.starts[first + n / each])
    }

    /// So many of a side.
    pub async fn callers(&self, side: Side, count: usize) -> Result<Vec<Caller>> {
        try_join_all((0..count).map(|_| Caller::new(&self.db, side))).await
    }

    /// Takes a slot for a session; the id of the hold.
    pub async fn hold(
        &self,
        caller: &Caller,
        (service, resource, start): Slot<'_>,
        session: &str,
    ) -> Result<Uuid> {
        let arguments: &[&(dyn ToSql + Sync)] =
            &[&self.tenant, &service, &resource, start, &session];
        let row = caller.client.query_one(&caller.hold, arguments).await?;
        Ok(row.get(0))
    }

    /// A hold of the peer, for claims that are inserted by themselves.
    pub async fn hold_of_claims(&self, peer: &Caller) -> Result<Uuid> {
        let (service, resource) = self.services[0];
        let late = (service, resource, &self.starts[4000]);
        self.hold(peer, late, "for the claims of the peer").await
    }

    /// That both sides have written as many rows of each kind.
    pub async fn same_rows(&self) -> Result<()> {
        let counts = "select peer.counts('booking'), peer.counts('peer')";
        let row = self.watch.query_one(counts, &[]).await?;
        let (ours, peer): (String, String) = (row.get(0), row.get(1));
        ensure!(
            ours == peer,
            "the rows differ: {ours} are not the peer's {peer}"
        );
        Ok(())
    }
}
