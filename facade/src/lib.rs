//! The public HTTP face of pg_booking: one route = parse, one SQL function call, map.
//!
//! Reading order: [`routes`] is what a client sees, [`db`] is how the one call is made,
//! [`problem`], [`refusal`] and [`sqlstate`] are how it fails. No rule about booking lives here.

use axum::Router;

/// Who signed a bearer token, and what its claims are.
pub mod auth;
/// What a calendar reads: once for all who ask, and once for each who has it.
pub mod cache;
/// Who is asking: what the request's transaction runs as.
pub mod caller;
/// Where a request comes from.
pub mod client;
/// Flags and environment variables, one struct.
pub mod config;
/// What surrounds every request: its id, its log line, its time limit, its problem body.
pub mod context;
/// Whole numbers from one on.
pub mod count;
/// Where a page ended.
pub mod cursor;
/// The pool, and one SQL call as one transaction in one round trip.
pub mod db;
/// What `booking.doctor()` says, on a terminal.
pub mod doctor;
/// JSON bodies, queries, paths and the session header, with rejections as problems.
pub mod extract;
/// A booking as a file for calendars.
pub mod ics;
/// Points in time in RFC 3339.
pub mod instant;
/// Live views: one reader, any number of viewers.
pub mod live;
/// The log: text or JSON lines.
pub mod logging;
/// What is counted and timed.
pub mod meter;
/// The description of the routes, in OpenAPI 3.1.
pub mod openapi;
/// RFC 9457 problem details, the one form of every error.
pub mod problem;
/// What stands between the network and the handlers.
pub mod protect;
/// What a refusal of the engine (`BKnnn`) is called in HTTP.
pub mod refusal;
/// The routes, one file for each group of handlers.
pub mod routes;
/// `/metrics`, and the address that it may have for itself.
pub mod scrape;
/// Values that no log may show.
pub mod secret;
/// The listener and the graceful end.
pub mod serve;
/// What an error of PostgreSQL is called in HTTP.
pub mod sqlstate;
/// What the handlers share.
pub mod state;
/// What a request did, for its line in the log.
pub mod tally;
/// The provider of cryptography for TLS, and TLS to the database.
pub mod tls;
/// Traces for a collector of OpenTelemetry.
pub mod trace;
/// Callers that hang up.
mod unanswered;

/// All routes, with everything that surrounds them.
pub fn app(state: state::AppState) -> Router {
    let body_limit = state.body_limit;
    let (routes, api) = openapi::split(routes::router(&state));
    let routes = routes
        .merge(openapi::router(&api))
        .merge(routes::embed::router())
        .merge(scrape::router(state.metrics))
        .with_state(state.clone());
    let routes = protect::inside(routes, &state);
    let routes = context::surround(routes, state.clone());
    protect::outside(routes, &state).layer(axum::extract::DefaultBodyLimit::max(body_limit))
}
