//! Services: what is booked. What each takes: [`super::requirements`].

use serde_json::{Map, Value, json};
use tokio_postgres::types::{self, Type};

use super::service_body::{NewService, Service, ServiceSettings};
use super::{Owner, Page, Removed, Wanted, Written};
use crate::db::Param;
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::problem::Problem;
use crate::routes::{Answer, Created, OfService, OfTenant, PRIVATE};

const SERVICES: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_services(booking.member_tenant($1), $2, $3) l";

const SERVICE: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.member_tenant($1) t
    cross join booking.list_services(t, service => booking.service_of(t, $2)) l";

const CREATE: &str = "
    select booking.create_service(booking.member_tenant($1, 'manager'), $2, $3, $4) as id";

const PATCH: &str = "
    select booking.patch_service(t, booking.service_of(t, $2), $3) as id
    from booking.member_tenant($1, 'manager') t";

const DELETE: &str = "
    select booking.delete_service(t, booking.service_of(t, $2)) as outcome
    from booking.member_tenant($1, 'manager') t";

/// The services of a tenant
///
/// Also those that are switched off or not public, with what they take.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/services",
    operation_id = "admin_services",
    tag = "owner",
    params(OfTenant, Wanted),
    responses((status = 200, description = "A page of them, by slug", body = Page<Service>), Problems),
    security(("bearer" = []))
)]
pub async fn list(owner: Owner<OfTenant, Wanted>) -> Answer<Page<Service>> {
    owner.list(SERVICES).await
}

/// A service
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/services/{service}",
    operation_id = "admin_service",
    tag = "owner",
    params(OfService),
    responses((status = 200, description = "The service", body = Service), Problems),
    security(("bearer" = []))
)]
pub async fn show(owner: Owner<OfService>) -> Answer<Service> {
    let rows = owner.read(SERVICE, &[]).await?;
    let row = rows.first().ok_or_else(Problem::not_found)?;
    let types::Json(found) = row.try_get("item")?;
    Ok((PRIVATE, axum::Json(found)))
}

/// Create a service
///
/// Of any kind: slots, stays in nights, free spans.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/services",
    operation_id = "admin_create_service",
    tag = "owner",
    params(OfTenant),
    request_body = NewService,
    responses((status = 201, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(owner: Owner<OfTenant>, Json(new): Json<NewService>) -> Created<Written> {
    let params: &[Param<'_>] = &[
        (&new.slug, Type::TEXT),
        (&Value::Object(new.settings), Type::JSONB),
        (&json!(new.requirements), Type::JSONB),
    ];
    owner.created(CREATE, params).await
}

/// Change a service
///
/// What is named, and nothing else; also its `slug`.
#[utoipa::path(
    patch,
    path = "/v1/{tenant}/admin/services/{service}",
    operation_id = "admin_change_service",
    tag = "owner",
    params(OfService),
    request_body = ServiceSettings,
    responses((status = 200, description = "It is changed", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn change(
    owner: Owner<OfService>,
    Json(changes): Json<Map<String, Value>>,
) -> Answer<Written> {
    owner
        .written(PATCH, &[(&Value::Object(changes), Type::JSONB)])
        .await
}

/// Delete a service
///
/// One that was booked, or is held, is switched off instead.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/services/{service}",
    operation_id = "admin_delete_service",
    tag = "owner",
    params(OfService),
    responses((status = 200, description = "It is gone, or switched off", body = Removed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(owner: Owner<OfService>) -> Answer<Removed> {
    owner.removed(DELETE).await
}
