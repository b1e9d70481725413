//! How signing in is set up.

use std::time::Duration;

use clap::Args;

use crate::config::parse_duration;

/// Signing in: `Authorization: Bearer` with a JWT, or with the service key. Without any of these, everybody is a visitor.
///
/// A token's `sub` says who it is; what they may is in the table booking.member, never in a claim, but for the service: with the
/// name of `--service-role` as its `role` a token is the site's own and may everything, also with a `sub`, as Supabase's
/// service_role key is. With the name of `--public-role` it is a visitor's, as Supabase's anon key is, whatever else it
/// says. Any other role is that of somebody who has signed in, who needs a `sub`, and runs as `--member-role`.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Signing in")]
pub struct Settings {
    /// The secret that HS256 tokens are signed with: at least 32 bytes as they are, or in base64 after `base64:`
    #[arg(long, env = "BOOKING_JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,

    /// Where the issuer publishes its keys (JWKS) for RS256, ES256, EdDSA and the like: an http(s) address, or a file. They
    /// are read again now and then, and when a token names a key that is not known; while the issuer is away those known
    /// count, and a set without a key that can be used withdraws them all
    #[arg(long, env = "BOOKING_JWKS_URL")]
    pub jwks_url: Option<String>,

    /// After how long the issuer's keys are read again
    #[arg(long, env = "BOOKING_JWKS_REFRESH", default_value = "10min", value_parser = parse_duration)]
    pub jwks_refresh: Duration,

    /// How long the issuer is left alone in any case, whatever keys tokens name
    #[arg(long, env = "BOOKING_JWKS_PAUSE", default_value = "5s", value_parser = parse_duration)]
    pub jwks_pause: Duration,

    /// Whom tokens must be made for (aud): any one of these, separated by commas. Without it, anybody. Keys without `sub`
    /// that the secret has signed, as Supabase's are, need neither this nor the issuer
    #[arg(long, env = "BOOKING_JWT_AUDIENCE", value_delimiter = ',')]
    pub jwt_audience: Vec<String>,

    /// Who must have made tokens (iss): any one of these, separated by commas. Without it, whoever has the key
    #[arg(long, env = "BOOKING_JWT_ISSUER", value_delimiter = ',')]
    pub jwt_issuer: Vec<String>,

    /// By how much the clock of the issuer may be off, at most 5min
    #[arg(long, env = "BOOKING_JWT_LEEWAY", default_value = "30s", value_parser = parse_leeway)]
    pub jwt_leeway: Duration,

    /// A key that makes a request the service's, at least 32 characters: for jobs and servers of the site's own. Never for
    /// a browser
    #[arg(long, env = "BOOKING_SERVICE_KEY", hide_env_values = true)]
    pub service_key: Option<String>,
}

/// More than five minutes is no clock but a mistake.
fn parse_leeway(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        long if long > Duration::from_secs(300) => Err("at most 5min is wanted".into()),
        leeway => Ok(leeway),
    }
}
