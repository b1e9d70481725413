//! Overrides: other hours of a schedule on some dates, or none.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{New, OfSchedule, OfScheduleThing, Owner, Page, Written};
use crate::count::Count;
use crate::db::Param;
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, Created, Done};

const OVERRIDES: &str = "
    select to_jsonb(l) - 'cursor' - 'dates' || jsonb_build_object('from', lower(l.dates), 'to', upper(l.dates)) as item, l.cursor
    from booking.list_overrides(booking.member_tenant($1), $2, cast($3 as date), cast($4 as date), $5, $6) l";

const PUT: &str = "
    select booking.put_override(
        booking.member_tenant($1, 'manager'), schedule => $2, override => $3,
        dates => daterange(cast($4 as date), coalesce(cast($5 as date), cast($4 as date) + 1)),
        opens => cast($6 as time), closes => cast($7 as time), location => $8, reason => $9) as id";

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

impl OverrideBody {
    fn params(&self) -> [Param<'_>; 6] {
        [
            (&self.from, Type::TEXT),
            (&self.to, Type::TEXT),
            (&self.opens, Type::TEXT),
            (&self.closes, Type::TEXT),
            (&self.location_id, Type::UUID),
            (&self.reason, Type::TEXT),
        ]
    }
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
pub async fn list(owner: Owner<OfSchedule, WantedOverrides>) -> Answer<Page<Override>> {
    let wanted = &owner.query;
    let params: &[Param<'_>] = &[(&wanted.from, Type::TEXT), (&wanted.to, Type::TEXT)];
    owner
        .page(OVERRIDES, params, &wanted.after, wanted.max)
        .await
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
    owner: Owner<New<OfSchedule>>,
    Json(body): Json<OverrideBody>,
) -> Created<Written> {
    owner.created(PUT, &body.params()).await
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
    owner: Owner<OfScheduleThing>,
    Json(body): Json<OverrideBody>,
) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn remove(owner: Owner<OfScheduleThing>) -> Done {
    owner.done(DELETE, &[]).await
}
