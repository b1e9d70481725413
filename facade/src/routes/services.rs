//! What can be booked.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OfTenant, SHARED};
use crate::caller::Caller;
use crate::extract::Path;
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const SERVICES: &str = "
    select service_id, slug, name, zone, durations, step
    from booking_api.services(tenant => $1)";

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Services {
    services: Vec<Service>,
}

/// One public service.
#[derive(Serialize, ToSchema)]
pub struct Service {
    service_id: Uuid,
    slug: String,
    name: String,
    /// Its time zone, as IANA names it
    zone: String,
    /// How long a booking may be
    durations_minutes: Vec<i32>,
    /// How far apart its starts are
    step_minutes: i32,
}

impl TryFrom<&Row> for Service {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            service_id: row.try_get("service_id")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            zone: row.try_get("zone")?,
            durations_minutes: row.try_get("durations")?,
            step_minutes: row.try_get("step")?,
        })
    }
}

/// What can be booked
///
/// The public services of a tenant.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/services",
    operation_id = "services",
    tag = "calendar",
    params(OfTenant),
    responses((status = 200, description = "Its services", body = Services), Problems),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Path(OfTenant { tenant }): Path<OfTenant>,
) -> Result<impl IntoResponse, Problem> {
    let rows = state
        .db
        .read(&caller, SERVICES, &[(&tenant, Type::TEXT)])
        .await?;
    let services = rows
        .iter()
        .map(Service::try_from)
        .collect::<Result<_, _>>()?;
    Ok((SHARED, Json(Services { services })))
}
