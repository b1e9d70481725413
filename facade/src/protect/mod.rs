//! What stands between the network and the handlers. [`shares`] bounds what one address has at a time,
//! [`pace`] ends connections that dawdle; [`proxies`] says where a request
//! comes from, and [`limits`] how many of them there may be; [`shape`] refuses what no client of ours sends; [`cors`] and
//! [`headers`] tell browsers what other sites may do.

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::state::AppState;

/// Which pages of other sites may call.
pub mod cors;
/// Headers that tell browsers what not to do with an answer.
pub mod headers;
/// How many requests a minute, by scope and by whoever asks.
pub mod limits;
/// Connections that send and read at a bearable pace, or end.
pub mod pace;
/// Where a request comes from.
pub mod proxies;
/// The flags of all this.
pub mod settings;
/// Requests that nobody sends in good faith.
pub mod shape;
/// How many of something each address has.
pub mod shares;

/// The routes behind what refuses requests, the last one outermost: a page may read the refusal, too.
pub fn inside(routes: Router, state: &AppState) -> Router {
    routes
        .layer(from_fn_with_state(state.clone(), shape::check))
        .layer(cors::layer(state))
}

/// What comes before everything else, and after it.
pub fn outside(routes: Router, state: &AppState) -> Router {
    routes
        .layer(from_fn_with_state(state.clone(), headers::add))
        .layer(from_fn_with_state(state.clone(), proxies::locate))
}
