//! When it can be booked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{PRIVATE, SHARED};
use crate::extract::{Path, Query, Session};
use crate::instant::Instant;
use crate::problem::Problem;
use crate::state::AppState;

const SLOTS: &str = "
    select slot_id, starts_at, ends_at, (extract(epoch from duration) / 60)::int4 as duration_minutes,
           resource_id, location_id, status, remaining
    from booking_api.available_slots(
        tenant => $1, service => $2, from_ts => $3, to_ts => $4, duration => pg_catalog.make_interval(mins => $5),
        resource => $6, session_id => $7, holds => $8, each_resource => $9, step => pg_catalog.make_interval(mins => $10))";

/// Which slots are wanted. Durations and steps are in minutes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    from: Instant,
    to: Instant,
    duration: Option<i32>,
    step: Option<i32>,
    resource: Option<Uuid>,
    #[serde(default)]
    holds: Holds,
    #[serde(default)]
    each_resource: bool,
}

/// What becomes of slots that other visitors hold.
#[derive(Clone, Copy, Default, Deserialize)]
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
#[derive(Serialize)]
pub struct Slots {
    slots: Vec<Slot>,
}

/// One start.
#[derive(Serialize)]
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

/// `GET /v1/{tenant}/services/{service}/slots`
pub async fn list(
    State(state): State<AppState>,
    Path((tenant, service)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    Session(session): Session,
) -> Result<Response, Problem> {
    let rows = state
        .db
        .read(
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
