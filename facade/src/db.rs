//! The pool, and one SQL call as one transaction in one round trip.
//!
//! A call is three messages sent together: `begin` with its settings, the query, `commit`; for whoever has signed in, one more
//! with the claims, as a parameter, which no log shows. The server runs them in turn; if one fails, the commit rolls back. A
//! client that hangs up half-way changes nothing: the end was already sent.
//! Statements are never named and no setting outlives its transaction, so pgbouncer may stand in between. Result columns
//! must be of built-in types: for any other the driver would prepare a named look-up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime, Status,
};
use postgres_protocol::escape::escape_identifier;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};
use tracing::{Instrument, debug, warn};

use crate::caller::{Caller, Who};
use crate::client::Client;
use crate::config::{Config, Roles};
use crate::meter::Meter;
use crate::problem::Problem;
use crate::unanswered::{Unanswered, throw_away};
use crate::{sqlstate, tally, tls, trace};

/// Added to the statement timeout: by then the server has answered, or it is not there.
const GRACE: Duration = Duration::from_secs(2);

const SET_CLAIMS: &str = "select pg_catalog.set_config('request.jwt.claims', $1, true)";

/// A parameter of a query and its type.
pub type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// The database, as the handlers see it.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    meter: Meter,
    statement_timeout: Duration,
    /// `set local` of the timeout, and of the role of visitors, of the signed in, of the service.
    settings: Arc<[String; 3]>,
}

impl Db {
    /// A pool that connects when it is first needed: the facade may start before the database.
    pub fn new(config: &Config, meter: Meter) -> Result<Self, Box<dyn std::error::Error>> {
        Self::pool(config, meter, "booking-facade", config.pool_size)
    }

    /// One connection, with a name of its own.
    pub fn alone(
        config: &Config,
        meter: Meter,
        name: &str,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        Self::pool(config, meter, name, 1)
    }

    fn pool(
        config: &Config,
        meter: Meter,
        name: &str,
        size: usize,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let mut database: tokio_postgres::Config = asked_plainly(&config.database_url)
            .parse()
            .map_err(|error| format!("the database URL is not understood: {error}"))?;
        if database.get_hosts().is_empty() {
            return Err(
                "no database: set BOOKING_DATABASE_URL or --database-url, with a host".into(),
            );
        }
        if database.get_application_name().is_none() {
            database.application_name(name);
        }
        // A host that is gone without a word is noticed in a minute, not in two hours.
        database.keepalives_idle(Duration::from_secs(60));
        database.tcp_user_timeout(config.statement_timeout + GRACE);

        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match database.get_ssl_mode() == SslMode::Require
            || config.database_ca.is_some()
        {
            true => {
                let tls = tls::database(config.database_ca.as_deref())?;
                database.ssl_mode(SslMode::Require);
                Manager::from_config(database, tls, recycling)
            }
            false => {
                if !is_near(&database) {
                    warn!(
                        "the database is asked without TLS; sslmode=require in its URL calls for it"
                    );
                }
                Manager::from_config(database, NoTls, recycling)
            }
        };
        let pool = Pool::builder(manager)
            .max_size(size)
            .wait_timeout(Some(config.acquire_timeout))
            .create_timeout(Some(config.acquire_timeout))
            // The one that was used last: a backend's first call takes 30 ms, the following ones what they take.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self {
            pool,
            meter,
            statement_timeout: config.statement_timeout,
            settings: Arc::new(settings(config.statement_timeout, &config.roles)),
        })
    }

    /// Closes the connections that nobody uses.
    pub fn rest(&self) {
        self.pool.retain(|_, _| false);
    }

    /// Calls a function that reads.
    pub async fn read(
        &self,
        caller: &Caller,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Problem> {
        self.call(Access::Read, caller, sql, params).await
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
        self.call(Access::Write, caller, sql, params).await
    }

    /// How the pool is at the moment.
    pub fn status(&self) -> Status {
        self.pool.status()
    }

    /// Asks for an operator, who is told what went wrong: as the login itself or another role, in a transaction that only
    /// reads, for as long as it takes within a minute.
    pub async fn ask(
        &self,
        role: Option<&str>,
        sql: &str,
    ) -> Result<Vec<Row>, Box<dyn std::error::Error>> {
        // Not given back: after an error its transaction is still open.
        let client = Object::take(self.pool.get().await?);
        let mut begin = "begin read only; set local statement_timeout = '60s'".to_owned();
        if let Some(role) = role {
            begin.push_str(&format!("; set local role {}", escape_identifier(role)));
        }
        client.batch_execute(&begin).await?;
        let rows = client.query_typed(sql, &[]).await?;
        client.batch_execute("commit").await?;
        Ok(rows)
    }

    /// What a transaction of the caller's begins with. No setting outlives it.
    fn begin(&self, begin: &str, caller: &Caller) -> String {
        let [visitor, signed_in, service] = &*self.settings;
        let mut text = match &caller.who {
            Who::Visitor => format!("{begin}; {visitor}"),
            Who::SignedIn(_) => format!("{begin}; {signed_in}"),
            Who::Service => format!("{begin}; {service}"),
        };
        if let Some(Client(address)) = caller.client {
            text.push_str(&format!("; set local booking.client = '{address}'"));
        }
        text
    }

    async fn call(
        &self,
        access: Access,
        caller: &Caller,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Problem> {
        let begin = self.begin(access.begin(), caller);
        let mut outcome = self.attempt(access, &begin, caller, sql, params).await?;
        if let Err(error) = &outcome
            && error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
        {
            debug!("a serialization failure is tried once more");
            outcome = self.attempt(access, &begin, caller, sql, params).await?;
        }
        outcome.map_err(|error| match access {
            Access::Write if sqlstate::is_lost(&error) => sqlstate::in_doubt(&error),
            Access::Write if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => {
                sqlstate::away(&error)
            }
            _ => error.into(),
        })
    }

    async fn attempt(
        &self,
        access: Access,
        begin: &str,
        caller: &Caller,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Result<Vec<Row>, tokio_postgres::Error>, Problem> {
        debug!(sql, "calls");
        let limit = self.statement_timeout + GRACE;
        let client = Arc::new(self.connection().await?);
        let mut unanswered = Unanswered::new(Arc::clone(&client), limit);
        let span = trace::call(access.name(), sql);
        let started = Instant::now();
        let answers = async {
            // `biased`: the messages are sent in this order, at the first poll, before any answer is awaited.
            tokio::join!(
                biased;
                client.batch_execute(begin),
                async {
                    if let Who::SignedIn(claims) = &caller.who {
                        client.query_typed(SET_CLAIMS, &[(claims, Type::TEXT)]).await?;
                    }
                    Ok(())
                },
                client.query_typed(sql, params),
                client.batch_execute("commit"),
            )
        };
        let answers = tokio::time::timeout(limit, answers.instrument(span.clone())).await;
        unanswered.answered();
        let mut began = true;
        let outcome = answers.map(|(begun, claimed, rows, committed)| {
            let begun = begun.and(claimed);
            began = begun.is_ok();
            // If the transaction did not begin, the query must not count, whatever it returned.
            begun.and(rows).and_then(|rows| committed.map(|()| rows))
        });
        let lost = match &outcome {
            Ok(Ok(_)) => false,
            Ok(Err(error)) => sqlstate::ends_connection(error),
            Err(_) => true,
        };
        let name = match &outcome {
            Ok(Ok(_)) => "ok",
            Ok(Err(_)) if !lost => "error",
            _ => "away",
        };
        self.meter.call(access.name(), name, started.elapsed());
        tally::called(started.elapsed());
        trace::called(&span, name);
        if lost {
            // Whatever happened to this one has happened to those beside it, which do not know yet.
            throw_away(client);
            self.pool.retain(|_, _| false);
        }
        match (outcome, access) {
            (Ok(Err(error)), _) if !began && !lost => Err(sqlstate::not_begun(&error)),
            (Ok(answer), _) => Ok(answer),
            (Err(elapsed), Access::Read) => Err(sqlstate::away(&elapsed)),
            (Err(elapsed), Access::Write) => Err(sqlstate::in_doubt(&elapsed)),
        }
    }

    async fn connection(&self) -> Result<Object, Problem> {
        let started = Instant::now();
        let got = self.pool.get().await;
        self.meter.connection(started.elapsed(), got.is_ok());
        tally::waited(started.elapsed());
        got.map_err(|error| sqlstate::away(&error))
    }
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

impl Access {
    fn begin(self) -> &'static str {
        match self {
            Self::Read => "begin read only",
            Self::Write => "begin",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The driver knows `require` alone, which here is as strict as the two others.
fn asked_plainly(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require")
}

/// Whether no wire leads there.
fn is_near(database: &tokio_postgres::Config) -> bool {
    database.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    })
}

fn settings(timeout: Duration, roles: &Roles) -> [String; 3] {
    let timeout = format!("set local statement_timeout = {}", timeout.as_millis());
    let role = |role: &str| format!("{timeout}; set local role {}", escape_identifier(role));
    let visitor = roles.public.as_deref().map_or(timeout.clone(), role);
    [visitor, role(&roles.member), role(&roles.service)]
}
