//! Whether the process lives and can work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::PRIVATE;
use crate::cache::Answer;
use crate::caller::Caller;
use crate::context::ProblemBody;
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// How the process is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// The extension is there, and this role may call it: `grant_access` was not forgotten. All that answers the public runs as one
/// owner, of whom `OPEN` asks.
const READY: &str = "
    select exists (select from pg_catalog.pg_extension where extname = 'pg_booking') as installed,
           exists (select
                   from pg_catalog.pg_proc p
                       join pg_catalog.pg_namespace n on n.oid = p.pronamespace
                   where n.nspname = 'booking_api'
                     and p.proname = 'available_slots'
                     and pg_catalog.has_schema_privilege(n.oid, 'usage')
                     and pg_catalog.has_function_privilege(p.oid, 'execute')) as granted,
           (select count(distinct p.proowner) = 1
            from pg_catalog.pg_proc p
                join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'booking' and p.prosecdef and p.proname like 'public\\_%') as whole";

/// An open surface answers, and one that a restore left with another owner does not. No tenant has this name, which is no error
/// here: where all is well, a probe leaves nothing in the log of the server.
const OPEN: &str = "select booking_api.origins('')";

/// Whether the process lives
///
/// The process answers. It asks nobody.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "alive",
    tag = "operation",
    responses((status = 200, description = "It lives", body = Health), (status = 429, description = "Too many requests", content_type = "application/problem+json", body = ProblemBody<'static>))
)]
pub async fn alive() -> impl IntoResponse {
    (PRIVATE, Json(Health { status: "alive" }))
}

/// Whether it can work
///
/// The database answers too, and the engine may be called.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "operation",
    responses((status = 200, description = "It can work", body = Health), Problems)
)]
pub async fn ready(State(state): State<AppState>) -> Result<impl IntoResponse, Problem> {
    // There is no limit: however many ask at the same time, the database is asked once.
    let asked = async {
        ask(&state).await?;
        Ok(Answer::new(Vec::new()))
    };
    state.flights.join(0, READY, &[], asked).await?;
    Ok((PRIVATE, Json(Health { status: "ready" })))
}

/// Fails where it cannot work.
async fn ask(state: &AppState) -> Result<(), Problem> {
    let rows = state.db.read(&Caller::ITSELF, READY, &[]).await?;
    let row = rows.first().ok_or_else(Problem::internal)?;
    if !row.try_get::<_, bool>("installed")? {
        return Err(not_ready(
            "the extension pg_booking is not installed in the database",
        ));
    }
    if !row.try_get::<_, bool>("granted")? {
        return Err(not_ready(
            "the role of the facade has not been given access",
        ));
    }
    let shut = not_ready("access has to be granted again since the database was restored");
    if !row.try_get::<_, bool>("whole")? {
        return Err(shut);
    }
    match state.db.read(&Caller::ITSELF, OPEN, &[]).await {
        Err(problem) if problem.is_ours() => Err(shut),
        answer => answer.map(drop),
    }
}

fn not_ready(detail: &'static str) -> Problem {
    Problem {
        retry_after: Some(5),
        ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }
}
