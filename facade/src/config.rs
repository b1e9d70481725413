//! Flags and environment variables, one struct. `--help` is its documentation.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::auth::Settings;
use crate::protect::settings::{Connections, Origin, Rates};

/// The public HTTP face of pg_booking.
#[derive(Debug, Parser)]
#[command(
    name = "booking-facade",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve HTTP until SIGTERM or SIGINT (what happens without a subcommand)
    Serve(Config),
    /// Print what booking.doctor() finds, and what to do about it. Exit status: 0 all is well, 1 something is not, 2 it could
    /// not be asked
    Doctor(Doctor),
    /// Print the OpenAPI description of the routes, as it is served at /openapi.json
    Openapi(Config),
}

/// What `doctor` is told. Of the settings of `serve` it takes how to reach the database, and the service role for a login
/// that may not ask by itself.
#[derive(Args, Clone, Debug)]
pub struct Doctor {
    /// As JSON: {"ok": ..., "findings": [{"check", "ok", "detail", "remedy"}]}
    #[arg(long)]
    pub json: bool,

    /// How the database is reached
    #[command(flatten)]
    pub config: Config,
}

impl Cli {
    /// The subcommand, `serve` if none is given.
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.config))
    }
}

/// How `serve` is set up.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The database, as a URL (`postgres://user@host/db`) or in keywords (`host=/run/postgresql user=web dbname=app`).
    /// Prefer the variable: other users of the machine can read flags
    #[arg(
        long,
        env = "BOOKING_DATABASE_URL",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub database_url: String,

    /// The authorities that may vouch for the database's certificate, in PEM: calls for TLS, as `sslmode=require` does. Without it,
    /// those of the system
    #[arg(long, env = "BOOKING_DATABASE_CA")]
    pub database_ca: Option<PathBuf>,

    /// The address to listen at; port 0 takes a free one, and the first line printed says which
    #[arg(long, env = "BOOKING_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Connections to the database at most
    #[arg(long, env = "BOOKING_POOL_SIZE", default_value = "16", value_parser = parse_count)]
    pub pool_size: usize,

    /// How long a request may wait for a connection
    #[arg(long, env = "BOOKING_ACQUIRE_TIMEOUT", default_value = "5s", value_parser = parse_duration)]
    pub acquire_timeout: Duration,

    /// How long PostgreSQL may work on one call
    #[arg(long, env = "BOOKING_STATEMENT_TIMEOUT", default_value = "5s", value_parser = parse_duration)]
    pub statement_timeout: Duration,

    /// How long a request may take, from its headers to its answer; the body must arrive within, too (else 408)
    #[arg(long, env = "BOOKING_REQUEST_TIMEOUT", default_value = "15s", value_parser = parse_duration)]
    pub request_timeout: Duration,

    /// The longest request body that is read, in bytes
    #[arg(long, env = "BOOKING_BODY_LIMIT", default_value = "65536", value_parser = parse_count)]
    pub body_limit: usize,

    /// What a connection may cost
    #[command(flatten)]
    pub connections: Connections,

    /// How the facade knows where a request comes from
    #[command(flatten)]
    pub origin: Origin,

    /// How many requests a minute
    #[command(flatten)]
    pub rates: Rates,

    /// For how many seconds a browser that came once is to insist on TLS (Strict-Transport-Security): where a proxy in front
    /// speaks it, and always will
    #[arg(long, env = "BOOKING_HSTS", value_name = "SECONDS")]
    pub hsts: Option<u32>,

    /// How long an answer to visitors without a session is kept for the next ones, up to 5s; 0 keeps none. Those who ask the
    /// same at the same time share one query in any case
    #[arg(long, env = "BOOKING_CACHE", default_value = "0", value_parser = parse_cache)]
    pub cache: Duration,

    /// The roles that requests run as
    #[command(flatten)]
    pub roles: Roles,

    /// Signing in
    #[command(flatten)]
    pub auth: Settings,

    /// Serve /metrics beside everything else: to whoever gets at it. Better: --metrics-listen
    #[arg(long, env = "BOOKING_METRICS")]
    pub metrics: bool,

    /// An address of its own for /metrics, such as 127.0.0.1:9187: nothing else is served there, and no limit holds
    #[arg(long, env = "BOOKING_METRICS_LISTEN")]
    pub metrics_listen: Option<String>,

    /// Where traces go: the OTLP/HTTP endpoint of a collector, such as http://localhost:4318; without it, nothing is traced
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true)]
    pub otlp_endpoint: Option<String>,

    /// What this process is called in traces
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "booking-facade")]
    pub service_name: String,

    /// Which share of requests is traced, 0 to 1; one that continues a trace goes the way of that trace
    #[arg(long, env = "BOOKING_TRACE_RATIO", default_value = "1", value_parser = parse_ratio)]
    pub trace_ratio: f64,

    /// Live views
    #[command(flatten)]
    pub live: Live,

    /// How log lines look; they go to standard error
    #[arg(long, env = "BOOKING_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,

    /// What is logged: a level (error, warn, info, debug, trace), or levels by module as in `info,booking_facade=debug`
    #[arg(long, env = "BOOKING_LOG", default_value = "info")]
    pub log: String,

    /// Write the client's address into its line of the log; without it, no address is in any log
    #[arg(long, env = "BOOKING_LOG_ADDRESSES")]
    pub log_addresses: bool,
}

impl Config {
    /// Refuses what each setting allows by itself, and two of them do not.
    pub fn check(&self) -> Result<(), String> {
        let (viewers, connections) = (self.live.max_viewers, self.connections.max_connections);
        if viewers >= connections {
            return Err(format!(
                "--max-viewers {viewers} leaves nobody else a connection: set it below --max-connections {connections}, or raise \
                 that"
            ));
        }
        Ok(())
    }
}

/// The roles that the facade takes on, as `booking.grant_access` knows them. Its login is a member of each, and of nothing else.
#[derive(Args, Clone, Debug)]
pub struct Roles {
    /// What visitors' requests run as; without it, the login itself
    #[arg(long = "public-role", env = "BOOKING_PUBLIC_ROLE", id = "public-role")]
    pub public: Option<String>,

    /// What signed-in requests run as
    #[arg(
        long = "member-role",
        env = "BOOKING_MEMBER_ROLE",
        id = "member-role",
        default_value = "authenticated"
    )]
    pub member: String,

    /// What requests with a service token run as
    #[arg(
        long = "service-role",
        env = "BOOKING_SERVICE_ROLE",
        id = "service-role",
        default_value = "service_role"
    )]
    pub service: String,
}

/// How `GET .../events` is served.
#[derive(Args, Clone, Debug)]
pub struct Live {
    /// Viewers at most, fewer than --max-connections, of which each takes one; whoever comes then is told to come back (503)
    #[arg(long, env = "BOOKING_MAX_VIEWERS", default_value = "800", value_parser = parse_count)]
    pub max_viewers: usize,

    /// Viewers of one address at most, fewer than --max-address-connections; whoever is one too many is told to come back (429)
    #[arg(long, env = "BOOKING_MAX_ADDRESS_VIEWERS", default_value = "80", value_parser = parse_count)]
    pub max_address_viewers: usize,

    /// How often changes are read while somebody looks
    #[arg(long = "live-interval", env = "BOOKING_LIVE_INTERVAL", default_value = "250ms", value_parser = parse_duration)]
    pub interval: Duration,

    /// How often viewers of a quiet service get a sign of life
    #[arg(long = "live-keep-alive", env = "BOOKING_LIVE_KEEP_ALIVE", default_value = "15s", value_parser = parse_duration)]
    pub keep_alive: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

pub(crate) fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number above zero is wanted".into()),
        Ok(count) => Ok(count),
    }
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("a number from 0 to 1 is wanted".into()),
    }
}

/// A whole number with a unit of PostgreSQL's settings. Without a unit is refused: `10` would be 10 ms to one reader
/// and 10 s to another. Zero is refused too: to PostgreSQL it means no limit at all.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        _ => 0,
    };
    match number.parse::<u32>() {
        // PostgreSQL keeps its timeouts in an int4 of milliseconds.
        Ok(number) if (1..=i32::MAX as u64).contains(&(u64::from(number) * millis)) => {
            Ok(Duration::from_millis(u64::from(number) * millis))
        }
        _ => Err("a number with one of the units ms, s, min is wanted, such as 5s".into()),
    }
}

/// A calendar that is older than what `Cache-Control` allows a browser would be nobody's.
fn parse_cache(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    match parse_duration(text)? {
        kept if kept <= Duration::from_secs(5) => Ok(kept),
        _ => Err("at most 5s are kept".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Config {
        let program = ["booking-facade"].iter().chain(arguments);
        match Cli::try_parse_from(program).unwrap().command() {
            Command::Serve(config) => config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn serve_is_what_happens_without_a_subcommand() {
        assert_eq!(parse(&["--pool-size=3"]).pool_size, 3);
        assert_eq!(parse(&["serve", "--pool-size=4"]).pool_size, 4);
        assert_eq!(parse(&[]).listen, "127.0.0.1:8080");
    }

    #[test]
    fn durations_need_a_unit_and_a_value() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_duration("2 min"), Ok(Duration::from_secs(120)));
        for wrong in [
            "",
            "5",
            "0s",
            "s",
            "-1s",
            "5h",
            "1.5s",
            "99999999999s",
            "3000000s",
        ] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_is_kept_for_moments() {
        assert_eq!(parse(&[]).cache, Duration::ZERO);
        assert_eq!(parse(&["--cache=0"]).cache, Duration::ZERO);
        assert_eq!(parse(&["--cache=500ms"]).cache, Duration::from_millis(500));
        for wrong in ["--cache=5", "--cache=6s", "--cache=-1s", "--cache=0s"] {
            assert!(
                Cli::try_parse_from(["booking-facade", wrong]).is_err(),
                "{wrong}"
            );
        }
    }

    #[tokio::test]
    async fn viewers_leave_connections_to_others() {
        for flags in [
            ["--max-viewers=2000", "--max-connections=1000"],
            ["--max-viewers=1000", "--max-connections=1000"],
            ["--max-viewers=800", "--max-connections=500"],
        ] {
            let refused = crate::serve::run(&parse(&flags)).await.unwrap_err();
            let said = refused.to_string();
            assert!(said.starts_with("--max-viewers "), "{said}");
            assert!(said.contains("--max-connections "), "{said}");
        }
        assert_eq!(parse(&[]).check(), Ok(()));
        assert_eq!(parse(&["--max-viewers=999"]).check(), Ok(()));
    }

    #[test]
    fn nothing_may_be_zero() {
        for flag in ["--pool-size=0", "--body-limit=0", "--request-timeout=0s"] {
            assert!(
                Cli::try_parse_from(["booking-facade", flag]).is_err(),
                "{flag}"
            );
        }
    }
}
