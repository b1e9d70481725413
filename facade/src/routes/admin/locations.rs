//! Locations: where resources stand and windows take place.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{New, Owner, Page, Wanted, Written};
use crate::db::Param;
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, Done, OfTenant, OfThing};

const LOCATIONS: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_locations(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select booking.put_location(booking.member_tenant($1, 'manager'), location => $2, slug => $3, name => $4) as id";

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

impl LocationBody {
    fn params(&self) -> [Param<'_>; 2] {
        [(&self.slug, Type::TEXT), (&self.name, Type::TEXT)]
    }
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
pub async fn list(owner: Owner<OfTenant, Wanted>) -> Answer<Page<Location>> {
    owner.list(LOCATIONS).await
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
    owner: Owner<New<OfTenant>>,
    Json(body): Json<LocationBody>,
) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn replace(owner: Owner<OfThing>, Json(body): Json<LocationBody>) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn remove(owner: Owner<OfThing>) -> Done {
    owner.done(DELETE, &[]).await
}
