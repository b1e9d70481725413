//! Bookings, from a hold or direct.

use axum::Json as Body;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{At, Created, OfTenant, PRIVATE};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{IdempotencyKey, Json, Session};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::secret::Secret;

const TRY_BOOK: &str = "
    select booking_id, status, starts_at, ends_at, manage_token, manage_url, payment_required, payment_url, code, detail
    from booking_api.try_book(
        tenant => $1, hold_id => $2, session_id => $3, service => $4, starts_at => $5,
        duration => pg_catalog.make_interval(mins => $6), resource => $7, customer => $8, if_still_free => $9,
        slot_id => $10, idempotency_key => $11, seats => $12)";

/// What to book: a `hold_id`, a `slot_id`, or a service and a start. The duration is in minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    hold_id: Option<Uuid>,
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
    /// Who it is for: an object of your own, in which `name`, `email` and `phone` are known
    #[schema(value_type = Object)]
    customer: Secret<Map<String, Value>>,
    #[serde(default)]
    if_still_free: bool,
}

/// A booking that was made. The token lets its customer see, move and cancel it; it is told here and nowhere else.
#[derive(Serialize, ToSchema)]
pub struct Booking {
    booking_id: Uuid,
    status: String,
    starts_at: Instant,
    ends_at: Instant,
    manage_token: Option<String>,
    manage_url: Option<String>,
    payment_required: bool,
    payment_url: Option<String>,
}

impl TryFrom<&Row> for Booking {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            booking_id: row.try_get("booking_id")?,
            status: row.try_get("status")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            manage_token: row.try_get("manage_token")?,
            manage_url: row.try_get("manage_url")?,
            payment_required: row.try_get("payment_required")?,
            payment_url: row.try_get("payment_url")?,
        })
    }
}

/// Book
///
/// From a hold, or directly. With an `Idempotency-Key` a repeat is answered as the first was.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/bookings",
    operation_id = "book",
    tag = "booking",
    params(
        OfTenant,
        ("Booking-Session" = Option<String>, Header, description = "The visitor's session, unless the body has it", min_length = 16, max_length = 1024),
        ("Idempotency-Key" = Option<String>, Header, description = "Says that this is the same request as one before", min_length = 1, max_length = 255)
    ),
    request_body = NewBooking,
    responses((status = 201, description = "It is booked, or waits for approval or payment", body = Booking), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn create(
    at: At<OfTenant>,
    session: Session,
    IdempotencyKey(key): IdempotencyKey,
    Json(new): Json<NewBooking>,
) -> Created<Booking> {
    let session = session.or(new.session_id)?;
    let customer = Secret(Value::Object(new.customer.0));
    let params: &[Param<'_>] = &[
        (&new.hold_id, Type::UUID),
        (&session, Type::TEXT),
        (&new.service, Type::TEXT),
        (&new.starts_at, Type::TIMESTAMPTZ),
        (&new.duration, Type::INT4),
        (&new.resource, Type::UUID),
        (&customer, Type::JSONB),
        (&new.if_still_free, Type::BOOL),
        (&new.slot_id, Type::TEXT),
        (&key, Type::TEXT),
        (&new.seats, Type::INT4),
    ];
    let row = at.attempt(TRY_BOOK, params).await?;
    Ok((StatusCode::CREATED, PRIVATE, Body(Booking::try_from(&row)?)))
}
