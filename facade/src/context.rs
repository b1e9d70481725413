//! What surrounds every request: its id, its log line, its time limit, its problem body.
//! The log gets the route as it was declared, never the address: addresses may carry what is secret.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument, error, info, info_span, warn};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The router with its surroundings, the last one outermost.
pub fn surround(router: Router, state: AppState) -> Router {
    router
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn_with_state(state, limit_time))
        .layer(from_fn(observe))
}

async fn limit_time(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            warn!("the request took too long");
            Problem::unavailable(1).into_response()
        }
    }
}

fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or(panic.downcast_ref::<String>().map(String::as_str));
    error!(message, "a handler panicked");
    Problem::internal().into_response()
}

async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let span = info_span!("request", request_id = %id, method = %request.method(), route);

    let mut response = next.run(request).instrument(span.clone()).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        response = with_problem(response, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let elapsed_us = started.elapsed().as_micros() as u64;
    span.in_scope(|| info!(status = response.status().as_u16(), elapsed_us, "served"));
    response
}

/// The caller's id if it is a plain word of reasonable length (it goes into the log), else a new one.
fn request_id(request: &Request) -> String {
    request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            (1..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        })
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// What is wrong, and the id that finds it in the log.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    #[serde(flatten)]
    problem: Problem,
    /// As in the header `X-Request-Id`.
    request_id: &'a str,
}

/// Keeps the headers (405 has `Allow`) and replaces the body.
fn with_problem(mut response: Response, request_id: &str) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => Problem::bare(response.status()),
    };
    let retry_after = problem.retry_after;
    let (mut parts, _) = response.into_parts();
    let body = serde_json::to_vec(&ProblemBody {
        problem,
        request_id,
    })
    .unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if parts.status == StatusCode::UNAUTHORIZED {
        parts
            .headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = retry_after {
        parts.headers.insert(RETRY_AFTER, seconds.into());
    }
    Response::from_parts(parts, body.into())
}
