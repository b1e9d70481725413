//! Who signed a bearer token, and what its claims are. What they are worth is the engine's to say: [`crate::caller`] hands
//! them on.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

use crate::config::Config;
use crate::problem::Problem;

/// The claims of a token that was signed by whom it must be, and is in time.
pub type Claims = Map<String, Value>;

/// The keys that tokens may be signed with.
pub struct Auth {
    secret: Option<DecodingKey>,
}

impl Auth {
    /// Fails on keys that are none.
    pub fn new(config: &Config) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            secret: config
                .jwt_secret
                .as_ref()
                .map(|secret| DecodingKey::from_secret(secret.as_bytes())),
        })
    }

    /// The claims of a token; 401 for one that is worth nothing.
    pub async fn claims(&self, token: &str) -> Result<Claims, Problem> {
        let Some(key) = &self.secret else {
            return Err(Problem::unauthorized("no token is accepted here"));
        };
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_aud = false;
        decode::<Claims>(token, key, &validation)
            .map(|token| token.claims)
            .map_err(|_| Problem::unauthorized("the token is not valid"))
    }
}
