//! What a service is like, in JSON: the columns of the engine's table, by their names.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Param;

/// The settings of a service. Durations, lengths, steps and buffers are minutes (of a stay: nights); notices and times to live
/// are intervals such as `2 hours` or `P1D`; times of day are `15:00`. What is left out stays as it is, null takes it away.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServiceSettings {
    name: Option<String>,
    /// As IANA names it
    zone: Option<String>,
    /// `slot`, `stay` or `span`
    kind: Option<String>,
    durations: Option<Vec<i32>>,
    min_length: Option<i32>,
    max_length: Option<i32>,
    check_in: Option<String>,
    check_out: Option<String>,
    /// 1 is Monday
    arrival_days: Option<Vec<i32>>,
    crosses_closed: Option<bool>,
    /// Of a class
    seats: Option<i32>,
    step: Option<i32>,
    buffer_before: Option<i32>,
    buffer_after: Option<i32>,
    min_notice: Option<String>,
    horizon: Option<String>,
    /// Local dates on which it is offered, such as `[2026-05-01,2026-10-01)`
    bookable: Option<String>,
    schedule_id: Option<Uuid>,
    hold_ttl: Option<String>,
    max_hold_age: Option<String>,
    max_holds: Option<i32>,
    needs_approval: Option<bool>,
    approval_ttl: Option<String>,
    price: Option<f64>,
    /// As ISO 4217 has it
    currency: Option<String>,
    payment_ttl: Option<String>,
    pending_blocks: Option<bool>,
    cancel_notice: Option<String>,
    reschedule_notice: Option<String>,
    active: Option<bool>,
    public: Option<bool>,
    /// An object of your own
    metadata: Option<Map<String, Value>>,
}

/// A service.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = OwnersService)]
pub struct Service {
    service_id: Uuid,
    slug: String,
    #[serde(flatten)]
    settings: ServiceSettings,
    requirements: Vec<Requirement>,
    limits: Vec<Limit>,
}

/// What each booking of a service takes.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Requirement {
    requirement_id: Uuid,
    pick: i32,
    strategy: String,
    resources: Vec<Member>,
}

/// A resource of a requirement.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Member {
    resource_id: Uuid,
    weight: i32,
    priority: i32,
    /// Bookings given to it so far
    booked: i64,
}

/// How many bookings there may be.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Limit {
    scope: String,
    period: String,
    max_count: Option<i32>,
    max_minutes: Option<i32>,
}

/// A new service: its settings, `name` among them, beside its slug and what it takes.
#[derive(Deserialize, ToSchema)]
pub struct NewService {
    pub slug: String,
    #[serde(default)]
    pub requirements: Vec<NewRequirement>,
    #[serde(flatten)]
    #[schema(value_type = ServiceSettings)]
    pub settings: Map<String, Value>,
}

/// Which resources a service takes, and how many of them.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequirement {
    resources: Vec<Uuid>,
    /// How many of them a booking takes; 1 for a new one
    pick: Option<i32>,
    /// `round_robin` (that of a new one), `least_busy`, `priority` or `any`
    strategy: Option<String>,
    /// Shares of work, one for each resource
    weights: Option<Vec<i32>>,
    /// The lowest is taken first; one for each resource
    priorities: Option<Vec<i32>>,
}

impl NewRequirement {
    pub(super) fn params(&self) -> [Param<'_>; 5] {
        [
            (&self.resources, Type::UUID_ARRAY),
            (&self.pick, Type::INT4),
            (&self.strategy, Type::TEXT),
            (&self.weights, Type::INT4_ARRAY),
            (&self.priorities, Type::INT4_ARRAY),
        ]
    }
}
