//! On which days it can be booked.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Holds, OfService};
use crate::cache::{Reader, Rows, json};
use crate::count::Count;
use crate::extract::{Path, Query};
use crate::instant::Instant;
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const DAYS: &str = "
    select day, available, slots
    from booking_api.available_days(
        tenant => $1, service => $2, from_ts => $3, to_ts => $4, zone => $5, duration => pg_catalog.make_interval(mins => $6),
        resource => $7, session_id => $8, holds => $9, step => pg_catalog.make_interval(mins => $10))";

/// Which days are wanted, and of what. Durations and steps are in minutes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first instant
    from: Instant,
    /// The instant after the last one, at most 400 days later
    to: Instant,
    /// The viewer's zone, as IANA names it, whose dates are counted; without it, that of the service
    #[param(nullable = false)]
    zone: Option<String>,
    /// Minutes; without it, the shortest of the service
    #[param(nullable = false)]
    duration: Option<Count>,
    /// Minutes between starts; without it, those of the service
    #[param(nullable = false)]
    step: Option<Count>,
    /// Only of this resource
    #[param(nullable = false)]
    resource: Option<Uuid>,
    /// Whether slots that other visitors hold count
    #[serde(default)]
    #[param(inline)]
    holds: Holds,
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Days<'a> {
    #[schema(value_type = Vec<Day>)]
    days: Rows<'a, Day>,
}

/// A local date that the range touches.
#[derive(Serialize, ToSchema)]
pub struct Day {
    day: NaiveDate,
    /// Is any start offered on it
    available: bool,
    /// How many are
    slots: i32,
}

impl TryFrom<&Row> for Day {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            day: row.try_get("day")?,
            available: row.try_get("available")?,
            slots: row.try_get("slots")?,
        })
    }
}

/// On which days it can be booked
///
/// Every local date of the range, and how many starts are offered on it.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/services/{service}/days",
    operation_id = "days",
    tag = "calendar",
    params(OfService, Wanted, ("Booking-Session" = Option<String>, Header, description = "The visitor's session", min_length = 16, max_length = 1024)),
    responses(
        (status = 200, description = "Its days", body = Days<'static>, headers(("ETag" = String, description = "For `If-None-Match`"))),
        (status = 304, description = "As `If-None-Match` knows them"),
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
        (&wanted.zone as _, Type::TEXT),
        (&wanted.duration as _, Type::INT4),
        (&wanted.resource as _, Type::UUID),
        (&reader.session() as _, Type::TEXT),
        (&wanted.holds.as_str() as _, Type::TEXT),
        (&wanted.step as _, Type::INT4),
    ];
    let write = |rows: &[Row]| {
        json(&Days {
            days: Rows::new(rows),
        })
    };
    reader.shared(&state, "days", DAYS, &params, write).await
}
