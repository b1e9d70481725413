//! Members: who runs the tenant.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::ToSchema;

use super::{OfMember, Owner, Page, Wanted};
use crate::extract::Json;
use crate::openapi::{Problems, WriteProblems};
use crate::routes::{Answer, Done, OfTenant};

const MEMBERS: &str = "
    select to_jsonb(l) - 'cursor' as item, l.cursor
    from booking.list_members(booking.member_tenant($1), $2, $3) l";

const PUT: &str = "
    select from booking.put_member(booking.member_tenant($1, 'owner'), $2, $3)";

const DELETE: &str = "
    select from booking.delete_member(booking.member_tenant($1, 'owner'), $2)";

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
pub async fn list(owner: Owner<OfTenant, Wanted>) -> Answer<Page<Member>> {
    owner.list(MEMBERS).await
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
pub async fn put(owner: Owner<OfMember>, Json(body): Json<MemberBody>) -> Done {
    owner.done(PUT, &[(&body.role, Type::TEXT)]).await
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
pub async fn remove(owner: Owner<OfMember>) -> Done {
    owner.done(DELETE, &[]).await
}
