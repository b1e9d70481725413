//! When it can be booked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{OfService, PRIVATE, SHARED};
use crate::caller::Caller;
use crate::count::Count;
use crate::extract::{Path, Query, Session};
use crate::instant::Instant;
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const SLOTS: &str = "
    select slot_id, starts_at, ends_at, (extract(epoch from duration) / 60)::int4 as duration_minutes,
           resource_id, location_id, status, remaining
    from booking_api.available_slots(
        tenant => $1, service => $2, from_ts => $3, to_ts => $4, duration => pg_catalog.make_interval(mins => $5),
        resource => $6, session_id => $7, holds => $8, each_resource => $9, step => pg_catalog.make_interval(mins => $10))";

/// Which slots are wanted. Durations and steps are in minutes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first instant
    from: Instant,
    /// The instant after the last one, at most 400 days later
    to: Instant,
    /// Minutes; without it, the shortest of the service
    duration: Option<Count>,
    /// Minutes between starts; without it, those of the service
    step: Option<Count>,
    /// Only of this resource
    resource: Option<Uuid>,
    /// What becomes of slots that other visitors hold
    #[serde(default)]
    #[param(inline)]
    holds: Holds,
    /// A row for each resource and start
    #[serde(default)]
    each_resource: bool,
}

/// What becomes of slots that other visitors hold.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Holds {
    #[default]
    Hide,
    Mark,
    Ignore,
}

impl Holds {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Mark => "mark",
            Self::Ignore => "ignore",
        }
    }
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Slots {
    slots: Vec<Slot>,
}

/// One start.
#[derive(Serialize, ToSchema)]
pub struct Slot {
    slot_id: String,
    starts_at: Instant,
    ends_at: Instant,
    duration_minutes: i32,
    resource_id: Option<Uuid>,
    location_id: Option<Uuid>,
    status: String,
    remaining: Option<i32>,
}

impl TryFrom<&Row> for Slot {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            slot_id: row.try_get("slot_id")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            duration_minutes: row.try_get("duration_minutes")?,
            resource_id: row.try_get("resource_id")?,
            location_id: row.try_get("location_id")?,
            status: row.try_get("status")?,
            remaining: row.try_get("remaining")?,
        })
    }
}

/// When it can be booked
///
/// The starts that are offered, in time order. With a session its own holds are not in its way.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/services/{service}/slots",
    operation_id = "slots",
    tag = "calendar",
    params(OfService, Wanted, ("Booking-Session" = Option<String>, Header, description = "The visitor's session", min_length = 16)),
    responses((status = 200, description = "Its slots", body = Slots), Problems),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path(OfService { tenant, service }): Path<OfService>,
    Query(wanted): Query<Wanted>,
    Session(session): Session,
) -> Result<Response, Problem> {
    let rows = state
        .db
        .read(
            &caller,
            SLOTS,
            &[
                (&tenant, Type::TEXT),
                (&service, Type::TEXT),
                (&wanted.from, Type::TIMESTAMPTZ),
                (&wanted.to, Type::TIMESTAMPTZ),
                (&wanted.duration, Type::INT4),
                (&wanted.resource, Type::UUID),
                (&session, Type::TEXT),
                (&wanted.holds.as_str(), Type::TEXT),
                (&wanted.each_resource, Type::BOOL),
                (&wanted.step, Type::INT4),
            ],
        )
        .await?;
    let slots = rows.iter().map(Slot::try_from).collect::<Result<_, _>>()?;
    let body = Json(Slots { slots });
    Ok(match session {
        Some(_) => (PRIVATE, body).into_response(),
        None => (SHARED, body).into_response(),
    })
}
