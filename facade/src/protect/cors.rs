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

/// What the tenants said lately.
#[derive(Clone)]
pub struct Origins(Cache<String, Arc<[String]>>);

impl Default for Origins {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(TENANTS).time_to_live(KEPT);
        Self(cache.build())
    }
}

impl Origins {
    /// The origins whose pages may call a tenant; none where that cannot be known now. Concurrent questions about one tenant
    /// ask the database once, and an address that makes up tenants is not answered for ever.
    pub async fn of(
        &self,
        state: &AppState,
        client: Option<Client>,
        tenant: String,
    ) -> Arc<[String]> {
        match self.0.get(&tenant).await {
            Some(origins) => origins,
            None if !is_name(&tenant) || !state.limits.may_look_up(client) => Arc::default(),
            None => {
                let look_up = look_up(state, &tenant);
                let looked_up = self.0.try_get_with_by_ref(&tenant, look_up).await;
                looked_up.unwrap_or_default()
            }
        }
    }

    /// Whether pages of this origin may call this tenant.
    async fn allow(
        &self,
        state: &AppState,
        client: Option<Client>,
        tenant: String,
        origin: &str,
    ) -> bool {
        self.of(state, client, tenant)
            .await
            .iter()
            .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }
}

async fn look_up(state: &AppState, tenant: &str) -> Result<Arc<[String]>, Problem> {
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
        let tenant = tenant(&parts.uri);
        let client = parts.extensions.get().copied();
        async move {
            match (tenant, origin.to_str()) {
                (Some(tenant), Ok(origin)) => {
                    state.origins.allow(&state, client, tenant, origin).await
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

/// Whose address it is: the tenant's in the path, or, below `/api/`, the one that the query names. Slugs and ids have nothing
/// in them that would be written otherwise in an address; what is no such name is nobody's.
fn tenant(uri: &Uri) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        tenant_id: String,
    }
    let mut segments = uri.path().split('/').skip(1);
    let name = match (segments.next()?, segments.next()?) {
        ("v1", tenant) => tenant.to_owned(),
        ("api", _) => Query::<Named>::try_from_uri(uri).ok()?.0.tenant_id,
        _ => return None,
    };
    is_name(&name).then_some(name)
}

/// Whether a tenant may be called so: what may not is not looked up, nor remembered.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_in_the_address() {
        let of = |address: &'static str| tenant(&Uri::from_static(address));
        assert_eq!(of("/v1/acme/services").as_deref(), Some("acme"));
        assert_eq!(of("/v1/acme").as_deref(), Some("acme"));
        assert_eq!(of("http://x/v1/acme/holds?a=b").as_deref(), Some("acme"));
        let asked = of("/api/booking/get-available-slots?a=b&tenant_id=acme");
        assert_eq!(asked.as_deref(), Some("acme"));
        for none in [
            "/",
            "/healthz",
            "/v1",
            "/v1/",
            "/v1//services",
            "/v1/%61cme/services",
            "/v1/../services",
            "/v2/acme/services",
            "/api/booking/reserve-slot",
            "/docs/acme",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
