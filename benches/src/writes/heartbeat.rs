//! A heartbeat of one hold beside an UPDATE of one row.
use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join_all;

use super::{
    caller::{Caller, Side},
    shop::{CALLS, Shop},
};
use crate::{
    measure::Times,
    report::{Report, Target},
};

impl Shop {
    /// A row for one client, a row for eight.
    pub async fn heartbeat(&self, report: &mut Report) -> Result<()> {
        self.tidy().await?;
        for clients in [1, 8] {
            let (mut ours, mut peer) = (Vec::new(), Vec::new());
            for n in 0..clients {
                let session = format!("session {n} that beats of {clients}");
                let (service, resource) = self.services[n];
                let slot = (service, resource, &self.starts[100 + clients]);
                let caller = Caller::new(&self.db, Side::Ours).await?;
                self.hold(&caller, slot, &session).await?;
                let beat = "select expires_at from booking.heartbeat($1, $2)";
                ours.push((caller.client.prepare(beat).await?, caller, session.clone()));
                let caller = Caller::new(&self.db, Side::Peer).await?;
                self.hold(&caller, slot, &session).await?;
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
