//! Bookings, for whoever may see them: a member those of the tenant, a customer who has signed in the own ones. Policies of
//! the engine decide; this asks.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::admin::{Owner, Page};
use super::{Answer, OfTenant};
use crate::count::Count;
use crate::db::Param;
use crate::instant::Instant;
use crate::openapi::Problems;
use crate::secret::Secret;

// A slug is looked up where its row can be seen, by members that is; an id is one to everybody.
const BOOKINGS: &str = "
    select to_jsonb(b) - 'cursor' as item, b.cursor
    from booking.visible_tenant($1) t
    cross join booking.list_bookings(
        t, from_ts => $2, to_ts => $3, status => string_to_array($4, ','),
        service => coalesce(booking.uuid_of($5), booking.service_of(t, $5)),
        resource => coalesce(booking.uuid_of($6), booking.resource_of(t, $6)), customer_key => $7, after => $8, max => $9) b";

/// Which bookings are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Those that start then or later
    from: Option<Instant>,
    /// Those that start before it
    to: Option<Instant>,
    /// As they read now, such as `pending,confirmed`
    status: Option<String>,
    /// Slug or id of a service
    service: Option<String>,
    /// Slug or id of a resource that is or was assigned
    resource: Option<String>,
    /// `sub`, e-mail address or phone of the customer
    #[param(value_type = Option<String>)]
    customer: Option<Secret<String>>,
    /// `next` of the page before
    after: Option<String>,
    /// How many at most; 100 without it
    #[param(value_type = Option<i32>, minimum = 1, maximum = 1000)]
    max: Option<Count>,
}

/// A booking.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ListedBooking {
    booking_id: Uuid,
    service_id: Uuid,
    /// As it reads now
    status: String,
    starts_at: Instant,
    ends_at: Instant,
    seats: i32,
    /// What is assigned, for members
    resources: Option<Vec<Uuid>>,
    /// Where it came from
    source: Option<String>,
    #[schema(value_type = Object)]
    customer: Value,
    customer_key: Option<String>,
    /// When a pending one lapses
    expires_at: Option<Instant>,
    needs_approval: bool,
    price: Option<f64>,
    currency: Option<String>,
    /// So far, for members
    paid: Option<f64>,
    series_id: Option<Uuid>,
    /// A busy window lies over it
    conflict: bool,
    created_at: Instant,
}

/// Bookings
///
/// Those of the tenant for its members, the own ones for a customer who has signed in; by their start.
#[utoipa::path(
    get,
    path = "/v1/{tenant}/bookings",
    operation_id = "bookings",
    tag = "owner",
    params(OfTenant, Wanted),
    responses((status = 200, description = "A page of them", body = Page<ListedBooking>), Problems),
    security(("bearer" = []))
)]
pub async fn list(owner: Owner<OfTenant, Wanted>) -> Answer<Page<ListedBooking>> {
    let wanted = &owner.query;
    let params: &[Param<'_>] = &[
        (&wanted.from, Type::TIMESTAMPTZ),
        (&wanted.to, Type::TIMESTAMPTZ),
        (&wanted.status, Type::TEXT),
        (&wanted.service, Type::TEXT),
        (&wanted.resource, Type::TEXT),
        (&wanted.customer, Type::TEXT),
    ];
    owner
        .page(BOOKINGS, params, &wanted.after, wanted.max)
        .await
}
