//! What is stored of availability is computed anew, as a calculator's nightly job asks for it. Here it is never stale: this is
//! for whoever has changed tables behind the engine's back, or wants to be sure.

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PRIVATE;
use crate::caller::Service;
use crate::extract::Json;
use crate::openapi::Failures;
use crate::problem::Problem;
use crate::state::AppState;

const RECALCULATE: &str = "
    select booking.recalculate(tenant => $1, start_date => $2, end_date => $3, staff => $4) as pages";

/// Of whom, and from when to when.
#[derive(Deserialize, ToSchema)]
pub struct Wanted {
    /// Slug or id of the tenant
    tenant_id: String,
    /// Only of this resource
    staff_id: Option<Uuid>,
    /// The first date, in the zone of the tenant
    #[serde(deserialize_with = "crate::instant::date")]
    start_date: NaiveDate,
    /// The last one
    #[serde(deserialize_with = "crate::instant::date")]
    end_date: NaiveDate,
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub struct Recalculated {
    success: bool,
    message: String,
}

/// Compute availability anew
///
/// For the service role.
#[utoipa::path(
    post,
    path = "/api/admin/recalculate-availability",
    operation_id = "recalculate-availability",
    tag = "appointments",
    request_body = Wanted,
    responses((status = 200, description = "It is done", body = Recalculated), Failures),
    security(("bearer" = []))
)]
pub async fn recalculate(
    State(state): State<AppState>,
    Service(caller): Service,
    Json(wanted): Json<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let row = state
        .db
        .write(
            &caller,
            RECALCULATE,
            &[
                (&wanted.tenant_id, Type::TEXT),
                (&wanted.start_date, Type::DATE),
                (&wanted.end_date, Type::DATE),
                (&wanted.staff_id, Type::UUID),
            ],
        )
        .await?;
    let pages: i64 = row.try_get("pages")?;
    Ok((
        PRIVATE,
        axum::Json(Recalculated {
            success: true,
            message: format!("{pages} weeks were computed anew"),
        }),
    ))
}
