//! Rules: the weekly windows of a schedule.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{New, OfSchedule, OfScheduleThing, Owner, Page, Written};
use crate::db::Param;
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, Created, Done};

const RULES: &str = "
    select to_jsonb(l) - 'valid' || jsonb_build_object('valid_from', lower(l.valid), 'valid_to', upper(l.valid)) as item
    from booking.list_rules(booking.member_tenant($1), $2) l";

const PUT: &str = "
    select booking.put_rule(
        booking.member_tenant($1, 'manager'), schedule => $2, rule => $3, weekday => $4, opens => cast($5 as time),
        closes => cast($6 as time), valid => daterange(cast($7 as date), cast($8 as date)), location => $9) as id";

const DELETE: &str = "
    select from booking.delete_rule(booking.member_tenant($1, 'manager'), $2, $3)";

/// A weekly window.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Rule {
    rule_id: Uuid,
    schedule_id: Uuid,
    /// 1 is Monday
    weekday: i32,
    opens: String,
    closes: String,
    /// The first date on which it holds; null: any
    valid_from: Option<String>,
    /// The first date on which it holds no more; null: never
    valid_to: Option<String>,
    location_id: Option<Uuid>,
}

/// A weekly window, as a whole. Hours across midnight are two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBody {
    /// 1 is Monday
    #[schema(minimum = 1, maximum = 7)]
    weekday: i32,
    /// On the clock of the schedule, such as `09:00`
    opens: String,
    /// Such as `18:00`; `24:00` is the end of the day
    closes: String,
    /// The first date on which it holds; without it, any
    valid_from: Option<String>,
    /// The first date on which it holds no more; without it, never
    valid_to: Option<String>,
    location_id: Option<Uuid>,
}

impl RuleBody {
    fn params(&self) -> [Param<'_>; 6] {
        [
            (&self.weekday, Type::INT4),
            (&self.opens, Type::TEXT),
            (&self.closes, Type::TEXT),
            (&self.valid_from, Type::TEXT),
            (&self.valid_to, Type::TEXT),
            (&self.location_id, Type::UUID),
        ]
    }
}

/// The weekly windows of a schedule
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/schedules/{schedule}/rules",
    operation_id = "admin_rules",
    tag = "owner",
    params(OfSchedule),
    responses((status = 200, description = "All of them", body = Page<Rule>), Problems),
    security(("bearer" = []))
)]
pub async fn list(owner: Owner<OfSchedule>) -> Answer<Page<Rule>> {
    owner.all(RULES, &[]).await
}

/// Add a weekly window
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/schedules/{schedule}/rules",
    operation_id = "admin_create_rule",
    tag = "owner",
    params(OfSchedule),
    request_body = RuleBody,
    responses((status = 201, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(owner: Owner<New<OfSchedule>>, Json(body): Json<RuleBody>) -> Created<Written> {
    owner.created(PUT, &body.params()).await
}

/// Set a weekly window anew
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/schedules/{schedule}/rules/{id}",
    operation_id = "admin_replace_rule",
    tag = "owner",
    params(OfScheduleThing),
    request_body = RuleBody,
    responses((status = 200, description = "It is set", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn replace(owner: Owner<OfScheduleThing>, Json(body): Json<RuleBody>) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
}

/// Delete a weekly window
///
/// Bookings in it stay.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/schedules/{schedule}/rules/{id}",
    operation_id = "admin_delete_rule",
    tag = "owner",
    params(OfScheduleThing),
    responses((status = 204, description = "It is gone"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(owner: Owner<OfScheduleThing>) -> Done {
    owner.done(DELETE, &[]).await
}
