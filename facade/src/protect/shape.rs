//! Requests that HTTP allows, or hyper lets pass, and that nobody sends in good faith. What hyper refuses by itself (two
//! lengths, headers without end, spaces before a colon) never comes here; after a length beside chunks it ends the connection.

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::state::AppState;

/// The longest address, in bytes: no slot id, cursor or token comes near.
const ADDRESS: usize = 8 * 1024;

/// Lets well-formed requests through.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match problem(&request, state.body_limit) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn problem(request: &Request, body_limit: usize) -> Option<Problem> {
    let headers = request.headers();
    let address = request.uri().path_and_query();
    if address.is_some_and(|address| address.as_str().len() > ADDRESS) {
        Some(Problem::new(
            StatusCode::URI_TOO_LONG,
            "the address is too long",
        ))
    } else if !has_host(request.version(), headers) {
        Some(Problem::bad_request("one header Host is wanted"))
    } else if length(headers).is_some_and(|length| length > body_limit as u64) {
        Some(Problem::bare(StatusCode::PAYLOAD_TOO_LARGE))
    } else if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        Some(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must not be compressed",
        ))
    } else {
        None
    }
}

/// HTTP/2 has it in the address, HTTP/1.0 need not have it.
fn has_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version != Version::HTTP_11,
        (Some(host), None) => Authority::try_from(host.as_bytes())
            .is_ok_and(|authority| !authority.as_str().contains('@')),
        _ => false,
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
