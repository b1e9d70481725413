//! Which library a session has loaded: one that was replaced meanwhile stays until the session ends.
use pgrx::pg_extern;

#[pg_extern]
fn library_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
