//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::cache::Flights;
use crate::config::{Config, Roles};
use crate::db::Db;
use crate::live::Live;
use crate::meter::Meter;
use crate::protect::cors::Origins;
use crate::protect::limits::Limits;
use crate::protect::settings::{Connections, Origin};

/// Cloned for each layer of each request: one count, not one for each of its fields, which was a fiftieth of all time.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What there is once in a process.
pub struct Shared {
    /// The database.
    pub db: Db,
    /// What is counted.
    pub meter: Meter,
    /// Whether `/metrics` stands among the other routes.
    pub metrics: bool,
    /// Whether addresses of clients are logged.
    pub log_addresses: bool,
    /// Who looks at what.
    pub live: Live,
    /// What visitors ask it together.
    pub flights: Flights,
    /// Who signs tokens.
    pub auth: Auth,
    /// What requests run as.
    pub roles: Roles,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// The longest body that is read, in bytes.
    pub body_limit: usize,
    /// What a connection may cost.
    pub connections: Connections,
    /// How it is known where a request comes from.
    pub origin: Origin,
    /// Who asked how much, lately.
    pub limits: Limits,
    /// Which pages may call which tenant.
    pub origins: Origins,
    /// For how many seconds browsers are to insist on TLS.
    pub hsts: Option<u32>,
    /// Cancelled when the process ends: answers that go on for ever end then.
    pub ending: CancellationToken,
}

impl AppState {
    /// Fails on settings that cannot work; a database that is away is no such thing.
    pub fn new(config: &Config) -> Result<Self, Box<dyn std::error::Error>> {
        crate::tls::choose_provider();
        let meter = match config.metrics || config.metrics_listen.is_some() {
            true => Meter::on()?,
            false => Meter::off(),
        };
        let ending = CancellationToken::new();
        Ok(Self(Arc::new(Shared {
            db: Db::new(config, meter.clone())?,
            live: Live::new(config, meter.clone(), ending.clone())?,
            meter,
            metrics: config.metrics,
            log_addresses: config.log_addresses,
            flights: Flights::new(config.cache),
            auth: Auth::new(&config.auth)?,
            roles: config.roles.clone(),
            request_timeout: config.request_timeout,
            body_limit: config.body_limit,
            connections: config.connections,
            origin: config.origin.clone(),
            limits: Limits::new(config.rates),
            origins: Origins::default(),
            hsts: config.hsts,
            ending,
        })))
    }
}
