//! The routes, one file for each group of handlers: query or body struct, response struct, handler.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::routing::get;

use crate::state::AppState;

/// Whether the process lives and can work.
pub mod health;

/// Every address and what answers there.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
}

/// Headers of an answer that is for one visitor or was true only once.
pub(crate) const PRIVATE: [(HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
