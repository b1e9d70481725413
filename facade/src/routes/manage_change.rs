//! One's own booking is cancelled or moved, by its manage token.

use axum::Json as Body;
use serde::Deserialize;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::bookings::Booking;
use super::{Answer, At, OfTenant, PRIVATE};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{BookingToken, IdempotencyKey, Json, JsonOrNothing};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::secret::Secret;

const TRY_CANCEL: &str = "
    select booking_id, status, starts_at, ends_at, manage_token, manage_url, payment_required, payment_url, code, detail
    from booking_api.try_cancel(tenant => $1, token => $2, reason => $3, idempotency_key => $4)";

const TRY_RESCHEDULE: &str = "
    select booking_id, status, starts_at, ends_at, manage_token, manage_url, payment_required, payment_url, code, detail
    from booking_api.try_reschedule(
        tenant => $1, token => $2, starts_at => $3, duration => pg_catalog.make_interval(mins => $4), resource => $5,
        slot_id => $6, idempotency_key => $7)";

/// Why it is cancelled. It may be left out, and the body with it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// For whoever runs the tenant, who reads the first 1000 characters
    #[schema(value_type = Option<String>)]
    reason: Option<Secret<String>>,
}

/// Where it goes: a `slot_id` of the same service, or a start. The duration is in minutes; without it, it stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reschedule {
    slot_id: Option<String>,
    starts_at: Option<Instant>,
    duration: Option<Count>,
    resource: Option<Uuid>,
}

/// Cancel one's booking
///
/// Within the notice that the service asks for. With an `Idempotency-Key` a repeat is answered as the first was.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/manage/cancel",
    operation_id = "cancel",
    tag = "booking",
    params(
        OfTenant,
        ("Booking-Token" = String, Header, description = "The manage token of the booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Says that this is the same request as one before", min_length = 1, max_length = 255)
    ),
    request_body = Option<Cancel>,
    responses((status = 200, description = "It is cancelled", body = Booking), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn cancel(
    at: At<OfTenant>,
    BookingToken(token): BookingToken,
    IdempotencyKey(key): IdempotencyKey,
    JsonOrNothing(cancel): JsonOrNothing<Cancel>,
) -> Answer<Booking> {
    let params: &[Param<'_>] = &[
        (&token, Type::TEXT),
        (&cancel.reason, Type::TEXT),
        (&key, Type::TEXT),
    ];
    let row = at.attempt(TRY_CANCEL, params).await?;
    Ok((PRIVATE, Body(Booking::try_from(&row)?)))
}

/// Move one's booking
///
/// To another start, within the notice that the service asks for. It keeps its id and its token.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/manage/reschedule",
    operation_id = "reschedule",
    tag = "booking",
    params(
        OfTenant,
        ("Booking-Token" = String, Header, description = "The manage token of the booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Says that this is the same request as one before", min_length = 1, max_length = 255)
    ),
    request_body = Reschedule,
    responses((status = 200, description = "It is moved", body = Booking), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn reschedule(
    at: At<OfTenant>,
    BookingToken(token): BookingToken,
    IdempotencyKey(key): IdempotencyKey,
    Json(to): Json<Reschedule>,
) -> Answer<Booking> {
    let params: &[Param<'_>] = &[
        (&token, Type::TEXT),
        (&to.starts_at, Type::TIMESTAMPTZ),
        (&to.duration, Type::INT4),
        (&to.resource, Type::UUID),
        (&to.slot_id, Type::TEXT),
        (&key, Type::TEXT),
    ];
    let row = at.attempt(TRY_RESCHEDULE, params).await?;
    Ok((PRIVATE, Body(Booking::try_from(&row)?)))
}
