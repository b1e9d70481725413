//! What whoever runs a tenant sees and changes: one file for each group. Who may is the engine's to say: every call begins with
//! `booking.member_tenant`, which finds the tenant for its members of a role and for nobody else.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// What an address names.
mod address;
/// What is answered.
mod answer;
/// The owner's own bookings, and what is done about any.
pub mod bookings;
/// Busy times from outside.
pub mod busy_windows;
/// The tenant's own holds.
pub mod holds;
/// Places.
pub mod locations;
/// Who runs the tenant.
pub mod members;
/// Bookings that move, and payments.
pub mod moves;
/// Other hours on some dates.
pub mod overrides;
/// What they ask and answer alike.
mod owner;
/// What a service takes.
pub mod requirements;
/// What is booked of.
pub mod resources;
/// Weekly windows.
pub mod rules;
/// Opening hours.
pub mod schedules;
/// What is said of a service.
mod service_body;
/// What is booked.
pub mod services;
/// Why, and whether all is well.
pub mod upkeep;

pub use address::{New, OfMember, OfRequirement, OfResource, OfSchedule, OfScheduleThing};
pub use answer::{Page, Removed, Wanted, Written};
pub use owner::Owner;

/// What only reads.
pub fn reads() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(services::list))
        .routes(routes!(services::show))
        .routes(routes!(resources::list))
        .routes(routes!(locations::list))
        .routes(routes!(schedules::list))
        .routes(routes!(rules::list))
        .routes(routes!(overrides::list))
        .routes(routes!(busy_windows::list))
        .routes(routes!(members::list))
        .routes(routes!(upkeep::explain))
}

/// What writes.
pub fn writes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(services::create))
        .routes(routes!(services::change, services::remove))
        .routes(routes!(requirements::create))
        .routes(routes!(requirements::replace, requirements::remove))
        .routes(routes!(resources::put))
        .routes(routes!(resources::change, resources::remove))
        .routes(routes!(resources::put_hours))
        .routes(routes!(locations::create))
        .routes(routes!(locations::replace, locations::remove))
        .routes(routes!(schedules::create))
        .routes(routes!(schedules::replace, schedules::remove))
        .routes(routes!(rules::create))
        .routes(routes!(rules::replace, rules::remove))
        .routes(routes!(overrides::create))
        .routes(routes!(overrides::replace, overrides::remove))
        .routes(routes!(busy_windows::create))
        .routes(routes!(busy_windows::replace, busy_windows::remove))
        .routes(routes!(members::put, members::remove))
        .routes(routes!(bookings::create))
        .routes(routes!(bookings::approve))
        .routes(routes!(bookings::decline))
        .routes(routes!(bookings::complete))
        .routes(routes!(bookings::no_show))
        .routes(routes!(bookings::cancel))
        .routes(routes!(moves::reschedule))
        .routes(routes!(moves::reassign))
        .routes(routes!(moves::pay))
        .routes(routes!(holds::create))
        .routes(routes!(holds::extend, holds::release))
}

/// What keeps the database busy for long.
pub fn recompute() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upkeep::recompute))
        .routes(routes!(upkeep::verify))
}
