//! What the handlers share.

use std::time::Duration;

use crate::config::Config;
use crate::db::Db;

/// Cheap to clone: one for each request.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// The longest body that is read, in bytes.
    pub body_limit: usize,
}

impl AppState {
    /// Fails on settings that cannot work; a database that is away is no such thing.
    pub fn new(config: &Config) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            db: Db::new(config)?,
            request_timeout: config.request_timeout,
            body_limit: config.body_limit,
        })
    }
}
