//! When it can be booked: the slots, page by page. On which days: [`super::days`]; what is held meanwhile: [`super::held`].

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Holds, OfService, page};
use crate::cache::{Reader, Rows, json};
use crate::count::Count;
use crate::extract::{Path, Query};
use crate::instant::{Instant, Zoned};
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const SLOT_PAGE: &str = "
    select slot_id, starts_at, ends_at, (pg_catalog.date_part('epoch', duration) / 60)::int4 as duration_minutes,
           resource_id, location_id, status, remaining, day, starts_offset, ends_offset
    from booking_api.slot_page(
        tenant => $1, service => $2, from_ts => $3, to_ts => $4, duration => pg_catalog.make_interval(mins => $5),
        resource => $6, session_id => $7, holds => $8, each_resource => $9, step => pg_catalog.make_interval(mins => $10),
        zone => $11, after_start => $12, after_resource => $13, max => $14)";

/// Which slots are wanted. Durations and steps are in minutes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first instant
    pub from: Instant,
    /// The instant after the last one, at most 400 days later
    pub to: Instant,
    /// Minutes; without it, the shortest of the service
    #[param(nullable = false)]
    pub duration: Option<Count>,
    /// Minutes between starts; without it, those of the service
    #[param(nullable = false)]
    pub step: Option<Count>,
    /// Only of this resource
    #[param(nullable = false)]
    pub resource: Option<Uuid>,
    /// What becomes of slots that other visitors hold
    #[serde(default)]
    #[param(inline)]
    pub holds: Holds,
    /// A row for each resource and start
    #[serde(default)]
    pub each_resource: bool,
    /// The viewer's zone, as IANA names it: times have its offset, and slots the date there as `day`
    #[param(nullable = false)]
    zone: Option<String>,
    /// How many slots a page has at most
    #[serde(default)]
    #[param(inline)]
    limit: page::Limit,
    /// The `next` of the page before; all else but `limit` and `zone` as there
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Slots<'a> {
    #[schema(value_type = Vec<Slot<'static>>)]
    slots: Rows<'a, Slot<'a>>,
    /// The `cursor` of the page that follows; null: this is the last one
    next: Option<String>,
}

/// One start.
#[derive(Serialize, ToSchema)]
pub struct Slot<'a> {
    slot_id: &'a str,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Zoned,
    #[schema(value_type = String, format = DateTime)]
    ends_at: Zoned,
    duration_minutes: i32,
    resource_id: Option<Uuid>,
    location_id: Option<Uuid>,
    status: &'a str,
    remaining: Option<i32>,
    /// The date of the start in the `zone` that was asked for
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    day: Option<NaiveDate>,
}

impl<'a> TryFrom<&'a Row> for Slot<'a> {
    type Error = tokio_postgres::Error;

    fn try_from(row: &'a Row) -> Result<Self, Self::Error> {
        let zoned = |at: &str, offset: &str| -> Result<Zoned, Self::Error> {
            Ok(Zoned {
                at: row.try_get(at)?,
                offset: row.try_get(offset)?,
            })
        };
        Ok(Self {
            slot_id: row.try_get("slot_id")?,
            starts_at: zoned("starts_at", "starts_offset")?,
            ends_at: zoned("ends_at", "ends_offset")?,
            duration_minutes: row.try_get("duration_minutes")?,
            resource_id: row.try_get("resource_id")?,
            location_id: row.try_get("location_id")?,
            status: row.try_get("status")?,
            remaining: row.try_get("remaining")?,
            day: row.try_get("day")?,
        })
    }
}

/// When it can be booked
///
/// The starts that are offered, in time order, in pages: `next` of one is the `cursor` of the following. Pages neither repeat
/// nor leave out what was free all the while, whatever is booked in between. With a session its own holds are not in its way.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/services/{service}/slots",
    operation_id = "slots",
    tag = "calendar",
    params(OfService, Wanted, ("Booking-Session" = Option<String>, Header, description = "The visitor's session", min_length = 16, max_length = 1024)),
    responses(
        (status = 200, description = "Its slots", body = Slots<'static>, headers(("ETag" = String, description = "For `If-None-Match`"))),
        (status = 304, description = "As `If-None-Match` knows them"),
        Problems
    ),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(of): Path<OfService>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Result<Response, Problem> {
    let list = page::question(&of, &wanted);
    let after = wanted
        .cursor
        .as_deref()
        .map(|text| list.read(text))
        .transpose()?;
    let limit = wanted.limit.0;
    let params = [
        (&of.tenant as _, Type::TEXT),
        (&of.service as _, Type::TEXT),
        (&wanted.from as _, Type::TIMESTAMPTZ),
        (&wanted.to as _, Type::TIMESTAMPTZ),
        (&wanted.duration as _, Type::INT4),
        (&wanted.resource as _, Type::UUID),
        (&reader.session() as _, Type::TEXT),
        (&wanted.holds.as_str() as _, Type::TEXT),
        (&wanted.each_resource as _, Type::BOOL),
        (&wanted.step as _, Type::INT4),
        (&wanted.zone as _, Type::TEXT),
        (&after.map(|cursor| cursor.start) as _, Type::TIMESTAMPTZ),
        (&after.and_then(|cursor| cursor.resource) as _, Type::UUID),
        // One more tells whether there is another page.
        (&(limit + 1) as _, Type::INT4),
    ];
    let write = |rows: &[Row]| {
        let page = rows.get(..limit as usize).unwrap_or(rows);
        let next = match page.last() {
            Some(last) if page.len() < rows.len() => {
                Some(list.write(page::end(last, wanted.each_resource)?))
            }
            _ => None,
        };
        json(&Slots {
            slots: Rows::new(page),
            next,
        })
    };
    reader
        .shared(&state, "slots", SLOT_PAGE, &params, write)
        .await
}
