//! What surrounds every request: its id, its log line, its time limit, its problem body.
//! The log gets the route as it was declared, never the address: addresses may carry what is secret.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument, error, info, info_span, warn};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::client::Client;
use crate::problem::Problem;
use crate::state::AppState;
use crate::tally::{self, Tally};
use crate::trace;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The router with its surroundings, the last one outermost.
pub fn surround(router: Router, state: AppState) -> Router {
    router
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn_with_state(state.clone(), limit_time))
        .layer(from_fn_with_state(state, observe))
}

async fn limit_time(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let safe = request.method().is_safe();
    match tokio::time::timeout(state.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) if tally::waits_for_body() => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body came too slowly; nothing was done",
        )
        .into_response(),
        Err(_) => {
            warn!("the request took too long");
            match safe {
                true => Problem::unavailable(1).into_response(),
                false => Problem::in_doubt(1).into_response(),
            }
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

async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let _busy = state.meter.request_begins();
    let id = request_id(&request);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let plain = request.uri().path().starts_with("/api/");
    let traced = trace::request(&request, &route);
    let span =
        info_span!("request", request_id = %id, %method, route, trace_id = trace::id(&traced));
    // Where requests come from is personal: only if the operator wants it.
    let address = request.extensions().get::<Client>().copied();
    let address = address.filter(|_| state.log_addresses);

    let tally = Arc::new(Tally::default());
    let mut response = tally
        .clone()
        .of(next.run(request))
        .instrument(span.clone())
        .instrument(traced.clone())
        .await;
    let code = response.extensions().get::<Problem>();
    let code = code.and_then(|problem| problem.code.clone());
    if response.status().is_client_error() || response.status().is_server_error() {
        response = with_problem(response, &id, plain);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, elapsed) = (response.status(), started.elapsed());
    state
        .meter
        .request(&route, &method, status, code.as_deref(), elapsed);
    trace::answered(&traced, status, code.as_deref());
    span.in_scope(|| {
        info!(
            status = status.as_u16(),
            code,
            caller = tally.caller(),
            address = address.map(|Client(address)| address.to_string()),
            elapsed_us = elapsed.as_micros() as u64,
            db_calls = tally.calls(),
            db_us = tally.called_us(),
            db_wait_us = tally.waited_us(),
            "served"
        );
    });
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

/// What is wrong, as clients of the routes below `/api/` read it.
#[derive(Serialize, ToSchema)]
pub struct Failure {
    /// Never true.
    success: bool,
    /// What is wrong, and what would help.
    message: String,
}

impl From<&Problem> for Failure {
    fn from(problem: &Problem) -> Self {
        let message = match &problem.hint {
            Some(hint) => format!("{}; {hint}", problem.detail),
            None => problem.detail.to_string(),
        };
        Self {
            success: false,
            message,
        }
    }
}

/// Keeps the headers (405 has `Allow`) and replaces the body: with a problem, or plainly.
fn with_problem(mut response: Response, request_id: &str, plain: bool) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => Problem::bare(response.status()),
    };
    let retry_after = problem.retry_after;
    let challenge = HeaderValue::from_str(&problem.challenge());
    let (mut parts, _) = response.into_parts();
    let (body, kind) = match plain {
        true => (
            serde_json::to_vec(&Failure::from(&problem)),
            "application/json",
        ),
        false => (
            serde_json::to_vec(&ProblemBody {
                problem,
                request_id,
            }),
            "application/problem+json",
        ),
    };
    let body = body.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let (StatusCode::UNAUTHORIZED, Ok(challenge)) = (parts.status, challenge) {
        parts.headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = retry_after {
        parts.headers.insert(RETRY_AFTER, seconds.into());
    }
    Response::from_parts(parts, body.into())
}
