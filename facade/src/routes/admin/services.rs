//! Services: what is booked. What each takes: [`super::requirements`].

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use tokio_postgres::types::{self, Type};

use super::service_body::{NewService, Service, ServiceSettings};
use super::{Page, Removed, Wanted, Written, page, removed, size, written};
use crate::caller::SignedIn;
use crate::db::Param;
use crate::extract::{Json, NoQuery, Path, Query};
use crate::openapi::{Problems, WriteProblems};
use crate::problem::Problem;
use crate::routes::{OfService, OfTenant, PRIVATE};
use crate::state::AppState;

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
    page::<Service>(&state, &caller, SERVICES, params, max).await
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
pub async fn show(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfService { tenant, service }): Path<OfService>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[(&tenant, Type::TEXT), (&service, Type::TEXT)];
    let rows = state.db.read(&caller, SERVICE, params).await?;
    let row = rows.first().ok_or_else(Problem::not_found)?;
    let types::Json(found) = row.try_get::<_, types::Json<Service>>("item")?;
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
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfTenant { tenant }): Path<OfTenant>,
    _: NoQuery,
    Json(new): Json<NewService>,
) -> Result<impl IntoResponse, Problem> {
    let settings = Value::Object(new.settings);
    let requirements = json!(new.requirements);
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&new.slug, Type::TEXT),
        (&settings, Type::JSONB),
        (&requirements, Type::JSONB),
    ];
    let service = written(&state, &caller, CREATE, params).await?;
    Ok((StatusCode::CREATED, service))
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
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfService { tenant, service }): Path<OfService>,
    _: NoQuery,
    Json(changes): Json<Map<String, Value>>,
) -> Result<impl IntoResponse, Problem> {
    let changes = Value::Object(changes);
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&service, Type::TEXT),
        (&changes, Type::JSONB),
    ];
    written(&state, &caller, PATCH, params).await
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
pub async fn remove(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfService { tenant, service }): Path<OfService>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[(&tenant, Type::TEXT), (&service, Type::TEXT)];
    removed(&state, &caller, DELETE, params).await
}
