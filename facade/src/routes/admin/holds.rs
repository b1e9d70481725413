//! The tenant's own holds: a date that is kept for hours or weeks.

use axum::Json as Body;
use axum::http::StatusCode;
use serde::Deserialize;
use tokio_postgres::types::Type;
use utoipa::ToSchema;

use super::Owner;
use crate::count::Count;
use crate::db::Param;
use crate::extract::{Json, JsonOrNothing};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::problem::Problem;
use crate::routes::holds::Hold;
use crate::routes::{Answer, Created, Done, OfTenant, OfThing, PRIVATE};
use crate::secret::Secret;

const TRY_HOLD_FOR: &str = "
    select h.*
    from booking.member_tenant($1, 'manager') t
    cross join booking.try_hold_for(
        t, service => booking.service_of(t, $2), starts_at => $3, duration => make_interval(mins => $4),
        resource => booking.resource_of(t, $5), expires_at => $6, seats => $7, note => $8) h";

const TRY_EXTEND_HOLD: &str = "
    select h.* from booking.try_extend_hold(booking.member_tenant($1, 'manager'), $2, expires_at => $3) h";

const TRY_RELEASE: &str = "
    select r.* from booking.try_release(booking.member_tenant($1, 'manager'), $2) r";

/// What to keep. The duration is in minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnHold {
    /// Slug or id
    service: String,
    starts_at: Instant,
    duration: Option<Count>,
    /// Slug or id
    resource: Option<String>,
    /// Until when; without it, for as long as the tenant has set
    expires_at: Option<Instant>,
    /// How many seats of a class
    seats: Option<Count>,
    /// For whom, or what it is about
    #[schema(value_type = Option<String>)]
    note: Option<Secret<String>>,
}

/// Until when to keep it; without it, for as long as the tenant has set, from now on.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Until {
    expires_at: Option<Instant>,
}

/// Keep a slot for the tenant
///
/// For hours or weeks, whatever visitors are bound to.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/holds",
    operation_id = "admin_hold",
    tag = "owner",
    params(OfTenant),
    request_body = OwnHold,
    responses((status = 201, description = "It is held", body = Hold), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(owner: Owner<OfTenant>, Json(new): Json<OwnHold>) -> Created<Hold> {
    let params: &[Param<'_>] = &[
        (&new.service, Type::TEXT),
        (&new.starts_at, Type::TIMESTAMPTZ),
        (&new.duration, Type::INT4),
        (&new.resource, Type::TEXT),
        (&new.expires_at, Type::TIMESTAMPTZ),
        (&new.seats, Type::INT4),
        (&new.note, Type::TEXT),
    ];
    let row = owner.attempt(TRY_HOLD_FOR, params).await?;
    Ok((StatusCode::CREATED, PRIVATE, Body(Hold::try_from(&row)?)))
}

/// Keep it longer, or shorter
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/holds/{id}",
    operation_id = "admin_extend_hold",
    tag = "owner",
    params(OfThing),
    request_body = Option<Until>,
    responses((status = 200, description = "It is held until then", body = Hold), WriteProblems),
    security(("bearer" = []))
)]
pub async fn extend(
    owner: Owner<OfThing>,
    JsonOrNothing(until): JsonOrNothing<Until>,
) -> Answer<Hold> {
    let params: &[Param<'_>] = &[(&until.expires_at, Type::TIMESTAMPTZ)];
    let row = owner.attempt(TRY_EXTEND_HOLD, params).await?;
    Ok((PRIVATE, Body(Hold::try_from(&row)?)))
}

/// Let it go
///
/// One of the tenant's own, not those of visitors.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/holds/{id}",
    operation_id = "admin_release",
    tag = "owner",
    params(OfThing),
    responses((status = 204, description = "It is gone"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn release(owner: Owner<OfThing>) -> Done {
    let row = owner.write(TRY_RELEASE, &[]).await?;
    match row.try_get::<_, Option<bool>>("released")? {
        Some(true) => Ok((StatusCode::NO_CONTENT, PRIVATE)),
        _ => Err(Problem::not_found()),
    }
}
