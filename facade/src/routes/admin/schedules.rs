//! Schedules: opening hours that many resources may share. Their windows: [`super::rules`], [`super::overrides`].

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{New, Owner, Page, Wanted, Written};
use crate::db::Param;
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, Created, Done, OfTenant, OfThing};

const SCHEDULES: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_schedules(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select booking.put_schedule(
        booking.member_tenant($1, 'manager'), schedule => $2, name => $3, zone => $4, holiday_set => $5) as id";

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

impl ScheduleBody {
    fn params(&self) -> [Param<'_>; 3] {
        [
            (&self.name, Type::TEXT),
            (&self.zone, Type::TEXT),
            (&self.holiday_set_id, Type::UUID),
        ]
    }
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
pub async fn list(owner: Owner<OfTenant, Wanted>) -> Answer<Page<Schedule>> {
    owner.list(SCHEDULES).await
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
    owner: Owner<New<OfTenant>>,
    Json(body): Json<ScheduleBody>,
) -> Created<Written> {
    owner.created(PUT, &body.params()).await
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
pub async fn replace(owner: Owner<OfThing>, Json(body): Json<ScheduleBody>) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn remove(owner: Owner<OfThing>) -> Done {
    owner.done(DELETE, &[]).await
}
