//! A slot is held. Several at once: [`super::hold_many`]; kept: [`super::heartbeat`]; let go: [`super::release`].

use axum::Json as Body;
use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{At, OfTenant, PRIVATE};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{Json, Session};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::problem::Problem;
use crate::secret::Secret;

const TRY_HOLD: &str = "
    select hold_id, starts_at, ends_at, expires_at, resources, code, detail
    from booking_api.try_hold(
        tenant => $1, service => $2, starts_at => $3, session_id => $4, duration => pg_catalog.make_interval(mins => $5),
        resource => $6, ttl => pg_catalog.make_interval(secs => $7), slot_id => $8, seats => $9)";

/// What to hold: a `slot_id`, or a service and a start. The duration is in minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    slot_id: Option<String>,
    service: Option<String>,
    starts_at: Option<Instant>,
    duration: Option<Count>,
    resource: Option<Uuid>,
    /// How many seats of a class
    seats: Option<Count>,
    /// The visitor's session, unless the header has it
    #[schema(value_type = Option<String>, min_length = 16, max_length = 1024)]
    session_id: Option<Secret<String>>,
    /// For how long, up to what the service allows
    ttl_seconds: Option<Count>,
}

/// A hold that was taken.
#[derive(Serialize, ToSchema)]
pub struct Hold {
    hold_id: Uuid,
    starts_at: Instant,
    ends_at: Instant,
    expires_at: Instant,
    resources: Vec<Uuid>,
}

impl TryFrom<&Row> for Hold {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            hold_id: row.try_get("hold_id")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            expires_at: row.try_get("expires_at")?,
            resources: row.try_get("resources")?,
        })
    }
}

/// Hold a slot
///
/// For a session, until it lapses: while the form is filled in, nobody else gets it.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/holds",
    operation_id = "hold",
    tag = "booking",
    params(OfTenant, ("Booking-Session" = Option<String>, Header, description = "The visitor's session, unless the body has it", min_length = 16, max_length = 1024)),
    request_body = NewHold,
    responses(
        (status = 201, description = "It is held", body = Hold, headers(("Location" = String, description = "Where to let it go"))),
        WriteProblems
    ),
    security((), ("bearer" = []))
)]
pub async fn create(
    at: At<OfTenant>,
    OriginalUri(uri): OriginalUri,
    session: Session,
    Json(new): Json<NewHold>,
) -> Result<impl IntoResponse, Problem> {
    let session = session.or(new.session_id)?;
    let params: &[Param<'_>] = &[
        (&new.service, Type::TEXT),
        (&new.starts_at, Type::TIMESTAMPTZ),
        (&session, Type::TEXT),
        (&new.duration, Type::INT4),
        (&new.resource, Type::UUID),
        (&new.ttl_seconds, Type::INT4),
        (&new.slot_id, Type::TEXT),
        (&new.seats, Type::INT4),
    ];
    let hold = Hold::try_from(&at.attempt(TRY_HOLD, params).await?)?;
    let location = [(LOCATION, format!("{}/{}", uri.path(), hold.hold_id))];
    Ok((StatusCode::CREATED, PRIVATE, location, Body(hold)))
}
