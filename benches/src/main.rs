//! What `make bench` prints: each piece of work beside its peer in plain SQL, in one run, with the answers checked equal.
//! `../world.sql` makes the world; `../README.md` says what each row measures.
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use pg_booking_tests::TestDb;
use tokio_postgres::Client;

/// Alternating runs of each side; the fastest counts, since noise only ever adds.
const RUNS: usize = 15;

/// What is measured: its name, how many resources it is about, and the ratio to reach.
const ROWS: [(&str, usize, f64); 3] = [
    ("slots, 1 resource x 30 days", 1, 3.0),
    ("slots, any of 50 resources x 30 days", 50, 30.0),
    ("slots, any of 200 resources x 30 days", 200, 100.0),
];

/// Runs a query that gives one bigint and one text, and says how long it took.
async fn timed(client: &Client, query: &str) -> Result<(Duration, (i64, String))> {
    let start = Instant::now();
    let row = client.query_one(query, &[]).await?;
    Ok((start.elapsed(), (row.get(0), row.get(1))))
}

#[tokio::main]
async fn main() -> Result<()> {
    let db = TestDb::new("bench").await?;
    let client = db.connect().await?;
    client.batch_execute(include_str!("../world.sql")).await?;
    // jit pays for none of these; from tomorrow on, since today's past is not offered.
    client
        .batch_execute("set jit = off; create temp view span as select date_trunc('day', now()) + interval '1 day' as f")
        .await?;
    println!(
        "{:40} {:>9} {:>9} {:>7} {:>7}",
        "", "ours ms", "peer ms", "ratio", "target"
    );
    for (name, members, target) in ROWS {
        let answer = "count(*), coalesce(md5(string_agg(t::text, ' ' order by t)), '')";
        let ours = format!(
            "select {answer} from (
                select a.starts_at as t from booking.service s, span,
                    booking.available_slots(s.tenant_id, s.service_id, f, f + interval '30 days') a
                where s.slug = 'of-{members}') a"
        );
        let peer = format!(
            "select {answer} from span, peer.starts(
                array(select m.resource_id from booking.requirement_resource m join booking.service s
                    using (tenant_id, service_id) where s.slug = 'of-{members}'), f, f + interval '30 days') t"
        );
        let (mut best_ours, mut best_peer) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            let (time, answer) = timed(&client, &ours).await?;
            let (peer_time, peer_answer) = timed(&client, &peer).await?;
            ensure!(
                answer == peer_answer && answer.0 > 0,
                "{name}: {answer:?} is not {peer_answer:?}"
            );
            best_ours = best_ours.min(time);
            best_peer = best_peer.min(peer_time);
        }
        let ratio = best_peer.as_secs_f64() / best_ours.as_secs_f64();
        println!(
            "{name:40} {:9.3} {:9.3} {ratio:6.1}x {target:6.1}x",
            best_ours.as_secs_f64() * 1e3,
            best_peer.as_secs_f64() * 1e3,
        );
    }
    Ok(())
}
