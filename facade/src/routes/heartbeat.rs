//! A session keeps what it holds.

use axum::Json;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, At, OfTenant, PRIVATE};
use crate::db::Param;
use crate::extract::{JsonOrNothing, Session};
use crate::instant::Instant;
use crate::openapi::WriteProblems;
use crate::secret::Secret;

const TRY_HEARTBEAT: &str = "
    select hold_id, starts_at, ends_at, expires_at, status, code
    from booking_api.try_heartbeat(tenant => $1, session_id => $2, holds => $3)";

/// Whose holds are kept. All of it may be left out, and the body with it, if the header names the session.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// The visitor's session, unless the header has it
    #[schema(value_type = Option<String>, min_length = 16, max_length = 1024)]
    session_id: Option<Secret<String>>,
    /// Holds that are expected, so that those that are gone are told of, too
    #[schema(max_items = 1000)]
    holds: Option<Vec<Uuid>>,
}

/// The body of the answer.
#[derive(Serialize, ToSchema)]
pub struct Kept {
    holds: Vec<KeptHold>,
}

/// What became of one hold.
#[derive(Serialize, ToSchema)]
pub struct KeptHold {
    hold_id: Uuid,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    expires_at: Option<Instant>,
    /// `live`; `lapsed`, which the next heartbeat may take up again; `gone`
    status: String,
    /// Why it is not live: BK002 if its time is over, else why it was not to be had again
    code: Option<String>,
}

impl TryFrom<&Row> for KeptHold {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            hold_id: row.try_get("hold_id")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            expires_at: row.try_get("expires_at")?,
            status: row.try_get("status")?,
            code: row.try_get("code")?,
        })
    }
}

/// Keep all holds
///
/// Every hold of the session lives on, each for the time that it was taken for; one that lapsed is taken up again if it is
/// still free. The answer says which live and which do not; a session with nothing left gets an empty list.
#[utoipa::path(
    post,
    path = "/v1/{tenant}/heartbeat",
    operation_id = "heartbeat",
    tag = "booking",
    params(OfTenant, ("Booking-Session" = Option<String>, Header, description = "The visitor's session, unless the body has it", min_length = 16, max_length = 1024)),
    request_body = Option<Beat>,
    responses((status = 200, description = "What lives and what does not", body = Kept), WriteProblems),
    security((), ("bearer" = []))
)]
pub async fn beat(
    at: At<OfTenant>,
    session: Session,
    JsonOrNothing(beat): JsonOrNothing<Beat>,
) -> Answer<Kept> {
    let session = session.or(beat.session_id)?;
    let params: &[Param<'_>] = &[(&session, Type::TEXT), (&beat.holds, Type::UUID_ARRAY)];
    let rows = at.write_rows(TRY_HEARTBEAT, params).await?;
    let holds = rows
        .iter()
        .map(KeptHold::try_from)
        .collect::<Result<_, _>>()?;
    Ok((PRIVATE, Json(Kept { holds })))
}
