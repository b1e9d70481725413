//! Holds and bookings: how long a call takes when one, two, eight and thirty-two clients make them, beside the same rows by
//! plain INSERTs; one slot that sixty-four want; heartbeats.
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::TestDb;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use crate::{
    measure::Times,
    report::{Report, Target},
    world::verify,
};

const CLIENTS: [usize; 4] = [1, 2, 8, 32];
/// Calls of all clients together in a round.
const CALLS: usize = 320;
/// Who wants the hot slot.
const CROWD: usize = 64;

const HOLD: &str = "select (booking.hold($1, $2, $4, $5)).hold_id from (select $3::uuid) unused";
const PEER_HOLD: &str = "select peer.hold($1, $2, $3, $4, $5)";
const BOOK_HOLD: &str = "select (booking.book($1, $3, $4, customer => $5)).booking_id
    from (select $2::uuid, $6::uuid, $7::timestamptz) unused";
const PEER_BOOK_HOLD: &str = "select peer.book($1, $3, $2, $6, $7, $4, $5)";
const BOOK: &str = "select (booking.book($1, null, $5, $2, $4, customer => $6)).booking_id from (select $3::uuid) unused";
const PEER_BOOK: &str = "select peer.book($1, null, $2, $3, $4, $5, $6)";
const INSERT: &str = "insert into peer.claim (tenant_id, resource_id, span, hold_id)
    values ($1, $2, tstzrange($3::timestamptz, $3::timestamptz + interval '30 minutes'), $4) on conflict do nothing";

/// A database of writes, and who is there.
struct Shop {
    db: TestDb,
    watch: Client,
    tenant: Uuid,
    /// Services and their resources, one of each for a client.
    services: Vec<(Uuid, Uuid)>,
    /// Starts that are offered, in order.
    starts: Vec<SystemTime>,
}

/// Which side a session is of.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Ours,
    Peer,
}

/// A session with what it is going to say.
struct Caller {
    client: Client,
    hold: Statement,
    book_hold: Statement,
    book: Statement,
}

impl Caller {
    async fn new(db: &TestDb, side: Side) -> Result<Self> {
        let client = db.connect().await?;
        client
            .batch_execute("set synchronous_commit = off; set jit = off")
            .await?;
        let (hold, book_hold, book) = match side {
            Side::Ours => (HOLD, BOOK_HOLD, BOOK),
            Side::Peer => (PEER_HOLD, PEER_BOOK_HOLD, PEER_BOOK),
        };
        Ok(Self {
            hold: client.prepare(hold).await?,
            book_hold: client.prepare(book_hold).await?,
            book: client.prepare(book).await?,
            client,
        })
    }
}

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Hold,
    BookHold,
    Book,
}

impl Shop {
    async fn new() -> Result<Self> {
        let db = TestDb::new("bench_writes").await?;
        let watch = db.connect().await?;
        for setting in ["autovacuum = off", "max_wal_size = '4GB'"] {
            watch
                .batch_execute(&format!("alter system set {setting}"))
                .await?;
        }
        watch.batch_execute("select pg_reload_conf()").await?;
        watch
            .batch_execute(include_str!("../sql/writes.sql"))
            .await?;
        watch
            .batch_execute(include_str!("../sql/peers/writes.sql"))
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

    async fn tidy(&self) -> Result<()> {
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
    fn slot(
        &self,
        callers: usize,
        caller: usize,
        n: usize,
        first: usize,
    ) -> (Uuid, Uuid, &SystemTime) {
        let each = self.services.len() / callers;
        let (service, resource) = self.services[caller * each + n % each];
        (service, resource, &self.starts[first + n / each])
    }

    /// One round of one side; `first`: the first start that nobody has.
    async fn round(&self, callers: &[Caller], work: Work, first: usize) -> Result<Duration> {
        let each = CALLS / callers.len();
        let customer = serde_json::json!({"name": "Ada", "email": "ada@example.org"});
        let customer = &customer;
        let session = |caller: usize, n: usize| format!("session {caller} {n} of the benches");
        let hold = async |caller: usize, n: usize| -> Result<Uuid> {
            let Caller { client, hold, .. } = &callers[caller];
            let (service, resource, start) = self.slot(callers.len(), caller, n, first);
            let row = client
                .query_one(
                    hold,
                    &[
                        &self.tenant,
                        &service,
                        &resource,
                        start,
                        &session(caller, n),
                    ],
                )
                .await?;
            Ok(row.get(0))
        };
        let mut held: Vec<Vec<Uuid>> = vec![Vec::new(); callers.len()];
        if work == Work::BookHold {
            for (caller, held) in held.iter_mut().enumerate() {
                for n in 0..each {
                    held.push(hold(caller, n).await?);
                }
            }
        }
        let begin = Instant::now();
        try_join_all((0..callers.len()).map(async |caller| -> Result<()> {
            let Caller {
                client,
                book_hold,
                book,
                ..
            } = &callers[caller];
            for n in 0..each {
                let (service, resource, start) = self.slot(callers.len(), caller, n, first);
                match work {
                    Work::Hold => {
                        hold(caller, n).await?;
                    }
                    Work::BookHold => {
                        let hold = held[caller].get(n).context("no hold")?;
                        let session = session(caller, n);
                        client
                            .query_one(
                                book_hold,
                                &[
                                    &self.tenant,
                                    &service,
                                    &hold,
                                    &session,
                                    customer,
                                    &resource,
                                    start,
                                ],
                            )
                            .await?;
                    }
                    Work::Book => {
                        let session = session(caller, n);
                        client
                            .query_one(
                                book,
                                &[&self.tenant, &service, &resource, start, &session, customer],
                            )
                            .await?;
                    }
                }
            }
            Ok(())
        }))
        .await?;
        Ok(begin.elapsed() / u32::try_from(CALLS)?)
    }

    async fn counts(&self, of: &str) -> Result<String> {
        Ok(self
            .watch
            .query_one("select peer.counts($1)", &[&of])
            .await?
            .get(0))
    }

    /// Rounds of both sides in turn, for each number of clients.
    async fn compare(&self, report: &mut Report, work: Work, name: &str) -> Result<()> {
        for clients in CLIENTS {
            let (mut ours, mut peer) = (Vec::new(), Vec::new());
            for _ in 0..clients {
                ours.push(Caller::new(&self.db, Side::Ours).await?);
                peer.push(Caller::new(&self.db, Side::Peer).await?);
            }
            self.tidy().await?;
            let (mut our_times, mut peer_times) = (Times::default(), Times::default());
            let rounds = report.runs.clamp(6, 16);
            let begin = Instant::now();
            for round in 0..rounds {
                let first = round * CALLS / self.services.len();
                if round > 6 && begin.elapsed() > Duration::from_secs(20) {
                    break;
                }
                let (our_time, peer_time) = if round % 2 == 0 {
                    let time = self.round(&ours, work, first).await?;
                    (time, self.round(&peer, work, first).await?)
                } else {
                    let time = self.round(&peer, work, first).await?;
                    (self.round(&ours, work, first).await?, time)
                };
                let (ours, peer) = (self.counts("booking").await?, self.counts("peer").await?);
                ensure!(
                    ours == peer,
                    "the rows differ: {ours} are not the peer's {peer}"
                );
                // The first rounds plan; then there are figures to plan by.
                if round == 1 {
                    self.watch.batch_execute("analyze").await?;
                } else if round > 2 {
                    our_times.push(our_time);
                    peer_times.push(peer_time);
                }
            }
            let (ours, peer) = (self.counts("booking").await?, self.counts("peer").await?);
            ensure!(
                ours == peer,
                "the rows differ: {ours} are not the peer's {peer}"
            );
            report.row(
                &format!("{name}, {clients} clients"),
                &our_times,
                &peer_times,
                Some(Target::at_least(0.6, ">= 0.6x")),
            );
            report.note(&format!("{:.0} a second", 1e3 / our_times.min()));
        }
        verify(&self.watch).await
    }

    /// A hold beside one bare INSERT of its claim: what all the rest costs.
    async fn bare(&self, report: &mut Report) -> Result<()> {
        self.tidy().await?;
        let ours = [Caller::new(&self.db, Side::Ours).await?];
        let peer = Caller::new(&self.db, Side::Peer).await?;
        let insert = peer.client.prepare(INSERT).await?;
        let (service, resource) = self.services[0];
        let hold: Uuid = peer
            .client
            .query_one(
                PEER_HOLD,
                &[
                    &self.tenant,
                    &service,
                    &resource,
                    &self.starts[4000],
                    &"for the claims of the peer",
                ],
            )
            .await?
            .get(0);
        let (mut our_times, mut peer_times) = (Times::default(), Times::default());
        for round in 0..5 {
            let first = round * CALLS / self.services.len();
            let our_time = self.round(&ours, Work::Hold, first).await?;
            let begin = Instant::now();
            for n in 0..CALLS {
                let (_, resource, start) = self.slot(1, 0, n, first);
                peer.client
                    .execute(&insert, &[&self.tenant, &resource, start, &hold])
                    .await?;
            }
            // The first round plans; then there are figures to plan by.
            if round == 0 {
                self.watch.batch_execute("analyze").await?;
            } else {
                our_times.push(our_time);
                peer_times.push(begin.elapsed() / u32::try_from(CALLS)?);
            }
            self.watch.batch_execute("delete from booking.hold").await?;
            self.watch.batch_execute("vacuum").await?;
        }
        report.row(
            "hold beside one bare INSERT of its claim",
            &our_times,
            &peer_times,
            None,
        );
        Ok(())
    }

    /// So many for one slot at once; how long those waited who did not get it.
    async fn hot_slot(&self, report: &mut Report) -> Result<()> {
        self.tidy().await?;
        let (mut ours, mut peer) = (Vec::new(), Vec::new());
        for _ in 0..CROWD {
            ours.push(Caller::new(&self.db, Side::Ours).await?);
            let caller = Caller::new(&self.db, Side::Peer).await?;
            let insert = caller.client.prepare(INSERT).await?;
            peer.push((caller, insert));
        }
        let try_hold = "select coalesce((booking.try_hold($1, $2, $3, $4)).code, 'won')";
        let mut tries = Vec::new();
        for caller in &ours {
            tries.push(caller.client.prepare(try_hold).await?);
        }
        let (service, resource) = self.services[0];
        let hold: Uuid = peer[0]
            .0
            .client
            .query_one(
                PEER_HOLD,
                &[
                    &self.tenant,
                    &service,
                    &resource,
                    &self.starts[4000],
                    &"for the claims of the peer",
                ],
            )
            .await?
            .get(0);
        let log = self.db.server.log_mark()?;
        let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
        for round in 0..report.runs.clamp(10, 60) {
            let start = &self.starts[round];
            let answers = try_join_all((0..CROWD).map(async |n| {
                let begin = Instant::now();
                let session = format!("session {n} of the crowd");
                let row = ours[n]
                    .client
                    .query_one(&tries[n], &[&self.tenant, &service, start, &session])
                    .await?;
                anyhow::Ok((begin.elapsed(), row.get::<_, String>(0) == "won"))
            }))
            .await?;
            let theirs = try_join_all(peer.iter().map(async |(caller, insert)| {
                let begin = Instant::now();
                let inserted = caller
                    .client
                    .execute(insert, &[&self.tenant, &resource, start, &hold])
                    .await?;
                anyhow::Ok((begin.elapsed(), inserted == 1))
            }))
            .await?;
            for (answers, times) in [(answers, &mut our_times), (theirs, &mut peer_times)] {
                let won = answers.iter().filter(|(_, won)| *won).count();
                ensure!(won == 1, "{won} winners");
                // The first rounds plan.
                if round > 2 {
                    times.extend(
                        answers
                            .iter()
                            .filter(|(_, won)| !won)
                            .map(|(time, _)| *time),
                    );
                }
            }
        }
        let deadlocks = self
            .db
            .server
            .log_since(log)?
            .matches("deadlock detected")
            .count();
        ensure!(deadlocks == 0, "{deadlocks} deadlocks");
        let p99 = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            crate::measure::ms(times[times.len() * 99 / 100])
        };
        report.figures(
            "one slot, 64 clients: p99 of those who lose",
            p99(&mut our_times),
            p99(&mut peer_times),
            Some(Target::at_most(1.5, "<= 1.5x time")),
        );
        report.note("one winner each time, no deadlock; the peer is a bare INSERT ... ON CONFLICT DO NOTHING");
        Ok(())
    }

    /// A heartbeat of one hold beside an UPDATE of one row.
    async fn heartbeat(&self, report: &mut Report) -> Result<()> {
        self.tidy().await?;
        for clients in [1, 8] {
            let (mut ours, mut peer) = (Vec::new(), Vec::new());
            for n in 0..clients {
                let (service, resource) = self.services[n];
                let session = format!("session {n} that beats of {clients}");
                let start = &self.starts[100 + clients];
                let caller = Caller::new(&self.db, Side::Ours).await?;
                caller
                    .client
                    .query_one(
                        &caller.hold,
                        &[&self.tenant, &service, &resource, start, &session],
                    )
                    .await?;
                let beat = "select expires_at from booking.heartbeat($1, $2)";
                ours.push((caller.client.prepare(beat).await?, caller, session.clone()));
                let caller = Caller::new(&self.db, Side::Peer).await?;
                caller
                    .client
                    .query_one(
                        &caller.hold,
                        &[&self.tenant, &service, &resource, start, &session],
                    )
                    .await?;
                let beat = "update peer.hold set expires_at = clock_timestamp() + interval '10 minutes'
                    where tenant_id = $1 and session_hash = sha256(convert_to($2::text, 'UTF8')) returning expires_at";
                peer.push((caller.client.prepare(beat).await?, caller, session));
            }
            let (mut our_times, mut peer_times) = (Times::default(), Times::default());
            for round in 0..report.runs.clamp(6, 16) {
                for (side, times) in [(&ours, &mut our_times), (&peer, &mut peer_times)] {
                    let begin = Instant::now();
                    try_join_all(
                        side.iter()
                            .map(async |(beat, caller, session)| -> Result<()> {
                                for _ in 0..CALLS / clients {
                                    caller
                                        .client
                                        .query_one(beat, &[&self.tenant, session])
                                        .await?;
                                }
                                Ok(())
                            }),
                    )
                    .await?;
                    if round > 1 {
                        times.push(begin.elapsed() / u32::try_from(CALLS)?);
                    }
                }
            }
            report.row(
                &format!("heartbeat of one hold, {clients} clients"),
                &our_times,
                &peer_times,
                Some(Target::at_least(0.7, ">= 0.7x")),
            );
        }
        Ok(())
    }
}

/// The rows.
pub async fn run(report: &mut Report) -> Result<()> {
    let shop = Shop::new().await?;
    report.group("writes, a call", "pg_booking", "plain INSERTs");
    shop.compare(report, Work::Hold, "hold").await?;
    shop.compare(report, Work::BookHold, "book what is held")
        .await?;
    shop.compare(report, Work::Book, "book directly").await?;
    shop.bare(report).await?;
    shop.heartbeat(report).await?;
    shop.hot_slot(report).await
}
