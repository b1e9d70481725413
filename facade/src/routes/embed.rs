//! The calendar that a site shows in a frame: static files, which ask the public routes. Who may show it in a frame is the
//! tenant's to say, as is who may ask across origins. What it is made of: `facade/embed`.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::OfService;
use crate::caller::Caller;
use crate::extract::Path;
use crate::problem::Problem;
use crate::protect::cors::Whose;
use crate::state::AppState;

const SHUT: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A site's own pages load this script.
const FOR_ALL: [(HeaderName, HeaderValue); 1] = [(
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
)];
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The page, its files, and the script for a site's own pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/embed/{tenant}/{service}", get(page))
        .route("/embed.js", get(script))
        .route("/assets/embed/{file}", get(asset))
}

/// `GET /embed/{tenant}/{service}`: the same for all; its script finds out whether there is such a service.
async fn page(
    State(state): State<AppState>,
    caller: Caller,
    Path(OfService { tenant, .. }): Path<OfService>,
) -> impl IntoResponse {
    let origins = state
        .origins
        .of(&state, caller.client, Whose::Tenant(tenant))
        .await;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self' {}",
        origins.join(" ")
    );
    // Origins have been checked when they were written, but for what no header can hold.
    let policy = HeaderValue::try_from(policy).unwrap_or(SHUT);
    // By nobody on the way: where the origins could not be known just now, others would be shut out as well.
    let kept = HeaderValue::from_static("private, max-age=60");
    let page = file(HTML, include_str!("../../embed/calendar.html"));
    (
        [(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, kept)],
        page.await,
    )
}

/// `GET /embed.js`
async fn script() -> impl IntoResponse {
    (
        FOR_ALL,
        file(SCRIPT, include_str!("../../embed/embed.js")).await,
    )
}

/// `GET /assets/embed/{file}`
async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, text) = match name.as_str() {
        "calendar.js" => (SCRIPT, include_str!("../../embed/calendar.js")),
        "api.js" => (SCRIPT, include_str!("../../embed/api.js")),
        "month.js" => (SCRIPT, include_str!("../../embed/month.js")),
        "calendar.css" => (STYLE, include_str!("../../embed/calendar.css")),
        _ => return Err(Problem::not_found()),
    };
    Ok(file(kind, text).await.into_response())
}

/// Kept for a minute: a new release is seen soon after it is there.
async fn file(
    kind: &'static str,
    text: &'static str,
) -> ([(HeaderName, HeaderValue); 2], &'static str) {
    let kept = HeaderValue::from_static("public, max-age=60");
    (
        [
            (CONTENT_TYPE, HeaderValue::from_static(kind)),
            (CACHE_CONTROL, kept),
        ],
        text,
    )
}
