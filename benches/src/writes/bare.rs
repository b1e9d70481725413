//! A hold beside one bare INSERT of its claim: what all the rest costs.
use std::time::Instant;

use anyhow::Result;

use super::{
    caller::{Caller, INSERT, Side, Work},
    shop::{CALLS, Shop},
};
use crate::{measure::Times, report::Report};

impl Shop {
    /// One row.
    pub async fn bare(&self, report: &mut Report) -> Result<()> {
        self.tidy().await?;
        let ours = self.callers(Side::Ours, 1).await?;
        let peer = Caller::new(&self.db, Side::Peer).await?;
        let insert = peer.client.prepare(INSERT).await?;
        let hold = self.hold_of_claims(&peer).await?;
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
}
