//! The flags of what protects the process.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderName;
use axum::http::header::FORWARDED;
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::proxies::parse_network;
use crate::config::{parse_count, parse_duration};

/// What a connection may cost.
#[derive(Args, Clone, Copy, Debug)]
pub struct Connections {
    /// Connections of clients at most; further ones wait until one ends. Each is an open file of the process
    #[arg(long, env = "BOOKING_MAX_CONNECTIONS", default_value = "1000", value_parser = parse_count)]
    pub max_connections: usize,

    /// Of one address at most, the live views that it has open among them; one more is closed at once. Those of
    /// --trusted-proxies are not counted: a proxy carries everybody
    #[arg(long, env = "BOOKING_MAX_ADDRESS_CONNECTIONS", default_value = "100", value_parser = parse_count)]
    pub max_address_connections: usize,

    /// How long a client may take to send the headers of a request
    #[arg(long, env = "BOOKING_HEADER_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub header_timeout: Duration,

    /// How long a connection may do nothing between two requests; longer than the proxy in front of it waits (mostly 60s)
    #[arg(long, env = "BOOKING_IDLE_TIMEOUT", default_value = "75s", value_parser = parse_duration)]
    pub idle_timeout: Duration,

    /// Speak HTTP/2 as well, without TLS, to a proxy in front. Not to the open network: a client that neither asks nor reads
    /// keeps its streams for as long as it answers pings
    #[arg(long, env = "BOOKING_HTTP2")]
    pub http2: bool,

    /// How long a client may leave its answer unread
    #[arg(long, env = "BOOKING_WRITE_TIMEOUT", default_value = "20s", value_parser = parse_duration)]
    pub write_timeout: Duration,
}

/// How the facade knows where a request comes from.
#[derive(Args, Clone, Debug)]
pub struct Origin {
    /// The proxies in front, as addresses or networks with commas between them: only what they say of a request's origin is
    /// believed
    #[arg(long, env = "BOOKING_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_network)]
    pub trusted_proxies: Vec<IpNet>,

    /// The header in which they say it; the other one is anybody's, and not read
    #[arg(
        long,
        env = "BOOKING_FORWARDED_HEADER",
        default_value = "x-forwarded-for",
        value_enum
    )]
    pub forwarded_header: Forwarding,

    /// How many bits of an IPv6 address make a client
    #[arg(long, env = "BOOKING_IPV6_PREFIX", default_value = "64", value_parser = clap::value_parser!(u8).range(1..=128))]
    pub ipv6_prefix: u8,
}

/// A header that proxies write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Forwarding {
    /// A list of addresses
    XForwardedFor,
    /// As RFC 7239 has it: `for=192.0.2.1;proto=https`
    Forwarded,
}

impl Forwarding {
    /// The name of the header.
    pub fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::Forwarded => FORWARDED,
        }
    }
}

/// How many requests a minute, in this process: of several, each counts for itself. A client that was quiet for a minute may
/// send that many at once; from then on they come back one by one.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rates {
    /// Reads a minute from one address
    #[arg(long, env = "BOOKING_READ_LIMIT", default_value = "100")]
    pub read_limit: NonZeroU32,

    /// New holds, bookings, cancellations a minute from one address, whether signed in or not
    #[arg(long, env = "BOOKING_WRITE_LIMIT", default_value = "10")]
    pub write_limit: NonZeroU32,

    /// Heartbeats and releases a minute of one session: a heartbeat every five seconds is 12
    #[arg(long, env = "BOOKING_SESSION_LIMIT", default_value = "60")]
    pub session_limit: NonZeroU32,

    /// Heartbeats and releases a minute of all sessions of one address; requests of each kind of all who have signed in there
    #[arg(long, env = "BOOKING_SESSIONS_LIMIT", default_value = "1200")]
    pub sessions_limit: NonZeroU32,

    /// Reads a minute of somebody who has signed in, from wherever, and as many writes of the owner's routes; the service role
    /// has no limit
    #[arg(long, env = "BOOKING_MEMBER_LIMIT", default_value = "600")]
    pub member_limit: NonZeroU32,

    /// Recalculations a minute of one member, or of the service role
    #[arg(long, env = "BOOKING_RECOMPUTE_LIMIT", default_value = "10")]
    pub recompute_limit: NonZeroU32,
}
