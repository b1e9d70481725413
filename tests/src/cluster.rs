//! A cluster of one's own beside the one under test, for tests that stop it or need settings that only a start can change.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, id},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;
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

/// Kills a process of a server, which is told nothing.
///
/// # Errors
/// When there is none.
pub fn kill(pid: i32) -> Result<()> {
    let killed = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()?;
    ensure!(killed.success(), "{pid} is not there");
    Ok(())
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

    /// Starts one with settings such as `fsync=off`, and creates the extension.
    ///
    /// # Errors
    /// When the server does not start, or refuses.
    pub async fn with_extension(settings: &[&str]) -> Result<(Self, Client)> {
        let mut cluster = Self::new()?;
        cluster.start(settings)?;
        let client = cluster.connect("postgres").await?;
        client
            .batch_execute("create extension pg_booking cascade")
            .await?;
        Ok((cluster, client))
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

    /// A session as soon as it takes some again.
    ///
    /// # Errors
    /// When it stays away for a minute.
    pub async fn again(&self) -> Result<Client> {
        let begin = Instant::now();
        loop {
            sleep(Duration::from_millis(50)).await;
            match self.connect("postgres").await {
                // One that is about to go still lets in.
                Ok(client) if client.batch_execute("select").await.is_ok() => return Ok(client),
                _ => ensure!(begin.elapsed() < Duration::from_secs(60), "it stays away"),
            }
        }
    }

    /// The process that all others of it come from.
    ///
    /// # Errors
    /// When it does not run.
    pub fn postmaster(&self) -> Result<i32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(file.lines().next().context("no postmaster")?.parse()?)
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
