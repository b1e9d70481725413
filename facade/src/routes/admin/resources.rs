//! Resources: what is booked of, and its weekly hours in a line.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OfResource, Owner, Page, Removed, Wanted, Written};
use crate::db::Param;
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, OfTenant};

const RESOURCES: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_resources(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select booking.put_resource(
        booking.member_tenant($1, 'manager'), slug => $2, name => $3, zone => $4, grain => $5, capacity => $6, schedule => $7,
        location => $8, active => $9, public => $10, metadata => $11) as id";

const PATCH: &str = "
    select booking.patch_resource(t, booking.resource_of(t, $2), $3) as id
    from booking.member_tenant($1, 'manager') t";

const DELETE: &str = "
    select booking.delete_resource(t, booking.resource_of(t, $2)) as outcome
    from booking.member_tenant($1, 'manager') t";

const PUT_HOURS: &str = "
    select booking.put_hours(t, booking.resource_of(t, $2), $3) as id
    from booking.member_tenant($1, 'manager') t";

/// A resource.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = OwnersResource)]
pub struct Resource {
    resource_id: Uuid,
    slug: String,
    name: String,
    zone: String,
    /// Minutes a slot
    grain: i32,
    /// Identical units
    capacity: i32,
    /// Its hours; null: always open
    schedule_id: Option<Uuid>,
    location_id: Option<Uuid>,
    active: bool,
    public: bool,
    #[schema(value_type = Object)]
    metadata: Value,
    /// Those that take it
    services: Vec<Uuid>,
}

/// What a resource is like. What is left out stays as it is; of a new one, `slug` and `name` are needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceBody {
    slug: String,
    name: Option<String>,
    /// As IANA names it; that of the tenant for a new one
    zone: Option<String>,
    /// Minutes a slot: 1, 5, 10, 15, 20, 30 or 60
    grain: Option<i32>,
    /// Identical units
    capacity: Option<i32>,
    schedule_id: Option<Uuid>,
    location_id: Option<Uuid>,
    active: Option<bool>,
    public: Option<bool>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// What to change of a resource. What is left out stays as it is, null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the engine reads the changes; this describes them"
)]
pub struct ResourceChanges {
    slug: Option<String>,
    name: Option<String>,
    zone: Option<String>,
    grain: Option<i32>,
    capacity: Option<i32>,
    schedule_id: Option<Uuid>,
    location_id: Option<Uuid>,
    active: Option<bool>,
    public: Option<bool>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// Weekly hours.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On the clock of its zone, such as `Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00`
    hours: String,
}

/// The resources of a tenant
///
/// Also those that are switched off or not public.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/resources",
    operation_id = "admin_resources",
    tag = "owner",
    params(OfTenant, Wanted),
    responses((status = 200, description = "A page of them, by slug", body = Page<Resource>), Problems),
    security(("bearer" = []))
)]
pub async fn list(owner: Owner<OfTenant, Wanted>) -> Answer<Page<Resource>> {
    owner.list(RESOURCES).await
}

/// Create a resource
///
/// Or change the one of that slug.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/resources",
    operation_id = "admin_put_resource",
    tag = "owner",
    params(OfTenant),
    request_body = ResourceBody,
    responses((status = 200, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn put(owner: Owner<OfTenant>, Json(body): Json<ResourceBody>) -> Answer<Written> {
    let metadata = body.metadata.map(Value::Object);
    let params: &[Param<'_>] = &[
        (&body.slug, Type::TEXT),
        (&body.name, Type::TEXT),
        (&body.zone, Type::TEXT),
        (&body.grain, Type::INT4),
        (&body.capacity, Type::INT4),
        (&body.schedule_id, Type::UUID),
        (&body.location_id, Type::UUID),
        (&body.active, Type::BOOL),
        (&body.public, Type::BOOL),
        (&metadata, Type::JSONB),
    ];
    owner.written(PUT, params).await
}

/// Change a resource
///
/// What is named, and nothing else.
#[utoipa::path(
    patch,
    path = "/v1/{tenant}/admin/resources/{resource}",
    operation_id = "admin_change_resource",
    tag = "owner",
    params(OfResource),
    request_body = ResourceChanges,
    responses((status = 200, description = "It is changed", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn change(
    owner: Owner<OfResource>,
    Json(changes): Json<Map<String, Value>>,
) -> Answer<Written> {
    owner
        .written(PATCH, &[(&Value::Object(changes), Type::JSONB)])
        .await
}

/// Delete a resource
///
/// One that was booked, or is held, is switched off instead; one that services take stays.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/resources/{resource}",
    operation_id = "admin_delete_resource",
    tag = "owner",
    params(OfResource),
    responses((status = 200, description = "It is gone, or switched off", body = Removed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(owner: Owner<OfResource>) -> Answer<Removed> {
    owner.removed(DELETE).await
}

/// Set the weekly hours of a resource
///
/// In place of those that it has; overrides stay.
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/resources/{resource}/hours",
    operation_id = "admin_put_hours",
    tag = "owner",
    params(OfResource),
    request_body = Hours,
    responses((status = 200, description = "The schedule that it has now", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn put_hours(owner: Owner<OfResource>, Json(body): Json<Hours>) -> Answer<Written> {
    owner.written(PUT_HOURS, &[(&body.hours, Type::TEXT)]).await
}
