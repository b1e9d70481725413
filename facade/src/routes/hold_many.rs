//! Several starts of a service are held together, all or none.

use axum::Json as Body;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::holds::Hold;
use super::{At, Created, OfTenant, PRIVATE};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{Json, Session};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::problem::{AllRefused, Problem, Refused};
use crate::refusal;
use crate::secret::Secret;

const TRY_HOLD_MANY: &str = "
    select hold_id, starts_at, ends_at, expires_at, resources, code, detail
    from booking_api.try_hold_many(
        tenant => $1, service => $2, starts_at => $3, session_id => $4, duration => pg_catalog.make_interval(mins => $5),
        resource => $6, ttl => pg_catalog.make_interval(secs => $7), seats => $8)";

/// What to hold together: starts of one service, none of which overlap. The duration is in minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHolds {
    service: String,
    #[schema(min_items = 1, max_items = 100)]
    starts_at: Vec<Instant>,
    duration: Option<Count>,
    resource: Option<Uuid>,
    /// How many seats of a class, of each
    seats: Option<Count>,
    /// The visitor's session, unless the header has it
    #[schema(value_type = Option<String>, min_length = 16, max_length = 1024)]
    session_id: Option<Secret<String>>,
    /// For how long, up to what the service allows
    ttl_seconds: Option<Count>,
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Holds {
    /// One for each start, in time order
    holds: Vec<Hold>,
}

/// Hold several slots
///
/// All or none. If one cannot be had, nothing is held, and `refused` of the problem says which are in the way and why.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/holds/many",
    operation_id = "hold_many",
    tag = "booking",
    params(OfTenant, ("Booking-Session" = Option<String>, Header, description = "The visitor's session, unless the body has it", min_length = 16, max_length = 1024)),
    request_body = NewHolds,
    responses((status = 201, description = "They are held", body = Holds), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn create(
    at: At<OfTenant>,
    session: Session,
    Json(new): Json<NewHolds>,
) -> Created<Holds> {
    let session = session.or(new.session_id)?;
    let params: &[Param<'_>] = &[
        (&new.service, Type::TEXT),
        (&new.starts_at, Type::TIMESTAMPTZ_ARRAY),
        (&session, Type::TEXT),
        (&new.duration, Type::INT4),
        (&new.resource, Type::UUID),
        (&new.ttl_seconds, Type::INT4),
        (&new.seats, Type::INT4),
    ];
    let rows = at.write_rows(TRY_HOLD_MANY, params).await?;
    check(&rows)?;
    let holds = rows.iter().map(Hold::try_from).collect::<Result<_, _>>()?;
    Ok((StatusCode::CREATED, PRIVATE, Body(Holds { holds })))
}

/// What stands in the way, by the first of it. A quota is nothing that a start could help.
fn check(rows: &[Row]) -> Result<(), Problem> {
    let first = rows.first().ok_or_else(Problem::internal)?;
    let Err(mut problem) = refusal::check(first) else {
        return Ok(());
    };
    if problem.code.as_deref() != Some("BK008") {
        let refused = |row: &Row| -> Result<Refused, tokio_postgres::Error> {
            Ok(Refused {
                starts_at: row.try_get("starts_at")?,
                code: row.try_get("code")?,
            })
        };
        let refused = rows.iter().map(refused).collect::<Result<_, _>>()?;
        problem.refused = Some(Box::new(AllRefused(refused)));
    }
    Err(problem)
}
