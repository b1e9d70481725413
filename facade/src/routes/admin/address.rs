//! What the addresses of the owner's routes name, beside those that visitors have, too.

use serde::Deserialize;
use tokio_postgres::types::Type;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::db::Param;
use crate::routes::Address;

/// Where something new will be: its id, which would come next, is null.
#[derive(Deserialize)]
pub struct New<A>(A);

/// An address below a schedule.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfSchedule {
    /// Slug or id of the tenant
    tenant: String,
    /// Id of the schedule
    schedule: Uuid,
}

/// An address of something of a schedule's.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfScheduleThing {
    /// Slug or id of the tenant
    tenant: String,
    /// Id of the schedule
    schedule: Uuid,
    /// Its id
    id: Uuid,
}

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

/// An address below a resource.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfResource {
    /// Slug or id of the tenant
    tenant: String,
    /// Slug or id of the resource
    resource: String,
}

/// An address of a member.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfMember {
    /// Slug or id of the tenant
    tenant: String,
    /// The `sub` of its token
    user_id: String,
}

impl<A: Address> Address for New<A> {
    fn params(&self) -> Vec<Param<'_>> {
        let mut params = self.0.params();
        params.push((&None::<Uuid>, Type::UUID));
        params
    }
}

impl Address for OfSchedule {
    fn params(&self) -> Vec<Param<'_>> {
        vec![(&self.tenant, Type::TEXT), (&self.schedule, Type::UUID)]
    }
}

impl Address for OfScheduleThing {
    fn params(&self) -> Vec<Param<'_>> {
        vec![
            (&self.tenant, Type::TEXT),
            (&self.schedule, Type::UUID),
            (&self.id, Type::UUID),
        ]
    }
}

impl Address for OfRequirement {
    fn params(&self) -> Vec<Param<'_>> {
        vec![
            (&self.tenant, Type::TEXT),
            (&self.service, Type::TEXT),
            (&self.id, Type::UUID),
        ]
    }
}

impl Address for OfResource {
    fn params(&self) -> Vec<Param<'_>> {
        vec![(&self.tenant, Type::TEXT), (&self.resource, Type::TEXT)]
    }
}

impl Address for OfMember {
    fn params(&self) -> Vec<Param<'_>> {
        vec![(&self.tenant, Type::TEXT), (&self.user_id, Type::TEXT)]
    }
}
