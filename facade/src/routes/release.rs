//! Holds are let go: one, or all of a session.

use axum::http::StatusCode;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{At, Done, OfTenant, OfThing, PRIVATE};
use crate::extract::Session;
use crate::openapi::WriteProblems;
use crate::problem::Problem;
use crate::refusal;

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
pub async fn one(at: At<OfThing>, Session(session): Session) -> Done {
    let row = at.write(TRY_RELEASE, &[(&session, Type::TEXT)]).await?;
    match was_held(&row)? {
        true => Ok((StatusCode::NO_CONTENT, PRIVATE)),
        false => Err(Problem::not_found()),
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
pub async fn all(at: At<OfTenant>, Session(session): Session) -> Done {
    let row = at
        .write(
            TRY_RELEASE,
            &[(&None::<Uuid>, Type::UUID), (&session, Type::TEXT)],
        )
        .await?;
    was_held(&row)?;
    Ok((StatusCode::NO_CONTENT, PRIVATE))
}

/// Whether the session held any of it.
fn was_held(row: &Row) -> Result<bool, Problem> {
    match refusal::check(row) {
        Err(problem) if problem.code.as_deref() == Some("BK002") => Ok(false),
        Err(problem) => Err(problem),
        Ok(()) => Ok(row.try_get::<_, Option<bool>>("released")? == Some(true)),
    }
}
