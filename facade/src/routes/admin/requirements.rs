//! Requirements: which resources a service takes, and how many of them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use tokio_postgres::types::Type;
use utoipa::IntoParams;
use uuid::Uuid;

use super::service_body::NewRequirement;
use super::{Written, done, written};
use crate::caller::{Caller, SignedIn};
use crate::db::Param;
use crate::extract::{Json, NoQuery, Path};
use crate::openapi::WriteProblems;
use crate::problem::Problem;
use crate::routes::OfService;
use crate::state::AppState;

const PUT: &str = "
    select booking.put_requirement(
        t, service => booking.service_of(t, $2), resources => $3, pick => $4, strategy => $5, weights => $6, priorities => $7,
        requirement => $8) as id
    from booking.member_tenant($1, 'manager') t";

const DELETE: &str = "
    select from booking.member_tenant($1, 'manager') t
    cross join booking.delete_requirement(t, booking.service_of(t, $2), $3)";

/// An address of a requirement.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfRequirement {
    /// Slug or id of the tenant
    tenant: String,
    /// Slug or id of the service
    service: String,
    /// Its id
    id: Uuid,
}

/// Add a requirement
///
/// Each booking of the service takes these, too.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/admin/services/{service}/requirements",
    operation_id = "admin_create_requirement",
    tag = "owner",
    params(OfService),
    request_body = NewRequirement,
    responses((status = 201, description = "It is there", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn create(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfService { tenant, service }): Path<OfService>,
    _: NoQuery,
    Json(body): Json<NewRequirement>,
) -> Result<impl IntoResponse, Problem> {
    let added = put(&state, &caller, (&tenant, &service), &body, None).await?;
    Ok((StatusCode::CREATED, added))
}

/// Set a requirement anew
///
/// Who stays keeps what it has; the count of its bookings, too.
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/services/{service}/requirements/{id}",
    operation_id = "admin_replace_requirement",
    tag = "owner",
    params(OfRequirement),
    request_body = NewRequirement,
    responses((status = 200, description = "It is set", body = Written), WriteProblems),
    security(("bearer" = []))
)]
pub async fn replace(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfRequirement {
        tenant,
        service,
        id,
    }): Path<OfRequirement>,
    _: NoQuery,
    Json(body): Json<NewRequirement>,
) -> Result<impl IntoResponse, Problem> {
    put(&state, &caller, (&tenant, &service), &body, Some(id)).await
}

async fn put(
    state: &AppState,
    caller: &Caller,
    (tenant, service): (&str, &str),
    body: &NewRequirement,
    id: Option<Uuid>,
) -> Result<impl IntoResponse + use<>, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&service, Type::TEXT),
        (&body.resources, Type::UUID_ARRAY),
        (&body.pick, Type::INT4),
        (&body.strategy, Type::TEXT),
        (&body.weights, Type::INT4_ARRAY),
        (&body.priorities, Type::INT4_ARRAY),
        (&id, Type::UUID),
    ];
    written(state, caller, PUT, params).await
}

/// Take a requirement away
///
/// Bookings keep what they have.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/services/{service}/requirements/{id}",
    operation_id = "admin_delete_requirement",
    tag = "owner",
    params(OfRequirement),
    responses((status = 204, description = "It is gone"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfRequirement {
        tenant,
        service,
        id,
    }): Path<OfRequirement>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&service, Type::TEXT),
        (&id, Type::UUID),
    ];
    done(&state, &caller, DELETE, params).await
}
