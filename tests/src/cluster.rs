//! A cluster of one's own beside the one under test, for tests that stop it or need settings that only a start can change.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, id},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result, ensure};
use tokio_postgres::Client;

use crate::server::{self, Server};

/// A script of `bin`.
#[must_use]
pub fn bin(script: &str) -> Command {
    Command::new(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../bin")
            .join(script),
    )
}

/// What a program printed.
///
/// # Errors
/// When it failed; the error is what it said.
pub fn text(output: &Output) -> Result<String> {
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout.clone())?.trim().to_owned())
}

/// A cluster where the server's user gets at it, with the installation of the one under test; stopped and removed when this
/// goes out of scope.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    server: Server,
}

impl Cluster {
    /// A folder for it; `start` makes the cluster.
    ///
    /// # Errors
    /// When there is no server under test, or no place beside it.
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut server = Server::from_env()?;
        let place = server.log.ancestors().nth(2).context("PG_BOOKING_LOG")?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = place.join(format!("cluster.{}.{count}", id()));
        fs::create_dir(&folder)?;
        fs::write(folder.join("owner"), id().to_string())?;
        server.log = folder.join("log");
        Ok(Self { folder, server })
    }

    /// Where it is; `bin/cluster` says what lies there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server that `start` started last.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// `bin/cluster` with a verb.
    ///
    /// # Errors
    /// When the script cannot be run; whether it succeeded is in the output.
    pub fn run(&self, verb: &str) -> Result<Output> {
        Ok(bin("cluster").arg(verb).arg(&self.folder).output()?)
    }

    /// Starts it with settings such as `fsync=off`, and returns its port.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn start(&mut self, settings: &[&str]) -> Result<u16> {
        let start = bin("cluster")
            .arg("start")
            .arg(&self.folder)
            .args(settings)
            .output()?;
        self.server.port = text(&start)?.parse()?;
        Ok(self.server.port)
    }

    /// A session of the superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Client> {
        server::connect(&self.server.config(database)).await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stopped = self.run("stop");
        let removed = fs::remove_dir_all(&self.folder);
        if stopped.is_err() || removed.is_err() {
            eprintln!("{} stays", self.folder.display());
        }
    }
}
