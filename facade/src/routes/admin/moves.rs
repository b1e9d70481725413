//! Bookings that move, to another time or to another resource, and payments.

use serde::Deserialize;
use serde_json::Number;
use tokio_postgres::types::Type;
use utoipa::ToSchema;

use super::Owner;
use super::bookings::{Changed, change};
use crate::count::Count;
use crate::db::Param;
use crate::extract::Json;
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::routes::{Answer, OfThing};

const TRY_RESCHEDULE: &str = "
    select b.*
    from booking.member_tenant($1, 'manager') t
    cross join booking.try_reschedule(
        t, $2, starts_at => $3, duration => make_interval(mins => $4), resource => booking.resource_of(t, $5)) b";

const TRY_REASSIGN: &str = "
    select b.*
    from booking.member_tenant($1, 'manager') t
    cross join booking.try_reassign(
        t, $2, from_resource => booking.resource_of(t, $3), to_resource => booking.resource_of(t, $4)) b";

const TRY_RECORD_PAYMENT: &str = "
    select b.*
    from booking.try_record_payment(
        booking.member_tenant($1, 'manager'), $2, reference => $3, amount => cast($4 as numeric), currency => $5) b";

/// Where it goes. The duration is in minutes; without it, it stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTime {
    starts_at: Instant,
    duration: Option<Count>,
    /// Slug or id
    resource: Option<String>,
}

/// Who takes the place of whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    /// Slug or id
    from_resource: String,
    /// Slug or id; without it, whoever is free
    to_resource: Option<String>,
}

/// A payment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// What whoever took the money knows it by: recorded once
    reference: String,
    /// What is still to be paid, without it
    #[schema(value_type = Option<f64>)]
    amount: Option<Number>,
    /// As ISO 4217 has it; that of the booking without it
    currency: Option<String>,
}

/// Move a booking to another time
///
/// It stays the same booking, with its id and its history.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/reschedule",
    operation_id = "admin_reschedule",
    tag = "owner",
    params(OfThing),
    request_body = NewTime,
    responses((status = 200, description = "It is moved", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn reschedule(owner: Owner<OfThing>, Json(new): Json<NewTime>) -> Answer<Changed> {
    let params: &[Param<'_>] = &[
        (&new.starts_at, Type::TIMESTAMPTZ),
        (&new.duration, Type::INT4),
        (&new.resource, Type::TEXT),
    ];
    change(owner, TRY_RESCHEDULE, params).await
}

/// Put another resource in the place of one
///
/// At the same time, when staff falls ill.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/reassign",
    operation_id = "admin_reassign",
    tag = "owner",
    params(OfThing),
    request_body = Substitute,
    responses((status = 200, description = "It is so", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn reassign(owner: Owner<OfThing>, Json(body): Json<Substitute>) -> Answer<Changed> {
    let params: &[Param<'_>] = &[
        (&body.from_resource, Type::TEXT),
        (&body.to_resource, Type::TEXT),
    ];
    change(owner, TRY_REASSIGN, params).await
}

/// Record a payment
///
/// Once for each reference; confirms a booking when all is paid.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/bookings/{id}/payments",
    operation_id = "admin_record_payment",
    tag = "owner",
    params(OfThing),
    request_body = Payment,
    responses((status = 200, description = "It is recorded", body = Changed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn pay(owner: Owner<OfThing>, Json(payment): Json<Payment>) -> Answer<Changed> {
    let amount = payment.amount.map(|amount| amount.to_string());
    let params: &[Param<'_>] = &[
        (&payment.reference, Type::TEXT),
        (&amount, Type::TEXT),
        (&payment.currency, Type::TEXT),
    ];
    change(owner, TRY_RECORD_PAYMENT, params).await
}
