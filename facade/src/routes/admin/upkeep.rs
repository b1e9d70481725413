//! Why a start is not offered; pages of availability, anew; and whether they are right.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Owner, Page};
use crate::count::Count;
use crate::db::Param;
use crate::extract::JsonOrNothing;
use crate::instant::Instant;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, OfTenant, PRIVATE};

const EXPLAIN: &str = "
    select to_jsonb(e) as item
    from booking.member_tenant($1) t
    cross join booking.explain_slot(
        t, booking.service_of(t, $2), $3, duration => make_interval(mins => $4), resource => booking.resource_of(t, $5),
        seats => $6) e";

const RECOMPUTE: &str = "
    select booking.recompute(t, booking.resource_of(t, $2), $3, $4) as pages
    from booking.member_tenant($1, 'manager') t";

const VERIFY: &str = "
    select to_jsonb(d) - 'tenant_id' as item
    from booking.member_tenant($1) t
    cross join booking.verify(t, booking.resource_of(t, $2)) d";

/// Which start. The duration is in minutes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Slug or id of the service
    service: String,
    starts_at: Instant,
    /// Minutes; without it, the shortest of the service
    duration: Option<Count>,
    /// Slug or id of a resource
    resource: Option<String>,
    /// How many seats of a class
    seats: Option<Count>,
}

/// A condition that fails.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// What a booking would be refused with
    code: String,
    /// A word that does not change
    reason: String,
    /// Of what; null: of the service
    resource_id: Option<Uuid>,
    unit: Option<i32>,
    /// The same in words
    words: String,
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
}

/// Of what, and when; without it, of all resources and the next 60 days.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recompute {
    /// Slug or id
    resource: Option<String>,
    from: Option<Instant>,
    to: Option<Instant>,
}

/// How many pages were written.
#[derive(Serialize, ToSchema)]
pub struct Recomputed {
    pages: i64,
}

/// Of which resource.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OfWhich {
    /// Slug or id; without it, of all
    resource: Option<String>,
}

/// A page that is not what it should be.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Drift {
    resource_id: Uuid,
    /// Its Monday
    week: String,
    unit: i32,
    /// `missing`, `extra`, `open` or `busy`
    what: String,
}

/// Why is a start not offered?
///
/// Every condition that fails, per resource; none where it is offered.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/explain",
    operation_id = "admin_explain",
    tag = "owner",
    params(OfTenant, Start),
    responses((status = 200, description = "The reasons", body = Page<Reason>), Problems),
    security(("bearer" = []))
)]
pub async fn explain(owner: Owner<OfTenant, Start>) -> Answer<Page<Reason>> {
    let start = &owner.query;
    let params: &[Param<'_>] = &[
        (&start.service, Type::TEXT),
        (&start.starts_at, Type::TIMESTAMPTZ),
        (&start.duration, Type::INT4),
        (&start.resource, Type::TEXT),
        (&start.seats, Type::INT4),
    ];
    owner.all(EXPLAIN, params).await
}

/// Write pages of availability anew
///
/// They follow every change by themselves; no answer depends on this.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/recompute",
    operation_id = "admin_recompute",
    tag = "owner",
    params(OfTenant),
    request_body = Option<Recompute>,
    responses((status = 200, description = "They are written", body = Recomputed), WriteProblems),
    security(("bearer" = []))
)]
pub async fn recompute(
    owner: Owner<OfTenant>,
    JsonOrNothing(what): JsonOrNothing<Recompute>,
) -> Answer<Recomputed> {
    let params: &[Param<'_>] = &[
        (&what.resource, Type::TEXT),
        (&what.from, Type::TIMESTAMPTZ),
        (&what.to, Type::TIMESTAMPTZ),
    ];
    let pages = owner.write(RECOMPUTE, params).await?.try_get("pages")?;
    Ok((PRIVATE, Json(Recomputed { pages })))
}

/// Are the pages right?
///
/// What differs from a computation from scratch: nothing, ever.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/verify",
    operation_id = "admin_verify",
    tag = "owner",
    params(OfTenant, OfWhich),
    responses((status = 200, description = "What differs", body = Page<Drift>), Problems),
    security(("bearer" = []))
)]
pub async fn verify(owner: Owner<OfTenant, OfWhich>) -> Answer<Page<Drift>> {
    let params: &[Param<'_>] = &[(&owner.query.resource, Type::TEXT)];
    owner.all(VERIFY, params).await
}
