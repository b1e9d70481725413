//! Who is asking: a visitor, somebody who has signed in, or the site's own service. It decides the role and the claims that
//! the request's transaction runs with, and nothing else: what they may do is the engine's to say.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::Value;

use crate::client::Client;
use crate::extract::header;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::state::AppState;
use crate::tally;

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the token said, if there was one.
    pub who: Who,
    /// Where the request came from, for quotas and the history.
    pub client: Option<Client>,
}

/// What a request's transaction runs as.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// Nobody in particular: the public role.
    Visitor,
    /// A member of a tenant, or a customer: the member role, with these claims.
    SignedIn(Secret<String>),
    /// The site itself: the service role.
    Service,
}

impl Who {
    /// What the log calls them.
    fn name(&self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::SignedIn(_) => "signed-in",
            Self::Service => "service",
        }
    }
}

impl Caller {
    /// The facade itself, as a visitor would see things.
    pub const ITSELF: Self = Self {
        who: Who::Visitor,
        client: None,
    };
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        // Whoever counted the request has verified its token.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let who = match bearer(parts)? {
            Some(token) => who(state, &token.0).await?,
            None => Who::Visitor,
        };
        let client = parts.extensions.get::<Client>().copied();
        tally::asked_by(who.name());
        Ok(Self { who, client })
    }
}

/// The token of the request, if it has one.
fn bearer(parts: &Parts) -> Result<Option<Secret<String>>, Problem> {
    let Some(Secret(value)) = header(&parts.headers, AUTHORIZATION.as_str())? else {
        return Ok(None);
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(Secret(token.trim().to_owned())))
        }
        _ => Err(Problem::unauthorized("Authorization: Bearer is wanted")),
    }
}

/// A key of the site's own, or a token: its `role` says whether it is a visitor's, as Supabase's anonymous key is, or the
/// service's.
async fn who(state: &AppState, token: &str) -> Result<Who, Problem> {
    let claims = state.auth.claims(token).await?;
    match claims.get("role").and_then(Value::as_str) {
        Some(role) if role == state.roles.service => Ok(Who::Service),
        Some(role) if Some(role) == state.roles.public.as_deref() => Ok(Who::Visitor),
        _ if claims.get("sub").is_some_and(Value::is_string) => {
            Ok(Who::SignedIn(Secret(Value::Object(claims).to_string())))
        }
        _ => Err(Problem::unauthorized("the token names nobody")),
    }
}

/// Whoever has signed in, and the service: 401 for visitors.
pub struct SignedIn(pub Caller);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match caller.who {
            Who::Visitor => Err(Problem::unauthorized(
                "a token is needed: Authorization: Bearer",
            )),
            _ => Ok(Self(caller)),
        }
    }
}

/// The service alone: 401 for visitors, 403 for everybody else.
pub struct Service(pub Caller);

impl FromRequestParts<AppState> for Service {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        match caller.who {
            Who::Service => Ok(Self(caller)),
            _ => Err(Problem::forbidden()),
        }
    }
}
