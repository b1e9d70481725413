//! Which pages of other sites may call: each tenant says it (`cors_origins` among its settings), and nobody by default. Nothing
//! here comes with cookies, so credentials are never allowed; tokens and sessions are headers that a page writes itself.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Query;
use axum::http::header::{ETAG, LINK, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use moka::future::Cache;
use serde::Deserialize;
use tokio_postgres::types::Type;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::caller::Caller;
use crate::client::Client;
use crate::problem::Problem;
use crate::state::AppState;

const ORIGINS: &str = "select booking_api.origins(tenant => $1)";

/// For how long a change of the setting may go unnoticed.
const KEPT: Duration = Duration::from_secs(10);
/// For how long a browser need not ask again what it may send.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(600);
/// The names of tenants, known or not, that are remembered at a time.
const TENANTS: u64 = 10_000;

/// Whose word it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// This tenant's.
    Tenant(String),
    /// That of any tenant: the address names none, the body may.
    Any,
}

/// What the tenants said lately.
#[derive(Clone)]
pub struct Origins(Cache<Whose, Arc<[String]>>);

impl Default for Origins {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(TENANTS).time_to_live(KEPT);
        Self(cache.build())
    }
}

impl Origins {
    /// The origins whose pages may call; none where that cannot be known now. Concurrent questions about one tenant
    /// ask the database once, and an address that makes up tenants is not answered for ever.
    pub async fn of(
        &self,
        state: &AppState,
        client: Option<Client>,
        whose: Whose,
    ) -> Arc<[String]> {
        match self.0.get(&whose).await {
            Some(origins) => origins,
            None if !whose.may_be() || !state.limits.may_look_up(client) => Arc::default(),
            None => {
                let look_up = look_up(state, &whose);
                let looked_up = self.0.try_get_with_by_ref(&whose, look_up).await;
                looked_up.unwrap_or_default()
            }
        }
    }

    /// Whether pages of this origin may call.
    async fn allow(
        &self,
        state: &AppState,
        client: Option<Client>,
        whose: Whose,
        origin: &str,
    ) -> bool {
        self.of(state, client, whose)
            .await
            .iter()
            .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }
}

async fn look_up(state: &AppState, whose: &Whose) -> Result<Arc<[String]>, Problem> {
    let tenant = match whose {
        Whose::Tenant(tenant) => Some(tenant),
        Whose::Any => None,
    };
    let rows = state
        .db
        .read(&Caller::ITSELF, ORIGINS, &[(&tenant, Type::TEXT)])
        .await?;
    let row = rows.first().ok_or_else(Problem::internal)?;
    Ok(row.try_get::<_, Vec<String>>(0)?.into())
}

/// The layer, which answers preflights by itself.
pub fn layer(state: &AppState) -> CorsLayer {
    let state = state.clone();
    let origin = AllowOrigin::async_predicate(move |origin: HeaderValue, parts: &_| {
        let parts: &axum::http::request::Parts = parts;
        let whose = Whose::of(&parts.uri);
        let client = parts.extensions.get().copied();
        async move {
            match (whose, origin.to_str()) {
                (Some(whose), Ok(origin)) => {
                    state.origins.allow(&state, client, whose, origin).await
                }
                _ => false,
            }
        }
    });
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            ETAG,
            LINK,
            LOCATION,
            RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(PREFLIGHT_KEPT)
}

impl Whose {
    /// Whose an address is: the tenant's in the path, or, below `/api/`, the one that the query names. Where that names none, the
    /// body does, which a preflight has not: there, a page that any tenant names may read the answer. What it may do is the
    /// token's and the session's to say. Slugs and ids have nothing in them that would be written otherwise in an address;
    /// what is no such name is nobody's.
    fn of(uri: &Uri) -> Option<Self> {
        #[derive(Deserialize)]
        struct Named {
            tenant_id: Option<String>,
        }
        let mut segments = uri.path().split('/').skip(1);
        let name = match (segments.next()?, segments.next()?) {
            ("v1", tenant) => Some(tenant.to_owned()),
            ("api", _) => Query::<Named>::try_from_uri(uri).ok()?.0.tenant_id,
            _ => return None,
        };
        let whose = name.map_or(Self::Any, Self::Tenant);
        whose.may_be().then_some(whose)
    }

    /// Whether a tenant may be called so: what may not is not looked up, nor remembered.
    fn may_be(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match self {
            Self::Tenant(name) => (1..=63).contains(&name.len()) && name.bytes().all(plain),
            Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_in_the_address() {
        let of = |address: &'static str| Whose::of(&Uri::from_static(address));
        for acme in [
            "/v1/acme/services",
            "/v1/acme",
            "http://x/v1/acme/holds?a=b",
            "/api/booking/get-available-slots?a=b&tenant_id=acme",
        ] {
            assert_eq!(of(acme), Some(Whose::Tenant("acme".into())), "{acme}");
        }
        for any in ["/api/booking/reserve-slot", "/api/booking/reserve-slot?a=b"] {
            assert_eq!(of(any), Some(Whose::Any), "{any}");
        }
        for none in [
            "/",
            "/healthz",
            "/v1",
            "/v1/",
            "/v1//services",
            "/v1/%61cme/services",
            "/v1/../services",
            "/v2/acme/services",
            "/api/booking/reserve-slot?tenant_id=",
            "/api/booking/reserve-slot?tenant_id=a&tenant_id=b",
            "/api",
            "/docs/acme",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
