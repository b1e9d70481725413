//! Overrides: other hours of a schedule on some dates, or none.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{OfSchedule, OfScheduleThing, Page, Written, done, page, size, written};
use crate::caller::{Caller, SignedIn};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{Json, NoQuery, Path, Query};
use crate::openapi::{Problems, WriteProblems};
use crate::problem::Problem;
use crate::state::AppState;

const OVERRIDES: &str = "
    select to_jsonb(l) - 'cursor' - 'dates' || jsonb_build_object('from', lower(l.dates), 'to', upper(l.dates)) as item, l.cursor
    from booking.list_overrides(booking.member_tenant($1), $2, cast($3 as date), cast($4 as date), $5, $6) l";

const PUT: &str = "
    select booking.put_override(
        booking.member_tenant($1, 'manager'), schedule => $2,
        dates => daterange(cast($3 as date), coalesce(cast($4 as date), cast($3 as date) + 1)),
        opens => cast($5 as time), closes => cast($6 as time), location => $7, reason => $8, override => $9) as id";

const DELETE: &str = "
    select from booking.delete_override(booking.member_tenant($1, 'manager'), $2, $3)";

/// Which overrides are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WantedOverrides {
    /// The first local date
    from: Option<String>,
    /// The date after the last one
    to: Option<String>,
    /// `next` of the page before
    after: Option<String>,
    /// How many at most; 100 without it
    #[param(value_type = Option<i32>, minimum = 1, maximum = 1000)]
    max: Option<Count>,
}

/// Other hours on some dates.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Override {
    override_id: Uuid,
    schedule_id: Uuid,
    /// The first local date
    from: String,
    /// The date after the last one
    to: String,
    /// Null: closed
    opens: Option<String>,
    closes: Option<String>,
    location_id: Option<Uuid>,
    reason: Option<String>,
}

/// Other hours on some dates, as a whole: one window, or closed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideBody {
    /// The first local date, such as `2026-12-24`
    from: String,
    /// The date after the last one; without it, `from` alone
    to: Option<String>,
    /// Such as `10:00`; without times: closed
    opens: Option<String>,
    closes: Option<String>,
    location_id: Option<Uuid>,
    reason: Option<String>,
}

/// The overrides of a schedule
///
/// By their first date.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/schedules/{schedule}/overrides",
    operation_id = "admin_overrides",
    tag = "owner",
    params(OfSchedule, WantedOverrides),
    responses((status = 200, description = "A page of them", body = Page<Override>), Problems),
    security(("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfSchedule { tenant, schedule }): Path<OfSchedule>,
    Query(wanted): Query<WantedOverrides>,
) -> Result<impl IntoResponse, Problem> {
    let max = size(wanted.max);
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&schedule, Type::UUID),
        (&wanted.from, Type::TEXT),
        (&wanted.to, Type::TEXT),
        (&wanted.after, Type::TEXT),
        (&max, Type::INT4),
    ];
    page::<Override>(&state, &caller, OVERRIDES, params, max).await
}

/// Add an override
///
/// Several windows on the same dates are several overrides.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/schedules/{schedule}/overrides",
    operation_id = "admin_create_override",
    tag = "owner",
    params(OfSchedule),
    request_body = OverrideBody,
    responses((status = 201, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfSchedule { tenant, schedule }): Path<OfSchedule>,
    _: NoQuery,
    Json(body): Json<OverrideBody>,
) -> Result<impl IntoResponse, Problem> {
    let added = put(&state, &caller, &tenant, schedule, &body, None).await?;
    Ok((StatusCode::CREATED, added))
}

/// Set an override anew
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/schedules/{schedule}/overrides/{id}",
    operation_id = "admin_replace_override",
    tag = "owner",
    params(OfScheduleThing),
    request_body = OverrideBody,
    responses((status = 200, description = "It is set", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn replace(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfScheduleThing {
        tenant,
        schedule,
        id,
    }): Path<OfScheduleThing>,
    _: NoQuery,
    Json(body): Json<OverrideBody>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, &tenant, schedule, &body, Some(id)).await
}

async fn put(
    state: &AppState,
    caller: &Caller,
    tenant: &str,
    schedule: Uuid,
    body: &OverrideBody,
    id: Option<Uuid>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&schedule, Type::UUID),
        (&body.from, Type::TEXT),
        (&body.to, Type::TEXT),
        (&body.opens, Type::TEXT),
        (&body.closes, Type::TEXT),
        (&body.location_id, Type::UUID),
        (&body.reason, Type::TEXT),
        (&id, Type::UUID),
    ];
    written(state, caller, PUT, params).await
}

/// Delete an override
///
/// The weekly windows hold again.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/schedules/{schedule}/overrides/{id}",
    operation_id = "admin_delete_override",
    tag = "owner",
    params(OfScheduleThing),
    responses((status = 204, description = "It is gone"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfScheduleThing {
        tenant,
        schedule,
        id,
    }): Path<OfScheduleThing>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&schedule, Type::UUID),
        (&id, Type::UUID),
    ];
    done(&state, &caller, DELETE, params).await
}
