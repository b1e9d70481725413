//! The routes, one file for each group of handlers: query or body struct, response struct, handler.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName, VARY};
use axum::routing::{delete, get, post};

use crate::state::AppState;

/// Bookings, from a hold or direct.
pub mod bookings;
/// Whether the process lives and can work.
pub mod health;
/// Holds: taken and let go.
pub mod holds;
/// What can be booked.
pub mod services;
/// When it can be booked.
pub mod slots;

/// Every address and what answers there.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/v1/{tenant}/services", get(services::list))
        .route("/v1/{tenant}/services/{service}/slots", get(slots::list))
        .route("/v1/{tenant}/holds", post(holds::create))
        .route("/v1/{tenant}/holds/{id}", delete(holds::release))
        .route("/v1/{tenant}/bookings", post(bookings::create))
}

/// Headers of an answer that is for one visitor or was true only once.
pub(crate) const PRIVATE: [(HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];

/// Headers of an answer that is the same for everybody without a session, for a moment.
pub(crate) const SHARED: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("max-age=5")),
    (VARY, HeaderValue::from_static("booking-session")),
];
