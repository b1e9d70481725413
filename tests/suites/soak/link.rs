//! A client whose connection may be lost at any moment: by the server, or because it goes away itself.
use std::{
    io,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{task::JoinHandle, time};
use tokio_postgres::{Client, Config, NoTls, Row, error::SqlState};

/// How long a server may be away until somebody gives up: a killed one has to recover.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection, and what drives it. Dropped, it goes away without a word, as a process that is killed does.
pub struct Link {
    pub client: Client,
    driver: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What became of a call.
pub enum Outcome {
    /// It was answered.
    Rows(Vec<Row>),
    /// It came to nothing, by a failure that its caller may try again.
    Nothing(SqlState),
    /// The connection is gone; whether it was done nobody knows.
    Lost,
}

impl Link {
    /// Connects, as often as it takes.
    pub async fn new(config: &Config, setup: &str) -> Result<Self> {
        let start = Instant::now();
        loop {
            match Self::once(config, setup).await {
                Ok(link) => return Ok(link),
                Err(_) if start.elapsed() < PATIENCE => {
                    time::sleep(Duration::from_millis(200)).await
                }
                Err(error) => return Err(error).context("the server does not come back"),
            }
        }
    }

    async fn once(config: &Config, setup: &str) -> Result<Self> {
        let (client, connection) = config.connect(NoTls).await?;
        let driver = tokio::spawn(async {
            // Its end is seen by whoever waits for an answer.
            let _ = connection.await;
        });
        let link = Self { client, driver };
        link.client.batch_execute(setup).await?;
        Ok(link)
    }

    /// A call in a transaction of its own. `leave`: after so long the client is gone, answer or not.
    pub async fn call(&self, sql: &str, leave: Option<Duration>) -> Result<Outcome> {
        let call = self.client.query(sql, &[]);
        let answer = match leave {
            None => call.await,
            Some(after) => match time::timeout(after, call).await {
                Ok(answer) => answer,
                Err(_) => return Ok(Outcome::Lost),
            },
        };
        match answer {
            Ok(rows) => Ok(Outcome::Rows(rows)),
            Err(error) if is_lost(&error) => Ok(Outcome::Lost),
            Err(error) => match error.code() {
                Some(
                    code @ (&SqlState::T_R_SERIALIZATION_FAILURE
                    | &SqlState::LOCK_NOT_AVAILABLE
                    | &SqlState::QUERY_CANCELED),
                ) => Ok(Outcome::Nothing(code.clone())),
                _ => Err(error).with_context(|| sql.to_owned()),
            },
        }
    }
}

/// Terminated, crashed, starting up, or cut off.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    error.is_closed()
        || error
            .source()
            .is_some_and(|source| source.is::<io::Error>())
        || matches!(
            error.code(),
            Some(
                &SqlState::ADMIN_SHUTDOWN
                    | &SqlState::CRASH_SHUTDOWN
                    | &SqlState::CANNOT_CONNECT_NOW
            )
        )
}
