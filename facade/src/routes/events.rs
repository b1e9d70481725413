//! What changes of a service, as it changes.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::IntoResponse;
use utoipa::ToSchema;

use super::OfService;
use crate::client::Client;
use crate::extract::Path;
use crate::live::Watch;
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// Nobody on the way may keep it, or wait until there is more of it.
const STREAM: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
    (
        CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-transform"),
    ),
    (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    ),
];

/// One event of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "events are text; this describes them")]
pub struct ServiceEvent {
    /// `slots`, `held` or `reset`
    event: String,
    /// Where a stream goes on that was cut
    id: Option<String>,
    /// An object in JSON
    data: String,
}

/// What changes of a service
///
/// A stream of server-sent events, for `EventSource`. Open it, then read the calendar; from then on:
///
/// - `slots` `{resource_id, from, to}`: starts with `from <= starts_at < to` may have come or gone (both null: any), of one
///   resource or (null) of any. Ask for these again.
/// - `held` `{all, added, renewed, gone}`, each a list of `{resource_id, starts_at, ends_at, expires_at, count}`: what visitors
///   hold, with buffers. The first one has `all: true` and replaces what was held before.
/// - `reset` `{}`: what happened meanwhile is not known any more. Read everything again.
///
/// With `Last-Event-ID`, which `EventSource` sends by itself, a stream goes on where it was cut, at any server: events may come
/// twice, none is left out.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/services/{service}/events",
    operation_id = "events",
    tag = "calendar",
    params(OfService, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that arrived")),
    responses((status = 200, description = "Events", content_type = "text/event-stream", body = ServiceEvent), Problems),
    security((), ("bearer" = []))
)]
pub async fn stream(
    State(state): State<AppState>,
    Path(OfService { tenant, service }): Path<OfService>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let viewer = state
        .live
        .join(
            client.map(|Extension(client)| client),
            Watch { tenant, service },
            last_event_id(&headers),
        )
        .await?;
    Ok((STREAM, Body::from_stream(viewer.frames())))
}

/// An id that no server ever gave is one of an epoch that nobody knows: it is told to begin again.
fn last_event_id(headers: &HeaderMap) -> Option<String> {
    const UNKNOWN: &str = "unknown";
    let value = headers.get("last-event-id")?;
    match value.to_str() {
        Ok("") => None,
        Ok(id) if id.len() <= 64 => Some(id.to_owned()),
        _ => Some(UNKNOWN.to_owned()),
    }
}
