//! Busy windows: times of a resource that something outside has taken.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Page, Written, done, page, size, written};
use crate::caller::{Caller, SignedIn};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{Json, NoQuery, Path, Query};
use crate::instant::Instant;
use crate::openapi::{Problems, WriteProblems};
use crate::problem::Problem;
use crate::routes::{OfTenant, OfThing};
use crate::state::AppState;

const BUSY_WINDOWS: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.member_tenant($1) t
    cross join booking.list_busy_windows(t, $2, $3, booking.resource_of(t, $4), $5, $6) l";

const PUT: &str = "
    select booking.put_busy_window(
        t, resource => booking.resource_of(t, $2), span => tstzrange($3, $4), reason => $5, connection => $6, external_id => $7,
        busy_window => $8) as id
    from booking.member_tenant($1, 'manager') t";

const DELETE: &str = "
    select from booking.delete_busy_window(booking.member_tenant($1, 'manager'), $2)";

/// Which busy windows are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WantedBusy {
    /// Those that end after it
    from: Option<Instant>,
    /// Those that begin before it
    to: Option<Instant>,
    /// Slug or id of a resource
    resource: Option<String>,
    /// `next` of the page before
    after: Option<String>,
    /// How many at most; 100 without it
    #[param(value_type = Option<i32>, minimum = 1, maximum = 1000)]
    max: Option<Count>,
}

/// Busy time of a resource.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BusyWindow {
    busy_window_id: Uuid,
    resource_id: Uuid,
    starts_at: Instant,
    ends_at: Instant,
    reason: Option<String>,
    /// The calendar that it came from
    connection_id: Option<Uuid>,
    /// Its id there
    external_id: Option<String>,
}

/// Busy time of a resource, as a whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BusyBody {
    /// Slug or id
    resource: String,
    starts_at: Instant,
    ends_at: Instant,
    reason: Option<String>,
    /// The calendar that it comes from
    connection_id: Option<Uuid>,
    /// Its id there: said again, the same window is set anew
    external_id: Option<String>,
}

/// The busy windows of a tenant
///
/// By their start.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/busy-windows",
    operation_id = "admin_busy_windows",
    tag = "owner",
    params(OfTenant, WantedBusy),
    responses((status = 200, description = "A page of them", body = Page<BusyWindow>), Problems),
    security(("bearer" = []))
)]
pub async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfTenant { tenant }): Path<OfTenant>,
    Query(wanted): Query<WantedBusy>,
) -> Result<impl IntoResponse, Problem> {
    let max = size(wanted.max);
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&wanted.from, Type::TIMESTAMPTZ),
        (&wanted.to, Type::TIMESTAMPTZ),
        (&wanted.resource, Type::TEXT),
        (&wanted.after, Type::TEXT),
        (&max, Type::INT4),
    ];
    page::<BusyWindow>(&state, &caller, BUSY_WINDOWS, params, max).await
}

/// Make a resource busy
///
/// What was booked stays, and is flagged in the list of bookings.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/busy-windows",
    operation_id = "admin_create_busy_window",
    tag = "owner",
    params(OfTenant),
    request_body = BusyBody,
    responses((status = 200, description = "It is busy", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfTenant { tenant }): Path<OfTenant>,
    _: NoQuery,
    Json(body): Json<BusyBody>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, &tenant, &body, None).await
}

/// Set a busy window anew
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/busy-windows/{id}",
    operation_id = "admin_replace_busy_window",
    tag = "owner",
    params(OfThing),
    request_body = BusyBody,
    responses((status = 200, description = "It is set", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn replace(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfThing { tenant, id }): Path<OfThing>,
    _: NoQuery,
    Json(body): Json<BusyBody>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, &tenant, &body, Some(id)).await
}

async fn put(
    state: &AppState,
    caller: &Caller,
    tenant: &str,
    body: &BusyBody,
    id: Option<Uuid>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&body.resource, Type::TEXT),
        (&body.starts_at, Type::TIMESTAMPTZ),
        (&body.ends_at, Type::TIMESTAMPTZ),
        (&body.reason, Type::TEXT),
        (&body.connection_id, Type::UUID),
        (&body.external_id, Type::TEXT),
        (&id, Type::UUID),
    ];
    written(state, caller, PUT, params).await
}

/// Delete a busy window
///
/// Its time can be had again.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/busy-windows/{id}",
    operation_id = "admin_delete_busy_window",
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
