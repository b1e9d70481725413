//! What can be booked.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::OfTenant;
use crate::cache::{Reader, Rows, json};
use crate::extract::{Nothing, Path, Query};
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const SERVICES: &str = "
    select service_id, slug, name, zone, durations, step
    from booking_api.services(tenant => $1)";

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Services<'a> {
    #[schema(value_type = Vec<Service<'static>>)]
    services: Rows<'a, Service<'a>>,
}

/// One public service.
#[derive(Serialize, ToSchema)]
pub struct Service<'a> {
    service_id: Uuid,
    slug: &'a str,
    name: &'a str,
    /// Its time zone, as IANA names it
    zone: &'a str,
    /// How long a booking may be
    durations_minutes: Vec<i32>,
    /// How far apart its starts are
    step_minutes: i32,
}

impl<'a> TryFrom<&'a Row> for Service<'a> {
    type Error = tokio_postgres::Error;

    fn try_from(row: &'a Row) -> Result<Self, Self::Error> {
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
    responses(
        (status = 200, description = "Its services", body = Services<'static>, headers(("ETag" = String, description = "For `If-None-Match`"))),
        (status = 304, description = "As `If-None-Match` knows them"),
        Problems
    ),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(OfTenant { tenant }): Path<OfTenant>,
    _: Query<Nothing>,
    reader: Reader,
) -> Result<Response, Problem> {
    let write = |rows: &[Row]| {
        json(&Services {
            services: Rows::new(rows),
        })
    };
    reader
        .shared(
            &state,
            "services",
            SERVICES,
            &[(&tenant, Type::TEXT)],
            write,
        )
        .await
}
