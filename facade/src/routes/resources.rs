//! Who or what can be booked.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::OfTenant;
use crate::cache::{Reader, Rows, json};
use crate::extract::{Path, Query};
use crate::openapi::Problems;
use crate::problem::Problem;
use crate::state::AppState;

const RESOURCES: &str = "
    select resource_id, slug, name, zone, location_id, location
    from booking_api.resources(tenant => $1, service => $2)";

/// Which resources are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only those of this service, by slug or id
    #[param(nullable = false)]
    service: Option<String>,
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Resources<'a> {
    #[schema(value_type = Vec<Resource<'static>>)]
    resources: Rows<'a, Resource<'a>>,
}

/// One public resource.
#[derive(Serialize, ToSchema)]
pub struct Resource<'a> {
    resource_id: Uuid,
    slug: &'a str,
    name: &'a str,
    /// Its time zone, as IANA names it
    zone: &'a str,
    location_id: Option<Uuid>,
    /// The name of where it stands
    location: Option<&'a str>,
}

impl<'a> TryFrom<&'a Row> for Resource<'a> {
    type Error = tokio_postgres::Error;

    fn try_from(row: &'a Row) -> Result<Self, Self::Error> {
        Ok(Self {
            resource_id: row.try_get("resource_id")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            zone: row.try_get("zone")?,
            location_id: row.try_get("location_id")?,
            location: row.try_get("location")?,
        })
    }
}

/// Who or what can be booked
///
/// The public resources of a tenant, or of one of its services.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/resources",
    operation_id = "resources",
    tag = "calendar",
    params(OfTenant, Wanted),
    responses(
        (status = 200, description = "Its resources", body = Resources<'static>, headers(("ETag" = String, description = "For `If-None-Match`"))),
        (status = 304, description = "As `If-None-Match` knows them"),
        Problems
    ),
    security((), ("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(OfTenant { tenant }): Path<OfTenant>,
    Query(wanted): Query<Wanted>,
    reader: Reader,
) -> Result<Response, Problem> {
    let params = [
        (&tenant as _, Type::TEXT),
        (&wanted.service as _, Type::TEXT),
    ];
    let write = |rows: &[Row]| {
        json(&Resources {
            resources: Rows::new(rows),
        })
    };
    reader
        .shared(&state, "resources", RESOURCES, &params, write)
        .await
}
