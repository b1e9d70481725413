//! What the claims of a token must be: in time, for us, from whom it must be, and such that PostgreSQL can read them.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

use super::refused::Refused;
use super::settings::Settings;

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// As OpenID Connect has it. An index of PostgreSQL would end at 2,700.
const LONGEST_SUBJECT: usize = 255;

/// What is set up.
pub(super) struct Rules {
    audience: Vec<String>,
    issuer: Vec<String>,
    leeway: u64,
}

impl Rules {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            audience: settings.jwt_audience.clone(),
            issuer: settings.jwt_issuer.clone(),
            leeway: settings.jwt_leeway.as_secs(),
        }
    }

    /// The claims, if the signature is that of the key by this algorithm, and their time has come and is not over.
    pub(super) fn verified(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Claims, Refused> {
        let validation = Validation {
            leeway: self.leeway,
            validate_nbf: true,
            // Here, see `check`: the library passes over one that is not there.
            validate_aud: false,
            ..Validation::new(algorithm)
        };
        Ok(decode::<Claims>(token, key, &validation)?.claims)
    }

    /// Everything else. A key of the site's own, made with its secret and for nobody in particular, needs neither audience nor
    /// issuer: Supabase's anon and service_role keys have no `aud`, and an `iss` that is not the issuer of its tokens.
    pub(super) fn check(&self, claims: &Claims, with_secret: bool) -> Result<(), Refused> {
        match claims.get("iat") {
            None | Some(Value::Null) => {}
            Some(issued) => match issued.as_f64() {
                Some(at) if at <= (now() + self.leeway) as f64 => {}
                Some(_) => return Err(Refused::IssuedLater),
                None => return Err(Refused::Times),
            },
        }
        match claims.get("sub") {
            None => {}
            Some(Value::String(sub)) if (1..=LONGEST_SUBJECT).contains(&sub.len()) => {}
            Some(_) => return Err(Refused::Subject),
        }
        if !(with_secret && claims.get("sub").is_none()) {
            if !self.audience.is_empty() && !names_one_of(claims.get("aud"), &self.audience) {
                return Err(Refused::Audience);
            }
            let issuer = claims.get("iss").and_then(Value::as_str);
            if !self.issuer.is_empty()
                && !issuer.is_some_and(|one| self.issuer.iter().any(|known| known == one))
            {
                return Err(Refused::Issuer);
            }
        }
        // `\u0000` is JSON, and not jsonb.
        if claims
            .iter()
            .any(|(name, value)| name.contains('\0') || has_zero(value))
        {
            return Err(Refused::Zero);
        }
        Ok(())
    }
}

/// A text or a list of texts.
fn names_one_of(audience: Option<&Value>, known: &[String]) -> bool {
    let is_known = |value: &Value| {
        value
            .as_str()
            .is_some_and(|one| known.iter().any(|k| k == one))
    };
    match audience {
        Some(Value::Array(several)) => several.iter().any(is_known),
        Some(one) => is_known(one),
        None => false,
    }
}

/// No deeper than the parser went: 128.
fn has_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_zero),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_zero(value)),
        _ => false,
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
