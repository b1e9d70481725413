//! One's own booking for one's own calendar: iCalendar (RFC 5545), by its manage token.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::{At, OfTenant, PRIVATE};
use crate::extract::BookingToken;
use crate::ics::{Entry, When};
use crate::openapi::Problems;
use crate::problem::Problem;

const TRY_SHOW: &str = "
    select booking_id, service, status, starts_at, ends_at, stay, timezone(zone, starts_at)::date as arrival,
           timezone(zone, ends_at)::date as departure, resources, location, sequence, code, detail
    from booking_api.try_show(tenant => $1, token => $2)";

impl TryFrom<&Row> for Entry {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            booking_id: row.try_get("booking_id")?,
            sequence: row.try_get("sequence")?,
            status: row.try_get("status")?,
            when: match row.try_get("stay")? {
                true => When::Nights(row.try_get("arrival")?, row.try_get("departure")?),
                false => When::Hours(row.try_get("starts_at")?, row.try_get("ends_at")?),
            },
            service: row.try_get("service")?,
            resources: row.try_get("resources")?,
            location: row.try_get("location")?,
        })
    }
}

/// One's booking for one's calendar
///
/// An entry that a calendar takes up, and recognises when the booking has moved or is cancelled. The token is a header: a page
/// fetches it and hands it on as a file.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/manage/booking.ics",
    operation_id = "calendar",
    tag = "booking",
    params(OfTenant, ("Booking-Token" = String, Header, description = "The manage token of the booking")),
    responses((status = 200, description = "The booking, as an entry of a calendar", body = String, content_type = "text/calendar"), Problems),
    security((), ("bearer" = []))
)]
pub async fn download(
    at: At<OfTenant>,
    BookingToken(token): BookingToken,
) -> Result<impl IntoResponse, Problem> {
    let row = at.look(TRY_SHOW, &[(&token, Type::TEXT)]).await?;
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/calendar; charset=utf-8; method=PUBLISH"),
        ),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"booking.ics\""),
        ),
    ];
    Ok((PRIVATE, headers, Entry::try_from(&row)?.write()))
}
