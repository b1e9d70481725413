//! Who signed a bearer token, and what its claims are. What they are worth is the engine's to say: [`crate::caller`] hands
//! them on. Reading order: [`token`] is what a token looks like, [`rules`] is what its claims must be, [`jwks`] and [`issuer`]
//! are where public keys come from, [`refused`] is what is told to whoever has a token that is worth nothing.

use jsonwebtoken::{Algorithm, DecodingKey};

use self::issuer::Issuer;
use self::opaque::ServiceKey;
use self::refused::Refused;
use self::rules::Rules;
use crate::problem::Problem;

/// Where public keys come from, and how they stay known.
mod issuer;
/// A set of public keys.
mod jwks;
/// The key of the site's own that is no token.
mod opaque;
/// Why a token is worth nothing.
mod refused;
/// What claims must be.
mod rules;
/// The secret of HS256.
mod secret;
/// Flags and environment variables.
pub mod settings;
/// An address or a file with public keys.
mod source;
/// What a token looks like.
mod token;

pub use rules::Claims;
pub use settings::Settings;

/// The keys that tokens may be signed with, and what else must be true of one.
pub struct Auth {
    secret: Option<DecodingKey>,
    issuer: Option<Issuer>,
    service_key: Option<ServiceKey>,
    rules: Rules,
}

impl Auth {
    /// Fails on keys that are none, and says what to do. An issuer that is away is no such thing. In a runtime only: it
    /// starts the task that keeps the issuer's keys.
    pub fn new(settings: &Settings) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            secret: settings
                .jwt_secret
                .as_deref()
                .map(secret::key)
                .transpose()?,
            issuer: Issuer::new(settings)?,
            service_key: settings
                .service_key
                .as_deref()
                .map(ServiceKey::new)
                .transpose()?,
            rules: Rules::new(settings),
        })
    }

    /// Whether it is the site's own key.
    pub fn is_service_key(&self, token: &str) -> bool {
        self.service_key.as_ref().is_some_and(|key| key.is(token))
    }

    /// The claims of a token that was signed by whom it must be, and is in time; 401 for one that is worth nothing, 503
    /// while that cannot be known.
    pub async fn claims(&self, token: &str) -> Result<Claims, Problem> {
        Ok(self.judge(token).await?)
    }

    /// The algorithm decides whose key it is, so that a public key can never be taken for a secret.
    async fn judge(&self, token: &str) -> Result<Claims, Refused> {
        let header = token::header(token)?;
        let with_secret = header.alg == Algorithm::HS256;
        let claims = match (with_secret, &self.secret, &self.issuer) {
            (true, Some(secret), _) => self.rules.verified(token, secret, header.alg)?,
            (false, _, Some(issuer)) => {
                let key = issuer.key(header.kid.as_deref(), header.alg).await?;
                self.rules.verified(token, &key, header.alg)?
            }
            (_, None, None) => return Err(Refused::NoneAccepted),
            _ => return Err(Refused::Algorithm),
        };
        self.rules.check(&claims, with_secret)?;
        Ok(claims)
    }
}

#[cfg(test)]
mod tests;
