//! What is done about a booking: approved, declined, completed, cancelled; and bookings that the tenant makes itself. Those
//! that move: [`super::moves`].

use axum::Json as Body;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Owner;
use crate::count::Count;
use crate::db::Param;
use crate::extract::{IdempotencyKey, Json, JsonOrNothing};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::routes::bookings::Booking;
use crate::routes::{Answer, Created, OfTenant, OfThing, PRIVATE};
use crate::secret::Secret;

const TRY_BOOK: &str = "
    select b.*
    from booking.member_tenant($1, 'manager') t
    cross join booking.try_book(
        t, hold_id => $2, service => booking.service_of(t, $3), starts_at => $4, duration => make_interval(mins => $5),
        resource => booking.resource_of(t, $6), customer => $7, idempotency_key => $8, if_still_free => $9, seats => $10) b";

const TRY_APPROVE: &str = "
    select b.* from booking.try_approve(booking.member_tenant($1, 'manager'), $2) b";

const TRY_DECLINE: &str = "
    select b.* from booking.try_decline(booking.member_tenant($1, 'manager'), $2, reason => $3) b";

const TRY_COMPLETE: &str = "
    select b.* from booking.try_complete(booking.member_tenant($1, 'manager'), $2) b";

const TRY_MARK_NO_SHOW: &str = "
    select b.* from booking.try_mark_no_show(booking.member_tenant($1, 'manager'), $2) b";

const TRY_CANCEL: &str = "
    select b.* from booking.try_cancel(booking.member_tenant($1, 'manager'), $2, reason => $3) b";

/// What the tenant books: one of its own holds, or a service and a start. The duration is in minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnBooking {
    hold_id: Option<Uuid>,
    /// Slug or id
    service: Option<String>,
    starts_at: Option<Instant>,
    duration: Option<Count>,
    /// Slug or id
    resource: Option<String>,
    /// How many seats of a class
    seats: Option<Count>,
    /// Who it is for: an object of your own, in which `name`, `email`, `phone` and `sub` are known
    #[schema(value_type = Option<Object>)]
    customer: Option<Secret<Map<String, Value>>>,
    #[serde(default)]
    if_still_free: bool,
}

/// Why. It may be left out, and the body with it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    #[schema(value_type = Option<String>)]
    reason: Option<Secret<String>>,
}

/// A booking, as it is now.
#[derive(Serialize, ToSchema)]
pub struct Changed {
    booking_id: Uuid,
    status: String,
    starts_at: Instant,
    ends_at: Instant,
    payment_required: bool,
    /// What there is to know, such as what was paid: `{"to_refund": 60, "currency": "EUR"}`
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
}

/// Calls what changes a booking.
pub(super) async fn change(
    owner: Owner<OfThing>,
    sql: &str,
    params: &[Param<'_>],
) -> Answer<Changed> {
    let row = owner.attempt(sql, params).await?;
    let changed = Changed {
        booking_id: row.try_get("booking_id")?,
        status: row.try_get("status")?,
        starts_at: row.try_get("starts_at")?,
        ends_at: row.try_get("ends_at")?,
        payment_required: row
            .try_get::<_, Option<bool>>("payment_required")?
            .unwrap_or(false),
        detail: row.try_get("detail")?,
    };
    Ok((PRIVATE, Body(changed)))
}

/// Book for somebody
///
/// As whoever runs the tenant: from an own hold, or directly. With an `Idempotency-Key` a repeat is answered as the first was.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings",
    operation_id = "admin_book",
    tag = "owner",
    params(
        OfTenant,
        ("Idempotency-Key" = Option<String>, Header, description = "Says that this is the same request as one before", min_length = 1, max_length = 255)
    ),
    request_body = OwnBooking,
    responses((status = 201, description = "It is booked", body = Booking), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(
    owner: Owner<OfTenant>,
    IdempotencyKey(key): IdempotencyKey,
    Json(new): Json<OwnBooking>,
) -> Created<Booking> {
    let customer = new
        .customer
        .map(|Secret(customer)| Secret(Value::Object(customer)));
    let params: &[Param<'_>] = &[
        (&new.hold_id, Type::UUID),
        (&new.service, Type::TEXT),
        (&new.starts_at, Type::TIMESTAMPTZ),
        (&new.duration, Type::INT4),
        (&new.resource, Type::TEXT),
        (&customer, Type::JSONB),
        (&key, Type::TEXT),
        (&new.if_still_free, Type::BOOL),
        (&new.seats, Type::INT4),
    ];
    let row = owner.attempt(TRY_BOOK, params).await?;
    Ok((StatusCode::CREATED, PRIVATE, Body(Booking::try_from(&row)?)))
}

/// Approve a booking
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/approve",
    operation_id = "admin_approve",
    tag = "owner",
    params(OfThing),
    responses((status = 200, description = "It is confirmed, or waits for its payment", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn approve(owner: Owner<OfThing>) -> Answer<Changed> {
    change(owner, TRY_APPROVE, &[]).await
}

/// Decline a booking
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/decline",
    operation_id = "admin_decline",
    tag = "owner",
    params(OfThing),
    request_body = Option<Because>,
    responses((status = 200, description = "It is declined", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn decline(
    owner: Owner<OfThing>,
    JsonOrNothing(because): JsonOrNothing<Because>,
) -> Answer<Changed> {
    change(owner, TRY_DECLINE, &[(&because.reason, Type::TEXT)]).await
}

/// Say that a booking took place
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/complete",
    operation_id = "admin_complete",
    tag = "owner",
    params(OfThing),
    responses((status = 200, description = "It is completed", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn complete(owner: Owner<OfThing>) -> Answer<Changed> {
    change(owner, TRY_COMPLETE, &[]).await
}

/// Say that nobody came
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/no-show",
    operation_id = "admin_no_show",
    tag = "owner",
    params(OfThing),
    responses((status = 200, description = "It is so", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn no_show(owner: Owner<OfThing>) -> Answer<Changed> {
    change(owner, TRY_MARK_NO_SHOW, &[]).await
}

/// Cancel a booking
///
/// Whatever notice its service asks customers for.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/cancel",
    operation_id = "admin_cancel",
    tag = "owner",
    params(OfThing),
    request_body = Option<Because>,
    responses((status = 200, description = "It is cancelled", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn cancel(
    owner: Owner<OfThing>,
    JsonOrNothing(because): JsonOrNothing<Because>,
) -> Answer<Changed> {
    change(owner, TRY_CANCEL, &[(&because.reason, Type::TEXT)]).await
}
