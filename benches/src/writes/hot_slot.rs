//! One slot that many want: how long those wait who do not get it.
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;

use super::{
    caller::{INSERT, Side},
    shop::Shop,
};
use crate::{
    measure::ms,
    report::{Report, Target},
};

/// Who wants the hot slot.
const CROWD: usize = 64;

impl Shop {
    /// A row, and that there was one winner each time.
    pub async fn hot_slot(&self, report: &mut Report) -> Result<()> {
        self.tidy().await?;
        let ours = self.callers(Side::Ours, CROWD).await?;
        let mut peer = Vec::new();
        for caller in self.callers(Side::Peer, CROWD).await? {
            let insert = caller.client.prepare(INSERT).await?;
            peer.push((caller, insert));
        }
        let try_hold = "select coalesce((booking.try_hold($1, $2, $3, $4)).code, 'won')";
        let mut tries = Vec::new();
        for caller in &ours {
            tries.push(caller.client.prepare(try_hold).await?);
        }
        let (service, resource) = self.services[0];
        let hold = self.hold_of_claims(&peer[0].0).await?;
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
            ms(times[times.len() * 99 / 100])
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
}
