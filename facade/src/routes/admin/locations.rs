//! Locations: where resources stand and windows take place.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, Wanted, Written, done, page, size, written};
use crate::caller::{Caller, SignedIn};
use crate::db::Param;
use crate::extract::{Json, NoQuery, Path, Query};
use crate::openapi::{Problems, WriteProblems};
use crate::problem::Problem;
use crate::routes::{OfTenant, OfThing};
use crate::state::AppState;

const LOCATIONS: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_locations(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select booking.put_location(booking.member_tenant($1, 'manager'), slug => $2, name => $3, location => $4) as id";

const DELETE: &str = "
    select from booking.delete_location(booking.member_tenant($1, 'manager'), $2)";

/// A location.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Location {
    location_id: Uuid,
    slug: String,
    name: String,
    /// Those that stand there
    resources: Vec<Uuid>,
}

/// What a location is called. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationBody {
    slug: Option<String>,
    name: Option<String>,
}

/// The locations of a tenant
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/locations",
    operation_id = "admin_locations",
    tag = "owner",
    params(OfTenant, Wanted),
    responses((status = 200, description = "A page of them, by slug", body = Page<Location>), Problems),
    security(("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfTenant { tenant }): Path<OfTenant>,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let max = size(wanted.max);
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&wanted.after, Type::TEXT),
        (&max, Type::INT4),
    ];
    page::<Location>(&state, &caller, LOCATIONS, params, max).await
}

/// Create a location
///
/// Or rename the one of that slug.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/locations",
    operation_id = "admin_put_location",
    tag = "owner",
    params(OfTenant),
    request_body = LocationBody,
    responses((status = 200, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfTenant { tenant }): Path<OfTenant>,
    _: NoQuery,
    Json(body): Json<LocationBody>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, &tenant, &body, None).await
}

/// Change a location
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/locations/{id}",
    operation_id = "admin_change_location",
    tag = "owner",
    params(OfThing),
    request_body = LocationBody,
    responses((status = 200, description = "It is changed", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn replace(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfThing { tenant, id }): Path<OfThing>,
    _: NoQuery,
    Json(body): Json<LocationBody>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, &tenant, &body, Some(id)).await
}

async fn put(
    state: &AppState,
    caller: &Caller,
    tenant: &str,
    body: &LocationBody,
    id: Option<Uuid>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&body.slug, Type::TEXT),
        (&body.name, Type::TEXT),
        (&id, Type::UUID),
    ];
    written(state, caller, PUT, params).await
}

/// Delete a location
///
/// Unless resources, rules or overrides are there.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/locations/{id}",
    operation_id = "admin_delete_location",
    tag = "owner",
    params(OfThing),
    responses((status = 204, description = "It is gone"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfThing { tenant, id }): Path<OfThing>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[(&tenant, Type::TEXT), (&id, Type::UUID)];
    done(&state, &caller, DELETE, params).await
}
