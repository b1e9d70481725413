//! The routes of a calculator of pre-computed slots, in its addresses and shapes: what is free with whom, a reservation of ten
//! minutes, an appointment from it. [`crate::context`] says in its words what goes wrong. Next: `recalculation.rs`.

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::PRIVATE;
use crate::caller::{Caller, SignedIn, Who};
use crate::extract::{IdempotencyKey, Json, Query};
use crate::instant::Instant;
use crate::openapi::Failures;
use crate::problem::Problem;
use crate::refusal;
use crate::secret::Secret;
use crate::state::AppState;

const STAFF_SLOTS: &str = "
    select slot_id, starts_at, ends_at, minutes, location_id
    from booking_api.staff_slots(tenant => $1, start_date => $2, end_date => $3, staff => $4, duration_minutes => $5)";

const TRY_RESERVE: &str = "
    select expires_at, code, detail
    from booking_api.try_reserve(slot_id => $1, session_id => $2)";

const TRY_APPOINTMENT: &str = "
    select booking_id, payment_required, payment_url, code, detail
    from booking_api.try_appointment(slot_id => $1, session_id => $2, customer => $3, idempotency_key => $4)";

/// Which slots are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WantedSlots {
    /// Slug or id of the tenant
    tenant_id: String,
    /// Only with this resource
    staff_id: Option<Uuid>,
    /// The first local date
    #[serde(deserialize_with = "crate::instant::date")]
    start_date: NaiveDate,
    /// The last one; 399 dates at most
    #[serde(deserialize_with = "crate::instant::date")]
    end_date: NaiveDate,
    /// Only of services that have this length; without it, each its shortest
    #[param(minimum = 1, maximum = 525600)]
    duration_minutes: Option<i32>,
}

/// What is free.
#[derive(Serialize, ToSchema)]
pub struct StaffSlots {
    success: bool,
    slots: Vec<StaffSlot>,
}

/// A start with one resource.
#[derive(Serialize, ToSchema)]
pub struct StaffSlot {
    /// Alone says what it is: to be reserved
    id: String,
    start_time: Instant,
    end_time: Instant,
    duration_minutes: i32,
    location_id: Option<Uuid>,
}

impl TryFrom<&Row> for StaffSlot {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row.try_get("slot_id")?,
            start_time: row.try_get("starts_at")?,
            end_time: row.try_get("ends_at")?,
            duration_minutes: row.try_get("minutes")?,
            location_id: row.try_get("location_id")?,
        })
    }
}

/// What is free, by local dates
///
/// Of all public services, a row for each resource and start.
#[utoipa::path(
    get,
    path = "/api/booking/get-available-slots",
    operation_id = "get-available-slots",
    tag = "appointments",
    params(WantedSlots),
    responses((status = 200, description = "What is free", body = StaffSlots), Failures),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(wanted): Query<WantedSlots>,
) -> Result<impl IntoResponse, Problem> {
    let rows = state
        .db
        .read(
            &caller,
            STAFF_SLOTS,
            &[
                (&wanted.tenant_id, Type::TEXT),
                (&wanted.start_date, Type::DATE),
                (&wanted.end_date, Type::DATE),
                (&wanted.staff_id, Type::UUID),
                (&wanted.duration_minutes, Type::INT4),
            ],
        )
        .await?;
    let slots = rows
        .iter()
        .map(StaffSlot::try_from)
        .collect::<Result<_, _>>()?;
    Ok((
        PRIVATE,
        axum::Json(StaffSlots {
            success: true,
            slots,
        }),
    ))
}

/// What is to be reserved, and by whom.
#[derive(Deserialize, ToSchema)]
pub struct NewReservation {
    /// The `id` of a slot
    slot_id: String,
    /// The visitor's session: whoever knows it has the reservation
    #[schema(value_type = String, min_length = 16, max_length = 1024)]
    session_id: Secret<String>,
}

/// It is kept until then.
#[derive(Serialize, ToSchema)]
pub struct Reservation {
    success: bool,
    reserved_until: Instant,
    message: &'static str,
}

/// Reserve a slot for ten minutes
#[utoipa::path(
    post,
    path = "/api/booking/reserve-slot",
    operation_id = "reserve-slot",
    tag = "appointments",
    request_body = NewReservation,
    responses((status = 200, description = "It is reserved", body = Reservation), Failures),
    security((), ("bearer" = []))
)]
pub async fn reserve(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewReservation>,
) -> Result<impl IntoResponse, Problem> {
    let row = state
        .db
        .write(
            &caller,
            TRY_RESERVE,
            &[(&new.slot_id, Type::TEXT), (&new.session_id, Type::TEXT)],
        )
        .await?;
    refusal::check(&row)?;
    Ok((
        PRIVATE,
        axum::Json(Reservation {
            success: true,
            reserved_until: row.try_get("expires_at")?,
            message: "the slot is reserved",
        }),
    ))
}

/// What was reserved, and for whom it is.
#[derive(Deserialize, ToSchema)]
pub struct NewAppointment {
    /// The `id` of the slot that was reserved
    slot_id: String,
    /// The session that reserved it; without it, the `session_id` of the token, else its `sub`
    #[schema(value_type = Option<String>, min_length = 16, max_length = 1024)]
    session_id: Option<Secret<String>>,
    /// About the customer: `name`, `email`, `phone`, and whatever else is to be kept
    #[schema(value_type = Object)]
    user_data: Secret<Map<String, Value>>,
    appointment_type: Option<String>,
    #[schema(value_type = Option<String>)]
    notes: Option<Secret<String>>,
}

/// It is made.
#[derive(Serialize, ToSchema)]
pub struct Appointment {
    success: bool,
    appointment_id: Uuid,
    /// It waits until it is paid for
    payment_required: bool,
    payment_url: Option<String>,
}

/// Make an appointment of what is reserved
///
/// By the session that still holds it, and nobody else. An `Idempotency-Key` is not needed; with one a repeat is answered as the
/// first was.
#[utoipa::path(
    post,
    path = "/api/booking/create-appointment",
    operation_id = "create-appointment",
    tag = "appointments",
    params(("Idempotency-Key" = Option<String>, Header, description = "Says that this is the same request as one before", min_length = 1, max_length = 255)),
    request_body = NewAppointment,
    responses((status = 200, description = "It is made, or waits for approval or payment", body = Appointment), Failures),
    security(("bearer" = []))
)]
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    IdempotencyKey(key): IdempotencyKey,
    Json(new): Json<NewAppointment>,
) -> Result<impl IntoResponse, Problem> {
    let session = new.session_id.or_else(|| session_of(&caller.who));
    let mut customer = new.user_data.0;
    if let Some(kind) = new.appointment_type {
        customer.insert("appointment_type".into(), kind.into());
    }
    if let Some(Secret(notes)) = new.notes {
        customer.insert("notes".into(), notes.into());
    }
    let customer = Secret(Value::Object(customer));
    let row = state
        .db
        .write(
            &caller,
            TRY_APPOINTMENT,
            &[
                (&new.slot_id, Type::TEXT),
                (&session, Type::TEXT),
                (&customer, Type::JSONB),
                (&key, Type::TEXT),
            ],
        )
        .await?;
    refusal::check(&row)?;
    Ok((
        PRIVATE,
        axum::Json(Appointment {
            success: true,
            appointment_id: row.try_get("booking_id")?,
            payment_required: row.try_get("payment_required")?,
            payment_url: row.try_get("payment_url")?,
        }),
    ))
}

/// The session that a token speaks for, where a client keeps none of its own.
fn session_of(who: &Who) -> Option<Secret<String>> {
    let Who::SignedIn(Secret(claims)) = who else {
        return None;
    };
    let claims: Map<String, Value> = serde_json::from_str(claims).ok()?;
    let claim = claims.get("session_id").or(claims.get("sub"))?;
    claim.as_str().map(|session| Secret(session.to_owned()))
}
