//! What whoever runs a tenant sees and changes: one file for each group. Who may is the engine's to say: every call begins with
//! `booking.member_tenant`, which finds the tenant for its members of a role and for nobody else.

use axum::Json;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_postgres::types;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::PRIVATE;
use crate::caller::Caller;
use crate::count::Count;
use crate::db::Param;
use crate::problem::Problem;
use crate::state::AppState;

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

/// An address below a schedule.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfSchedule {
    /// Slug or id of the tenant
    pub tenant: String,
    /// Id of the schedule
    pub schedule: Uuid,
}

/// An address of something of a schedule's.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfScheduleThing {
    /// Slug or id of the tenant
    pub tenant: String,
    /// Id of the schedule
    pub schedule: Uuid,
    /// Its id
    pub id: Uuid,
}

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `next` of the page before
    pub after: Option<String>,
    /// How many at most; 100 without it
    #[param(value_type = Option<i32>, minimum = 1, maximum = 1000)]
    pub max: Option<Count>,
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// Its rows
    pub items: Vec<T>,
    /// Where the next page begins; null: this is the last one
    pub next: Option<String>,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    /// Its id
    pub id: Uuid,
}

/// What became of what was to be deleted.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    /// `deleted`, or `deactivated`: it has bookings, which stay, and is taken for nothing new
    pub outcome: String,
}

type Headers = [(HeaderName, HeaderValue); 1];

/// How many rows a page has.
pub(crate) fn size(max: Option<Count>) -> i32 {
    max.map_or(100, |Count(max)| max)
}

/// The rows of a list, each with its `item` and its `cursor`.
pub(crate) async fn page<T: DeserializeOwned>(
    state: &AppState,
    caller: &Caller,
    sql: &str,
    params: &[Param<'_>],
    max: i32,
) -> Result<(Headers, Json<Page<T>>), Problem> {
    let rows = state.db.read(caller, sql, params).await?;
    let next = match rows.last() {
        Some(last) if rows.len() >= usize::try_from(max).unwrap_or(usize::MAX) => {
            last.try_get("cursor")?
        }
        _ => None,
    };
    let items = rows
        .iter()
        .map(|row| Ok(row.try_get::<_, types::Json<T>>("item")?.0))
        .collect::<Result<_, Problem>>()?;
    Ok((PRIVATE, Json(Page { items, next })))
}

/// All rows of a list that has no pages, each with its `item`.
pub(crate) async fn all<T: DeserializeOwned>(
    state: &AppState,
    caller: &Caller,
    sql: &str,
    params: &[Param<'_>],
) -> Result<(Headers, Json<Page<T>>), Problem> {
    page(state, caller, sql, params, i32::MAX).await
}

/// Calls what returns an `id`.
pub(crate) async fn written(
    state: &AppState,
    caller: &Caller,
    sql: &str,
    params: &[Param<'_>],
) -> Result<(Headers, Json<Written>), Problem> {
    let row = state.db.write(caller, sql, params).await?;
    let id = row.try_get("id")?;
    Ok((PRIVATE, Json(Written { id })))
}

/// Calls what returns nothing.
pub(crate) async fn done(
    state: &AppState,
    caller: &Caller,
    sql: &str,
    params: &[Param<'_>],
) -> Result<(StatusCode, Headers), Problem> {
    state.db.write(caller, sql, params).await?;
    Ok((StatusCode::NO_CONTENT, PRIVATE))
}

/// Calls what says whether something was deleted or switched off.
pub(crate) async fn removed(
    state: &AppState,
    caller: &Caller,
    sql: &str,
    params: &[Param<'_>],
) -> Result<(Headers, Json<Removed>), Problem> {
    let row = state.db.write(caller, sql, params).await?;
    let outcome = row.try_get("outcome")?;
    Ok((PRIVATE, Json(Removed { outcome })))
}
