//! Holds are let go: one, or all of a session.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{OfTenant, OfThing, PRIVATE};
use crate::caller::Caller;
use crate::extract::{NoQuery, Path, Session};
use crate::openapi::WriteProblems;
use crate::problem::Problem;
use crate::refusal;
use crate::state::AppState;

const TRY_RELEASE: &str = "
    select released, code, detail
    from booking_api.try_release(tenant => $1, hold_id => $2, session_id => $3)";

/// Let a hold go
///
/// A hold that is not this session's is no hold.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/holds/{id}",
    operation_id = "release",
    tag = "booking",
    params(OfThing, ("Booking-Session" = String, Header, description = "The visitor's session", min_length = 16, max_length = 1024)),
    responses((status = 204, description = "It is gone"), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn one(
    State(state): State<AppState>,
    caller: Caller,
    Path(OfThing { tenant, id }): Path<OfThing>,
    _: NoQuery,
    Session(session): Session,
) -> Result<impl IntoResponse, Problem> {
    let row = state
        .db
        .write(
            &caller,
            TRY_RELEASE,
            &[
                (&tenant, Type::TEXT),
                (&id, Type::UUID),
                (&session, Type::TEXT),
            ],
        )
        .await?;
    match refusal::check(&row) {
        Err(problem) if problem.code.as_deref() == Some("BK002") => {
            return Err(Problem::not_found());
        }
        other => other?,
    }
    match row.try_get::<_, Option<bool>>("released")? {
        Some(true) => Ok((StatusCode::NO_CONTENT, PRIVATE)),
        _ => Err(Problem::not_found()),
    }
}

/// Let all holds go
///
/// All that this session holds; a session that holds nothing is no mistake.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/holds",
    operation_id = "release_all",
    tag = "booking",
    params(OfTenant, ("Booking-Session" = String, Header, description = "The visitor's session", min_length = 16, max_length = 1024)),
    responses((status = 204, description = "The session holds nothing any more"), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn all(
    State(state): State<AppState>,
    caller: Caller,
    Path(OfTenant { tenant }): Path<OfTenant>,
    _: NoQuery,
    Session(session): Session,
) -> Result<impl IntoResponse, Problem> {
    let row = state
        .db
        .write(
            &caller,
            TRY_RELEASE,
            &[
                (&tenant, Type::TEXT),
                (&None::<Uuid>, Type::UUID),
                (&session, Type::TEXT),
            ],
        )
        .await?;
    match refusal::check(&row) {
        Err(problem) if problem.code.as_deref() != Some("BK002") => Err(problem),
        _ => Ok((StatusCode::NO_CONTENT, PRIVATE)),
    }
}
