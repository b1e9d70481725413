//! What a calendar reads: an answer with a tag, so that nobody is sent twice what has not changed, and one query for all who
//! ask the same at the same time.
//!
//! How old an answer may be: a visitor without a session may be given the answer of a query that was under way when the
//! request came, so at most as old as one query takes, plus `--cache`, for which an answer is kept (nothing, unless it is
//! set), plus what `Cache-Control` allows the browser, 5 seconds. Whoever asks because a live view told of a change is given
//! nothing that was asked for before. Whoever has a session or a token is asked for alone, and nobody keeps the answer.

use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio_postgres::Row;

use crate::caller::{Caller, Who};
use crate::db::Param;
use crate::extract::Session;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::state::AppState;

/// A body and its tag.
mod answer;
/// What the client has already.
mod condition;
/// One query for all who ask the same.
mod flight;
/// Rows as JSON, without anything in between.
mod rows;

pub use answer::Answer;
pub use condition::Known;
pub use flight::Flights;
pub use rows::{Rows, json};

const SHARED: HeaderValue = HeaderValue::from_static("max-age=5");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
/// What else than the address decides about an answer.
const VARIES: HeaderValue = HeaderValue::from_static("booking-session, authorization");

/// Who reads a calendar, and what they have of it.
pub struct Reader {
    caller: Caller,
    session: Option<Secret<String>>,
    known: Known,
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(Self {
            caller: Caller::from_request_parts(parts, state).await?,
            session: Session::from_request_parts(parts, state).await?.0,
            known: Known::of(&parts.headers),
        })
    }
}

impl Reader {
    /// The session, for the query.
    pub fn session(&self) -> Option<&Secret<String>> {
        self.session.as_ref()
    }

    /// An answer that is the same for all who are nobody in particular, and that they may share. `kind`: what it is counted as.
    pub async fn shared(
        &self,
        state: &AppState,
        kind: &'static str,
        sql: &str,
        params: &[Param<'_>],
        write: impl FnOnce(&[Row]) -> Result<Vec<u8>, Problem>,
    ) -> Result<Response, Problem> {
        if self.session.is_some() || self.caller.who != Who::Visitor {
            return self.fresh(state, sql, params, write).await;
        }
        let mut asked = false;
        let read = async {
            asked = true;
            let rows = state.db.read(&self.caller, sql, params).await?;
            Ok(Answer::new(write(&rows)?))
        };
        let answer = state
            .flights
            .join(state.live.told(), sql, params, read)
            .await;
        state.meter.cache(kind, !asked);
        let answer = answer?;
        Ok(self.respond(answer, SHARED))
    }

    /// An answer that is true now and for this reader alone.
    pub async fn fresh(
        &self,
        state: &AppState,
        sql: &str,
        params: &[Param<'_>],
        write: impl FnOnce(&[Row]) -> Result<Vec<u8>, Problem>,
    ) -> Result<Response, Problem> {
        let rows = state.db.read(&self.caller, sql, params).await?;
        Ok(self.respond(Answer::new(write(&rows)?), PRIVATE))
    }

    fn respond(&self, answer: Answer, cache_control: HeaderValue) -> Response {
        let headers = [
            (CACHE_CONTROL, cache_control),
            (VARY, VARIES),
            (ETAG, answer.tag.clone()),
        ];
        if self.known.has(&answer.tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let json = HeaderValue::from_static("application/json");
        (headers, [(CONTENT_TYPE, json)], answer.body).into_response()
    }
}
