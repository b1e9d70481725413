//! Busy windows: times of a resource that something outside has taken.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{New, Owner, Page, Written};
use crate::count::Count;
use crate::db::Param;
use crate::extract::Json;
use crate::instant::Instant;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, Done, OfTenant, OfThing};

const BUSY_WINDOWS: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.member_tenant($1) t
    cross join booking.list_busy_windows(t, $2, $3, booking.resource_of(t, $4), $5, $6) l";

const PUT: &str = "
    select booking.put_busy_window(
        t, busy_window => $2, resource => booking.resource_of(t, $3), span => tstzrange($4, $5), reason => $6, connection => $7,
        external_id => $8) as id
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

impl BusyBody {
    fn params(&self) -> [Param<'_>; 6] {
        [
            (&self.resource, Type::TEXT),
            (&self.starts_at, Type::TIMESTAMPTZ),
            (&self.ends_at, Type::TIMESTAMPTZ),
            (&self.reason, Type::TEXT),
            (&self.connection_id, Type::UUID),
            (&self.external_id, Type::TEXT),
        ]
    }
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
pub async fn list(owner: Owner<OfTenant, WantedBusy>) -> Answer<Page<BusyWindow>> {
    let wanted = &owner.query;
    let params: &[Param<'_>] = &[
        (&wanted.from, Type::TIMESTAMPTZ),
        (&wanted.to, Type::TIMESTAMPTZ),
        (&wanted.resource, Type::TEXT),
    ];
    owner
        .page(BUSY_WINDOWS, params, &wanted.after, wanted.max)
        .await
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
pub async fn create(owner: Owner<New<OfTenant>>, Json(body): Json<BusyBody>) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn replace(owner: Owner<OfThing>, Json(body): Json<BusyBody>) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn remove(owner: Owner<OfThing>) -> Done {
    owner.done(DELETE, &[]).await
}
