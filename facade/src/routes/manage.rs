//! One's own booking, by its manage token. What is done about it: [`super::manage_change`]; for a calendar: [`super::ics`].

use axum::Json;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, At, OfTenant, PRIVATE};
use crate::extract::BookingToken;
use crate::instant::Instant;
use crate::openapi::Problems;

const TRY_SHOW: &str = "
    select booking_id, service_id, service, status, starts_at, ends_at, zone, seats, resources, location_id, location,
           price::text as price, currency, payment_required, payment_url, expires_at, may_cancel, cancel_until, may_reschedule,
           reschedule_until, code, detail
    from booking_api.try_show(tenant => $1, token => $2)";

/// A booking as its customer sees it.
#[derive(Serialize, ToSchema)]
pub struct ManagedBooking {
    booking_id: Uuid,
    service_id: Uuid,
    /// The name of the service
    service: String,
    status: String,
    starts_at: Instant,
    ends_at: Instant,
    /// The time zone of the service, as IANA names it
    zone: String,
    seats: i32,
    /// Names of who or what was assigned
    resources: Vec<String>,
    location_id: Option<Uuid>,
    /// The name of the location
    location: Option<String>,
    /// What it costs in all, as a decimal number
    price: Option<String>,
    currency: Option<String>,
    payment_required: bool,
    payment_url: Option<String>,
    /// Until when it waits, if it is pending
    expires_at: Option<Instant>,
    may_cancel: bool,
    cancel_until: Option<Instant>,
    may_reschedule: bool,
    reschedule_until: Option<Instant>,
}

impl TryFrom<&Row> for ManagedBooking {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            booking_id: row.try_get("booking_id")?,
            service_id: row.try_get("service_id")?,
            service: row.try_get("service")?,
            status: row.try_get("status")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            zone: row.try_get("zone")?,
            seats: row.try_get("seats")?,
            resources: row.try_get("resources")?,
            location_id: row.try_get("location_id")?,
            location: row.try_get("location")?,
            price: row.try_get("price")?,
            currency: row.try_get("currency")?,
            payment_required: row.try_get("payment_required")?,
            payment_url: row.try_get("payment_url")?,
            expires_at: row.try_get("expires_at")?,
            may_cancel: row.try_get("may_cancel")?,
            cancel_until: row.try_get("cancel_until")?,
            may_reschedule: row.try_get("may_reschedule")?,
            reschedule_until: row.try_get("reschedule_until")?,
        })
    }
}

/// See one's booking
///
/// And what may still be done about it. The token came with the booking; a page that has it from its own address, as from
/// a link in an e-mail, sends it on as a header.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/manage/booking",
    operation_id = "show",
    tag = "booking",
    params(OfTenant, ("Booking-Token" = String, Header, description = "The manage token of the booking")),
    responses((status = 200, description = "The booking", body = ManagedBooking), Problems),
    security((), ("bearer" = []))
)]
pub async fn show(at: At<OfTenant>, BookingToken(token): BookingToken) -> Answer<ManagedBooking> {
    let row = at.look(TRY_SHOW, &[(&token, Type::TEXT)]).await?;
    Ok((PRIVATE, Json(ManagedBooking::try_from(&row)?)))
}
