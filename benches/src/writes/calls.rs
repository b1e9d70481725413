//! The same calls by one, two, eight and thirty-two clients, in rounds of both sides in turn that end with the same rows.
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use uuid::Uuid;

use super::{
    caller::{Caller, Side, Work},
    shop::{CALLS, Shop},
};
use crate::{
    measure::Times,
    report::{Report, Target},
    world::verify,
};

const CLIENTS: [usize; 4] = [1, 2, 8, 32];

impl Shop {
    /// One round of one side; `first`: the first start that nobody has.
    pub async fn round(&self, callers: &[Caller], work: Work, first: usize) -> Result<Duration> {
        let each = CALLS / callers.len();
        let customer = serde_json::json!({"name": "Ada", "email": "ada@example.org"});
        let customer = &customer;
        let session = |caller: usize, n: usize| format!("session {caller} {n} of the benches");
        let hold = async |caller: usize, n: usize| -> Result<Uuid> {
            let slot = self.slot(callers.len(), caller, n, first);
            self.hold(&callers[caller], slot, &session(caller, n)).await
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

    /// Rounds of both sides in turn, for each number of clients.
    pub async fn compare(&self, report: &mut Report, work: Work, name: &str) -> Result<()> {
        for clients in CLIENTS {
            let ours = self.callers(Side::Ours, clients).await?;
            let peer = self.callers(Side::Peer, clients).await?;
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
                self.same_rows().await?;
                // The first rounds plan; then there are figures to plan by.
                if round == 1 {
                    self.watch.batch_execute("analyze").await?;
                } else if round > 2 {
                    our_times.push(our_time);
                    peer_times.push(peer_time);
                }
            }
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
}
