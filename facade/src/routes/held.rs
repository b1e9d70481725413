//! What is held at the moment: the volatile half of a calendar, for many dates in one call. The other half is what
//! [`super::slots`] lists with `holds=ignore`.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::OfService;
use crate::cache::{Reader, Rows, json};
use crate::extract::{Path, Query};
use crate::instant::Instant;
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const HELD_SPANS: &str = "
    select resource_id, lower(span) as starts_at, upper(span) as ends_at, expires_at, own
    from booking_api.held_spans(
        tenant => $1, service => $2, from_ts => $3, to_ts => $4, resource => $5, session_id => $6)";

/// Of which time, and of what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first instant
    from: Instant,
    /// The instant after the last one, at most 400 days later
    to: Instant,
    /// Only of this resource
    #[param(nullable = false)]
    resource: Option<Uuid>,
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Held<'a> {
    #[schema(value_type = Vec<HeldSpan>)]
    held: Rows<'a, HeldSpan>,
}

/// What a live hold keeps, with what is kept free before and after it.
#[derive(Serialize, ToSchema)]
pub struct HeldSpan {
    /// Null: one that is not public
    resource_id: Option<Uuid>,
    starts_at: Instant,
    ends_at: Instant,
    /// Until when, unless it is renewed
    expires_at: Instant,
    /// It is held by the session that asks
    own: bool,
}

impl TryFrom<&Row> for HeldSpan {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            resource_id: row.try_get("resource_id")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            expires_at: row.try_get("expires_at")?,
            own: row.try_get("own")?,
        })
    }
}

/// What is held
///
/// Every live hold of the service's resources that touches the range, in time order. A start is in its way whose span, with
/// the buffers of the service, meets it. Never kept by anybody: it changes with every hold.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/services/{service}/held",
    operation_id = "held",
    tag = "calendar",
    params(OfService, Wanted, ("Booking-Session" = Option<String>, Header, description = "The visitor's session", min_length = 16, max_length = 1024)),
    responses(
        (status = 200, description = "What is held", body = Held<'static>, headers(("ETag" = String, description = "For `If-None-Match`"))),
        (status = 304, description = "As `If-None-Match` knows it"),
        Problems
    ),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(OfService { tenant, service }): Path<OfService>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Result<Response, Problem> {
    let params = [
        (&tenant as _, Type::TEXT),
        (&service as _, Type::TEXT),
        (&wanted.from as _, Type::TIMESTAMPTZ),
        (&wanted.to as _, Type::TIMESTAMPTZ),
        (&wanted.resource as _, Type::UUID),
        (&reader.session() as _, Type::TEXT),
    ];
    let write = |rows: &[Row]| {
        json(&Held {
            held: Rows::new(rows),
        })
    };
    reader.fresh(&state, HELD_SPANS, &params, write).await
}
