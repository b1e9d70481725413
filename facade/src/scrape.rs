//! `/metrics` in the text format of Prometheus. It tells how busy a site is, which is not for everybody: it is served at an
//! address of its own (`--metrics-listen`), or among the other routes if that was asked for (`--metrics`).

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_postgres::types::Type;
use tracing::info;

use crate::caller::{Caller, Who};
use crate::problem::Problem;
use crate::routes::PRIVATE;
use crate::state::AppState;

/// The holds that live, counted up to some number, so that a scrape costs no more on a site that has many.
const LIVE_HOLDS: &str = "select booking.count_live_holds($1)";
const COUNTED_AT_MOST: i32 = 100_000;

/// However often somebody scrapes, the database is asked this often.
const LIVE_HOLDS_EVERY: Duration = Duration::from_secs(15);
/// A scraper waits ten seconds at most; what the process itself knows shall not be lost with what the database knows.
const LIVE_HOLDS_WITHIN: Duration = Duration::from_secs(2);

/// When the database is to be asked again; `None`: never.
#[derive(Clone)]
struct Due(Arc<Mutex<Option<Instant>>>);

/// The route, if it is to stand among the others.
pub fn router(wanted: bool) -> Router<AppState> {
    if !wanted {
        return Router::new();
    }
    let due = Due(Arc::new(Mutex::new(Some(Instant::now()))));
    let handler = move |State(state): State<AppState>| metrics(state, due.clone());
    Router::new().route("/metrics", get(handler))
}

/// Serves `/metrics` and nothing else at an address of its own, until the process ends, and says which that is.
pub async fn listen(address: &str, state: AppState) -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen at {address}: {error}"))?;
    let address = listener.local_addr()?;
    info!(%address, "metrics");
    let app = router(true).with_state(state);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn metrics(state: AppState, due: Due) -> Result<impl IntoResponse, Problem> {
    state.meter.pool(&state.db.status());
    count_holds(&state, &due).await;
    match state.meter.render() {
        Some(text) => Ok((
            PRIVATE,
            [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            text,
        )),
        None => Err(Problem::not_found()),
    }
}

/// Asks for the live holds of all tenants, if it is time. A login that may not ask is not asked again.
async fn count_holds(state: &AppState, due: &Due) {
    // Of several scrapers one asks, the others do not wait for it.
    let Ok(mut due) = due.0.try_lock() else {
        return;
    };
    if due.is_none_or(|due| due > Instant::now()) {
        return;
    }
    let service = Caller {
        who: Who::Service,
        client: None,
    };
    let at_most: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 1] =
        [(&COUNTED_AT_MOST, Type::INT4)];
    let asked = state.db.read(&service, LIVE_HOLDS, &at_most);
    let answer = tokio::time::timeout(LIVE_HOLDS_WITHIN, asked).await;
    let refused = matches!(&answer, Ok(Err(problem)) if problem.is_ours());
    let count = match answer {
        Ok(Ok(rows)) => rows.first().and_then(|row| row.try_get(0).ok()),
        _ => None,
    };
    state.meter.live_holds(count);
    *due = match refused {
        true => {
            info!(
                "live holds are not counted: the login may not take on the service role, or the extension is older"
            );
            None
        }
        false => Some(Instant::now() + LIVE_HOLDS_EVERY),
    };
}
