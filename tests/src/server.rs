//! The server under test, as `bin/with-cluster` describes it in the environment.
use std::{env, path::PathBuf};

use anyhow::{Context, Result};
use tokio_postgres::{Client, Config, NoTls};

/// Where the server under test is and what belongs to it.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address for TCP.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The folder of its programs: psql, pg_dump, pgbench.
    pub bindir: PathBuf,
    /// Its log.
    pub log: PathBuf,
}

impl Server {
    /// Reads the environment.
    ///
    /// # Errors
    /// When it does not describe a server: nothing must ever be tested by accident on the server of the machine.
    pub fn from_env() -> Result<Self> {
        let get = |name| {
            env::var(name).with_context(|| {
                format!("{name} is not set: run through `make test` or `bin/with-cluster`")
            })
        };
        Ok(Self {
            bindir: get("PG_BOOKING_BINDIR")?.into(),
            log: get("PG_BOOKING_LOG")?.into(),
            host: get("PGHOST")?,
            port: get("PGPORT")?.parse().context("PGPORT")?,
        })
    }

    /// How to connect as the superuser.
    #[must_use]
    pub fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .user("postgres")
            .dbname(database)
            .application_name("test");
        config
    }

    /// Connects as the superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Client> {
        connect(&self.config(database)).await
    }
}

/// Connects and drives the connection in the background until the client is dropped.
///
/// # Errors
/// When the server refuses.
pub async fn connect(config: &Config) -> Result<Client> {
    let (client, connection) = config
        .connect(NoTls)
        .await
        .context("connecting to the server under test")?;
    tokio::spawn(connection);
    Ok(client)
}
