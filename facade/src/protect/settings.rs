//! The flags of what protects the process.

use std::time::Duration;

use clap::Args;

use crate::config::{parse_count, parse_duration};

/// What a connection may cost.
#[derive(Args, Clone, Copy, Debug)]
pub struct Connections {
    /// Connections of clients at most; further ones wait until one ends. Each is an open file of the process
    #[arg(long, env = "BOOKING_MAX_CONNECTIONS", default_value = "1000", value_parser = parse_count)]
    pub max_connections: usize,

    /// How long a client may take to send the headers of a request
    #[arg(long, env = "BOOKING_HEADER_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub header_timeout: Duration,

    /// How long a connection may do nothing between two requests; longer than the proxy in front of it waits (mostly 60s)
    #[arg(long, env = "BOOKING_IDLE_TIMEOUT", default_value = "75s", value_parser = parse_duration)]
    pub idle_timeout: Duration,

    /// How long a client may leave its answer unread
    #[arg(long, env = "BOOKING_WRITE_TIMEOUT", default_value = "20s", value_parser = parse_duration)]
    pub write_timeout: Duration,
}
