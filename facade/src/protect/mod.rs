//! What stands between the network and the handlers. [`pace`] ends connections that dawdle; [`proxies`] says where a request
//! comes from, and [`limits`] how many of them there may be.

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::state::AppState;

/// How many requests a minute, by scope and by whoever asks.
pub mod limits;
/// Connections that send and read at a bearable pace, or end.
pub mod pace;
/// Where a request comes from.
pub mod proxies;
/// The flags of all this.
pub mod settings;

/// The routes behind what protects them, the last one outermost.
pub fn protect(routes: Router, state: &AppState) -> Router {
    routes.layer(from_fn_with_state(state.clone(), proxies::locate))
}
