//! The pool, and one SQL call as one transaction in one round trip.
//!
//! A call is three messages sent together: `begin` with its settings, the query, `commit`. The server runs them in turn; if
//! the query fails, the commit rolls back. A client that hangs up half-way changes nothing: the end was already sent.
//! Statements are never named and no setting outlives its transaction, so pgbouncer may stand in between. Result columns
//! must be of built-in types: for any other the driver would prepare a named look-up.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use postgres_protocol::escape::{escape_identifier, escape_literal};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};
use tracing::debug;

use crate::caller::{Caller, Who};
use crate::client::Client;
use crate::config::{Config, Roles};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::sqlstate;

/// Added to the statement timeout: by then the server has answered, or it is not there.
const GRACE: Duration = Duration::from_secs(2);

/// A parameter of a query and its type.
pub type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// The database, as the handlers see it.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    statement_timeout: Duration,
    /// `set local` of the timeout, and of the role of visitors, of the signed in, of the service.
    settings: Arc<[String; 3]>,
}

impl Db {
    /// A pool that connects when it is first needed: the facade may start before the database.
    pub fn new(config: &Config) -> Result<Self, Box<dyn std::error::Error>> {
        let mut database: tokio_postgres::Config = config
            .database_url
            .parse()
            .map_err(|error| format!("the database URL is not understood: {error}"))?;
        if database.get_hosts().is_empty() {
            return Err(
                "no database: set BOOKING_DATABASE_URL or --database-url, with a host".into(),
            );
        }
        if database.get_ssl_mode() == SslMode::Require {
            return Err("sslmode=require: this build speaks no TLS; use a Unix socket, a tunnel or a local pooler".into());
        }
        if database.get_application_name().is_none() {
            database.application_name("booking-facade");
        }
        // A host that is gone without a word is noticed in a minute, not in two hours.
        database.keepalives_idle(Duration::from_secs(60));
        database.tcp_user_timeout(config.statement_timeout + GRACE);

        let manager = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_config(database, NoTls, manager))
            .max_size(config.pool_size)
            .wait_timeout(Some(config.acquire_timeout))
            .create_timeout(Some(config.acquire_timeout))
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self {
            pool,
            statement_timeout: config.statement_timeout,
            settings: Arc::new(settings(config.statement_timeout, &config.roles)),
        })
    }

    /// Calls a function that reads.
    pub async fn read(
        &self,
        caller: &Caller,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Problem> {
        let begin = self.begin("begin read only", caller);
        self.call(&begin, sql, params).await
    }

    /// Calls a function that writes and returns one row.
    pub async fn write(
        &self,
        caller: &Caller,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Row, Problem> {
        let mut rows = self.write_rows(caller, sql, params).await?;
        rows.pop().ok_or_else(Problem::internal)
    }

    /// Calls a function that writes and returns rows.
    pub async fn write_rows(
        &self,
        caller: &Caller,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Problem> {
        let begin = self.begin("begin", caller);
        self.call(&begin, sql, params).await
    }

    /// What a transaction of the caller's begins with. No setting outlives it.
    fn begin(&self, begin: &str, caller: &Caller) -> String {
        let [visitor, signed_in, service] = &*self.settings;
        let mut text = match &caller.who {
            Who::Visitor => format!("{begin}; {visitor}"),
            Who::SignedIn(Secret(claims)) => format!(
                "{begin}; {signed_in}; set local request.jwt.claims = {}",
                escape_literal(claims)
            ),
            Who::Service => format!("{begin}; {service}"),
        };
        if let Some(Client(address)) = caller.client {
            text.push_str(&format!("; set local booking.client = '{address}'"));
        }
        text
    }

    async fn call(
        &self,
        begin: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Problem> {
        match self.attempt(begin, sql, params).await? {
            Err(error) if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {
                debug!("a serialization failure is tried once more");
                Ok(self.attempt(begin, sql, params).await??)
            }
            result => Ok(result?),
        }
    }

    async fn attempt(
        &self,
        begin: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Result<Vec<Row>, tokio_postgres::Error>, Problem> {
        let client = self
            .pool
            .get()
            .await
            .map_err(|error| sqlstate::away(&error))?;
        let answers = async {
            // `biased`: the messages are sent in this order, at the first poll, before any answer is awaited.
            tokio::join!(
                biased;
                client.batch_execute(begin),
                client.query_typed(sql, params),
                client.batch_execute("commit"),
            )
        };
        match tokio::time::timeout(self.statement_timeout + GRACE, answers).await {
            // If the transaction did not begin, the query must not count, whatever it returned.
            Ok((begun, rows, committed)) => {
                Ok(begun.and(rows).and_then(|rows| committed.map(|()| rows)))
            }
            Err(elapsed) => {
                drop(Object::take(client));
                Err(sqlstate::away(&elapsed))
            }
        }
    }
}

fn settings(timeout: Duration, roles: &Roles) -> [String; 3] {
    let timeout = format!("set local statement_timeout = {}", timeout.as_millis());
    let role = |role: &str| format!("{timeout}; set local role {}", escape_identifier(role));
    let visitor = roles.public.as_deref().map_or(timeout.clone(), role);
    [visitor, role(&roles.member), role(&roles.service)]
}
