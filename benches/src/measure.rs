//! How a row is timed: over the wire, prepared, warmed up, in pairs of runs that alternate, and only while both give the
//! same answer. Noise only ever adds, so the fastest run counts; the median says how noisy it was.
use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use tokio_postgres::{Client, Row, Statement, types::ToSql};

/// No pair is begun after so long, once there are `FEWEST`.
const PATIENCE: Duration = Duration::from_secs(12);
const FEWEST: usize = 5;
const WARM_UP: usize = 3;

/// How long the runs of one side took.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more run.
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The fastest, in milliseconds.
    pub fn min(&self) -> f64 {
        self.0.iter().min().map_or(0.0, |time| ms(*time))
    }

    /// The slowest, in milliseconds.
    pub fn max(&self) -> f64 {
        self.0.iter().max().map_or(0.0, |time| ms(*time))
    }

    /// The one in the middle, in milliseconds.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).map_or(0.0, |time| ms(*time))
    }
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A prepared statement with its arguments.
pub struct Query<'a> {
    client: &'a Client,
    statement: Statement,
    arguments: Vec<Box<dyn ToSql + Sync + 'a>>,
}

impl<'a> Query<'a> {
    /// Prepares it.
    pub async fn new(
        client: &'a Client,
        sql: &str,
        arguments: Vec<Box<dyn ToSql + Sync + 'a>>,
    ) -> Result<Self> {
        let statement = client.prepare(sql).await?;
        Ok(Self {
            client,
            statement,
            arguments,
        })
    }

    /// Runs it until the last row is here.
    pub async fn run(&self) -> Result<(Duration, Vec<Row>)> {
        let arguments: Vec<&(dyn ToSql + Sync)> =
            self.arguments.iter().map(|argument| &**argument).collect();
        let start = Instant::now();
        let rows = self.client.query(&self.statement, &arguments).await?;
        Ok((start.elapsed(), rows))
    }
}

/// Runs both in turn, `runs` times if that is bearable; `answer` makes of the rows what has to be equal.
pub async fn pairs<A: PartialEq + Debug>(
    runs: usize,
    ours: &Query<'_>,
    peer: &Query<'_>,
    answer: impl Fn(&[Row]) -> Result<Vec<A>>,
) -> Result<(Times, Times)> {
    let (mut our_times, mut peer_times) = (Times::default(), Times::default());
    let begin = Instant::now();
    for run in 0..WARM_UP + runs {
        if run >= WARM_UP + FEWEST && begin.elapsed() > PATIENCE {
            break;
        }
        // Each is first in every other pair: who comes second finds the caches as the other left them.
        let ((our_time, our_rows), (peer_time, peer_rows)) = if run % 2 == 0 {
            let first = ours.run().await?;
            (first, peer.run().await?)
        } else {
            let first = peer.run().await?;
            (ours.run().await?, first)
        };
        ensure!(!our_rows.is_empty(), "nothing is offered");
        let (our_answer, peer_answer) = (answer(&our_rows)?, answer(&peer_rows)?);
        same(&our_answer, &peer_answer)?;
        if run >= WARM_UP {
            our_times.push(our_time);
            peer_times.push(peer_time);
        }
    }
    Ok((our_times, peer_times))
}

/// That both gave the same rows; else the first that differ.
fn same<A: PartialEq + Debug>(ours: &[A], peer: &[A]) -> Result<()> {
    if let Some((ours, peer)) = ours.iter().zip(peer).find(|(ours, peer)| ours != peer) {
        bail!("the answers differ: {ours:?} is not the peer's {peer:?}");
    }
    ensure!(
        ours.len() == peer.len(),
        "the answers differ: {} rows are not the peer's {}",
        ours.len(),
        peer.len()
    );
    Ok(())
}
