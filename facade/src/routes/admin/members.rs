//! Members: who runs the tenant.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};

use super::{Page, Wanted, done, page, size};
use crate::caller::SignedIn;
use crate::db::Param;
use crate::extract::{Json, NoQuery, Path, Query};
use crate::openapi::{Problems, WriteProblems};
use crate::problem::Problem;
use crate::routes::OfTenant;
use crate::state::AppState;

const MEMBERS: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_members(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select from booking.put_member(booking.member_tenant($1, 'owner'), $2, $3)";

const DELETE: &str = "
    select from booking.delete_member(booking.member_tenant($1, 'owner'), $2)";

/// An address of a member.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfMember {
    /// Slug or id of the tenant
    tenant: String,
    /// The `sub` of its token
    user_id: String,
}

/// A member.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = TenantMember)]
pub struct Member {
    /// The `sub` of its token
    user_id: String,
    /// `owner`, `manager` or `viewer`
    role: String,
}

/// What a member may.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberBody {
    /// `owner`, `manager` or `viewer`
    role: String,
}

/// The members of a tenant
#[utoipa::path(
    get,
    path = "/v1/{tenant}/admin/members",
    operation_id = "admin_members",
    tag = "owner",
    params(OfTenant, Wanted),
    responses((status = 200, description = "A page of them", body = Page<Member>), Problems),
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
    page::<Member>(&state, &caller, MEMBERS, params, max).await
}

/// Make somebody a member
///
/// Or give a member another role. For owners; the last one stays.
#[utoipa::path(
    put,
    path = "/v1/{tenant}/admin/members/{user_id}",
    operation_id = "admin_put_member",
    tag = "owner",
    params(OfMember),
    request_body = MemberBody,
    responses((status = 204, description = "It is so"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn put(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfMember { tenant, user_id }): Path<OfMember>,
    _: NoQuery,
    Json(body): Json<MemberBody>,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[
        (&tenant, Type::TEXT),
        (&user_id, Type::TEXT),
        (&body.role, Type::TEXT),
    ];
    done(&state, &caller, PUT, params).await
}

/// Take a member away
///
/// For owners; the last one stays.
#[utoipa::path(
    delete,
    path = "/v1/{tenant}/admin/members/{user_id}",
    operation_id = "admin_delete_member",
    tag = "owner",
    params(OfMember),
    responses((status = 204, description = "It is no member any more"), WriteProblems),
    security(("bearer" = []))
)]
pub async fn remove(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Path(OfMember { tenant, user_id }): Path<OfMember>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let params: &[Param<'_>] = &[(&tenant, Type::TEXT), (&user_id, Type::TEXT)];
    done(&state, &caller, DELETE, params).await
}
