//! A database of one's own for each test, copied from a template that has the extension.
use std::{
    process, str,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use anyhow::{Context, Result, anyhow};
use tokio::runtime;
use tokio_postgres::{Client, Config};

use crate::server::{self, Server};

/// Any number that nobody else locks.
const TEMPLATE_LOCK: i64 = 0x0070_6762_6f6f_6b6b;
const TEMPLATE: &str = "pg_booking_template";

/// A database that has the extension, dropped with its sessions when this goes out of scope.
#[derive(Debug)]
pub struct TestDb {
    /// The server it is on.
    pub server: Server,
    /// Its name, unique in the run.
    pub name: String,
}

impl TestDb {
    /// Makes the database; `name` becomes part of its name, for whoever reads the log.
    ///
    /// # Errors
    /// When there is no server under test, or the extension cannot be created there.
    pub async fn new(name: &str) -> Result<Self> {
        Self::copy(name, TEMPLATE, "create extension pg_booking cascade").await
    }

    /// Like [`TestDb::new`], with another script than `create extension`: the first who asks for `template` runs it there.
    ///
    /// # Errors
    /// As there.
    pub async fn copy(name: &str, template: &str, script: &str) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = Server::from_env()?;
        let admin = server.connect("postgres").await?;
        make_template(&server, &admin, template, script).await?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "{}_{}_{count}",
            name.get(..40).unwrap_or(name),
            process::id()
        );
        admin
            .batch_execute(&format!("create database {name:?} template {template:?}"))
            .await?;
        Ok(Self { server, name })
    }

    /// Like [`TestDb::new`], outside of an async context.
    ///
    /// # Errors
    /// As there.
    pub fn new_blocking(name: &str) -> Result<Self> {
        runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(Self::new(name))
    }

    /// Runs a script as the superuser, outside of an async context.
    ///
    /// # Errors
    /// When a statement of it fails.
    pub fn execute_blocking(&self, script: &str) -> Result<()> {
        runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(async { Ok(self.connect().await?.batch_execute(script).await?) })
    }

    /// How to connect as the superuser; change the user or the options for others.
    #[must_use]
    pub fn config(&self) -> Config {
        self.server.config(&self.name)
    }

    /// A further session of the superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self) -> Result<Client> {
        server::connect(&self.config()).await
    }

    /// A session of another login role.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect_as(&self, user: &str) -> Result<Client> {
        server::connect(self.config().user(user)).await
    }

    /// The connection string, for programs.
    #[must_use]
    pub fn url(&self, user: &str) -> String {
        format!(
            "postgres://{user}@{}:{}/{}",
            self.server.host, self.server.port, self.name
        )
    }
}

impl Drop for TestDb {
    /// As well as it can: the whole cluster goes in the end.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread, since there may be a runtime around us, in which one can't wait.
        let dropped = thread::spawn(move || -> Result<()> {
            runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(async {
                    let admin = server.connect("postgres").await?;
                    admin
                        .batch_execute(&format!("drop database if exists {name:?} with (force)"))
                        .await?;
                    Ok(())
                })
        });
        let result = dropped
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the thread panicked")));
        if let Err(error) = result {
            eprintln!("{} stays: {error:#}", self.name);
        }
    }
}

/// The first who needs the template makes it, whatever process or thread they are; it counts as made once it allows no
/// connection any more.
async fn make_template(
    server: &Server,
    admin: &Client,
    template: &str,
    script: &str,
) -> Result<()> {
    const READY: &str = "select 1 from pg_database where datname = $1 and not datallowconn";
    if admin.query_opt(READY, &[&template]).await?.is_some() {
        return Ok(());
    }
    admin
        .execute("select pg_advisory_lock($1)", &[&TEMPLATE_LOCK])
        .await?;
    if admin.query_opt(READY, &[&template]).await?.is_none() {
        admin
            .batch_execute(&format!(
                "drop database if exists {template:?} with (force)"
            ))
            .await?;
        admin
            .batch_execute(&format!("create database {template:?}"))
            .await?;
        let client = server.connect(template).await?;
        client
            .batch_execute(script)
            .await
            .context(script.to_owned())?;
        drop(client);
        admin
            .batch_execute(&format!(
                "alter database {template:?} allow_connections false"
            ))
            .await?;
    }
    admin
        .execute("select pg_advisory_unlock($1)", &[&TEMPLATE_LOCK])
        .await?;
    Ok(())
}
