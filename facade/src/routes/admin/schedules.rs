//! Schedules: opening hours that many resources may share. Their windows: [`super::rules`], [`super::overrides`].

use axum::extract::State;
use axum::http::StatusCode;
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

const SCHEDULES: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_schedules(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select booking.put_schedule(
        booking.member_tenant($1, 'manager'), name => $2, zone => $3, holiday_set => $4, schedule => $5) as id";

const DELETE: &str = "
    select from booking.delete_schedule(booking.member_tenant($1, 'manager'), $2)";

/// A schedule.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    schedule_id: Uuid,
    name: String,
    zone: String,
    holiday_set_id: Option<Uuid>,
    /// How many weekly windows it has
    rules: i64,
    /// How many overrides
    overrides: i64,
    /// Those that have these hours
    resources: Vec<Uuid>,
    services: Vec<Uuid>,
}

/// What a schedule is like. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    name: Option<String>,
    /// As IANA names it; that of the tenant for a new one
    zone: Option<String>,
    holiday_set_id: Option<Uuid>,
}

/// The schedules of a tenant
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/schedules",
    operation_id = "admin_schedules",
    tag = "owner",
    params(OfTenant, Wanted),
    responses((status = 200, description = "A page of them, by name", body = Page<Schedule>), Problems),
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
    page::<Schedule>(&state, &caller, SCHEDULES, params, max).await
}

/// Create a schedule
///
/// Never open until it has rules.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/schedules",
    operation_id = "admin_create_schedule",
    tag = "owner",
    params(OfTenant),
    request_body = ScheduleBody,
    responses((status = 201, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfTenant { tenant }): Path<OfTenant>,
    _: NoQuery,
    Json(body): Json<ScheduleBody>,
) -> Result<impl IntoResponse, Problem> {
    Ok((
        StatusCode::CREATED,
        put(&state, &caller, &tenant, &body, None).await?,
    ))
}

/// Change a schedule
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/schedules/{id}",
    operation_id = "admin_change_schedule",
    tag = "owner",
    params(OfThing),
    request_body = ScheduleBody,
    responses((status = 200, description = "It is changed", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn replace(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfThing { tenant, id }): Path<OfThing>,
    _: NoQuery,
    Json(body): Json<ScheduleBody>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, &tenant, &body, Some(id)).await
}

async fn put(
    state: &AppState,
    caller: &Caller,
    tenant: &str,
    body: &ScheduleBody,
    id: Option<Uuid>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&body.name, Type::TEXT),
        (&body.zone, Type::TEXT),
        (&body.holiday_set_id, Type::UUID),
        (&id, Type::UUID),
    ];
    written(state, caller, PUT, params).await
}

/// Delete a schedule
///
/// With its rules and overrides, unless a resource or a service uses it.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/schedules/{id}",
    operation_id = "admin_delete_schedule",
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
