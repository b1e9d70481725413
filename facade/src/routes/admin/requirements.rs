//! Requirements: which resources a service takes, and how many of them.

use super::service_body::NewRequirement;
use super::{New, OfRequirement, Owner, Written};
use crate::extract::Json;
use crate::openapi::WriteProblems;
use crate::routes::{Answer, Created, Done, OfService};

const PUT: &str = "
    select booking.put_requirement(
        t, service => booking.service_of(t, $2), requirement => $3, resources => $4, pick => $5, strategy => $6, weights => $7,
        priorities => $8) as id
    from booking.member_tenant($1, 'manager') t";

const DELETE: &str = "
    select from booking.member_tenant($1, 'manager') t
    cross join booking.delete_requirement(t, booking.service_of(t, $2), $3)";

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
    owner: Owner<New<OfService>>,
    Json(body): Json<NewRequirement>,
) -> Created<Written> {
    owner.created(PUT, &body.params()).await
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
    owner: Owner<OfRequirement>,
    Json(body): Json<NewRequirement>,
) -> Answer<Written> {
    owner.written(PUT, &body.params()).await
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
pub async fn remove(owner: Owner<OfRequirement>) -> Done {
    owner.done(DELETE, &[]).await
}
