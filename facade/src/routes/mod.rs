//! The routes, one file for each group of handlers: query or body struct, response struct, handler.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi;
use crate::protect::limits::{Scope, limited};
use crate::state::AppState;

/// What whoever runs a tenant sees and changes.
pub mod admin;
/// Free, reserve, appoint: in the shapes of a calculator of pre-computed slots.
pub mod appointments;
/// Who asks, where, and for what.
mod at;
/// Bookings, from a hold or direct.
pub mod bookings;
/// On which days it can be booked.
pub mod days;
/// The calendar that a site shows in a frame.
pub mod embed;
/// What changes of a service, as it changes.
pub mod events;
/// Whether the process lives and can work.
pub mod health;
/// A session keeps what it holds.
pub mod heartbeat;
/// What is held at the moment.
pub mod held;
/// Several holds at once.
pub mod hold_many;
/// Holds.
pub mod holds;
/// One's own booking, for one's calendar.
pub mod ics;
/// Bookings, for whoever may see them.
pub mod list_bookings;
/// One's own booking.
pub mod manage;
/// What is done about it.
pub mod manage_change;
/// How lists are cut into pages.
pub mod page;
/// What is stored is computed anew.
pub mod recalculation;
/// Holds are let go.
pub mod release;
/// Who or what can be booked.
pub mod resources;
/// What can be booked.
pub mod services;
/// When it can be booked.
pub mod slots;

pub use at::{Address, Answer, At, Created, Done};

/// Every address and what answers there, by what one caller gets of it in a minute.
pub fn router(state: &AppState) -> OpenApiRouter<AppState> {
    openapi::describing()
        .merge(unlimited())
        .merge(limited(Scope::Reads, reads(), state))
        .merge(limited(Scope::Writes, writes(), state))
        .merge(limited(Scope::Owner, admin::writes(), state))
        .merge(limited(Scope::Sessions, sessions(), state))
        .merge(limited(
            Scope::Recompute,
            admin::recompute().routes(routes!(recalculation::recalculate)),
            state,
        ))
}

/// What those who run the process ask.
fn unlimited() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}

/// What only reads.
fn reads() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(services::list))
        .routes(routes!(resources::list))
        .routes(routes!(slots::list))
        .routes(routes!(days::list))
        .routes(routes!(held::list))
        .routes(routes!(events::stream))
        .routes(routes!(manage::show))
        .routes(routes!(ics::download))
        .routes(routes!(list_bookings::list))
        .routes(routes!(appointments::list))
        .merge(admin::reads())
}

/// What anybody does a few times.
fn writes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(holds::create))
        .routes(routes!(hold_many::create))
        .routes(routes!(bookings::create))
        .routes(routes!(manage_change::cancel))
        .routes(routes!(manage_change::reschedule))
        .routes(routes!(appointments::reserve))
        .routes(routes!(appointments::create))
}

/// What the browser of a session does by itself.
fn sessions() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(heartbeat::beat))
        .routes(routes!(release::all))
        .routes(routes!(release::one))
}

/// An address below a tenant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfTenant {
    /// Slug or id of the tenant
    pub tenant: String,
}

/// An address below a service.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfService {
    /// Slug or id of the tenant
    pub tenant: String,
    /// Slug or id of the service
    pub service: String,
}

/// An address of one thing of a tenant's.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfThing {
    /// Slug or id of the tenant
    pub tenant: String,
    /// Its id
    pub id: Uuid,
}

/// What becomes of slots that other visitors hold.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// They are left out.
    #[default]
    Hide,
    /// They are listed as held.
    Mark,
    /// They are listed as if nobody held them.
    Ignore,
}

impl Holds {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Mark => "mark",
            Self::Ignore => "ignore",
        }
    }
}

/// Headers of an answer that is for one visitor or was true only once.
pub(crate) const PRIVATE: [(HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
