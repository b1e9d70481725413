//! Who is asking: a visitor, somebody who has signed in, or the site's own service. It decides the role and the claims that
//! the request's transaction runs with, and nothing else: what they may do is the engine's to say.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::Value;

use crate::auth::Claims;
use crate::client::Client;
use crate::config::Roles;
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

impl AsRef<Self> for Caller {
    fn as_ref(&self) -> &Self {
        self
    }
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
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => {
            return Err(Problem::invalid_token(
                "there is more than one Authorization",
            ));
        }
    };
    let Ok(value) = value.to_str() else {
        return Err(Problem::invalid_token("the token is not plain ASCII"));
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(Secret(token.trim().to_owned())))
        }
        _ => Err(Problem::unauthorized("Authorization: Bearer is wanted")),
    }
}

/// The key of the site's own, or a token.
async fn who(state: &AppState, token: &str) -> Result<Who, Problem> {
    if state.auth.is_service_key(token) {
        return Ok(Who::Service);
    }
    let claims = state.auth.claims(token).await?;
    named_by(claims, &state.roles)
}

/// Whom claims name. Their `role` tells visitors, as Supabase's anonymous key is, and the service apart from those who have
/// signed in; it is compared and goes nowhere: the roles that are taken on are those of the configuration. The role of
/// visitors counts for less than a `sub` beside it, since whoever made that token meant it to be worth little.
fn named_by(claims: Claims, roles: &Roles) -> Result<Who, Problem> {
    match claims.get("role").and_then(Value::as_str) {
        Some(role) if role == roles.service => Ok(Who::Service),
        Some(role) if Some(role) == roles.public.as_deref() => Ok(Who::Visitor),
        _ if claims.get("sub").is_some_and(Value::is_string) => {
            Ok(Who::SignedIn(Secret(Value::Object(claims).to_string())))
        }
        _ => Err(Problem::invalid_token("the token names nobody (sub)")),
    }
}

/// Whoever has signed in, and the service: 401 for visitors.
pub struct SignedIn(pub Caller);

impl AsRef<Caller> for SignedIn {
    fn as_ref(&self) -> &Caller {
        &self.0
    }
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn roles() -> Roles {
        Roles {
            public: Some("anon".into()),
            member: "authenticated".into(),
            service: "service_role".into(),
        }
    }

    fn named(claims: Value) -> Option<Who> {
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        named_by(claims, &roles()).ok()
    }

    #[test]
    fn the_role_tells_visitors_and_the_service_apart_and_the_sub_is_everybody_else() {
        assert_eq!(named(json!({"role": "anon"})), Some(Who::Visitor));
        assert_eq!(
            named(json!({"role": "anon", "sub": "ada"})),
            Some(Who::Visitor)
        );
        assert_eq!(named(json!({"role": "service_role"})), Some(Who::Service));
        assert_eq!(
            named(json!({"role": "service_role", "sub": "ada"})),
            Some(Who::Service)
        );
        for role in ["authenticated", "postgres", "owner", "", "SERVICE_ROLE"] {
            assert_eq!(named(json!({"role": role})), None, "{role}");
            assert!(
                matches!(
                    named(json!({"role": role, "sub": "ada"})),
                    Some(Who::SignedIn(_))
                ),
                "{role}"
            );
        }
        assert!(matches!(
            named(json!({"role": ["service_role"], "sub": "ada"})),
            Some(Who::SignedIn(_))
        ));
        assert_eq!(named(json!({})), None);
    }

    proptest! {
        #[test]
        fn no_header_makes_anybody_of_a_visitor(value in proptest::collection::vec(32u8..=255, 0..200)) {
            let value = value.into_iter().filter(|byte| *byte != 127).collect::<Vec<_>>();
            let request = axum::http::Request::builder().header(AUTHORIZATION, value.as_slice());
            let (parts, ()) = request.body(()).unwrap().into_parts();
            match bearer(&parts) {
                Ok(Some(Secret(token))) => prop_assert!(value[..7].eq_ignore_ascii_case(b"bearer ") && token.is_ascii()),
                Ok(None) => prop_assert!(false, "a header that is there is not passed over"),
                Err(problem) => prop_assert_eq!(problem.status.as_u16(), 401),
            }
        }
    }
}
