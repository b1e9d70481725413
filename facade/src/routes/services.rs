//! What can be booked.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::SHARED;
use crate::extract::Path;
use crate::problem::Problem;
use crate::state::AppState;

const SERVICES: &str = "
    select service_id, slug, name, zone, durations, step
    from booking_api.services(tenant => $1)";

/// The body of the answer.
#[derive(Serialize)]
pub struct Services {
    services: Vec<Service>,
}

/// One public service.
#[derive(Serialize)]
pub struct Service {
    service_id: Uuid,
    slug: String,
    name: String,
    zone: String,
    durations_minutes: Vec<i32>,
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

/// `GET /v1/{tenant}/services`
pub async fn list(
    State(state): State<AppState>,
    Path(tenant): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let rows = state.db.read(SERVICES, &[(&tenant, Type::TEXT)]).await?;
    let services = rows
        .iter()
        .map(Service::try_from)
        .collect::<Result<_, _>>()?;
    Ok((SHARED, Json(Services { services })))
}
