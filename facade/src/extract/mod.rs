//! JSON bodies, queries, paths and the session header, with rejections as problems.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{self, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::secret::Secret;

/// Whether it was asked before.
mod idempotency;
/// Bodies.
mod json;
/// Who asks.
mod session;
/// Whose booking it is.
mod token;

pub use idempotency::IdempotencyKey;
pub use json::{Json, JsonOrNothing};
pub use session::{SESSION_HEADER, Session};
pub use token::BookingToken;

/// The part after the `?`.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let extract::Query(query) = extract::Query::from_request_parts(parts, state).await?;
        Ok(Self(query))
    }
}

/// No part after the `?`: what nobody asks for there is a mistake, as an unknown parameter is elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::bad_request(cause(&rejection))
    }
}

/// The variable parts of the path.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let extract::Path(path) = extract::Path::from_request_parts(parts, state).await?;
        Ok(Self(path))
    }
}

impl From<PathRejection> for Problem {
    /// An id that is no uuid is the id of nothing; a path that is no UTF-8 is not a path.
    fn from(rejection: PathRejection) -> Self {
        match rejection {
            PathRejection::FailedToDeserializePathParams(inner)
                if inner.status() == StatusCode::BAD_REQUEST =>
            {
                match inner.into_kind() {
                    extract::path::ErrorKind::InvalidUtf8InPathParam { .. } => {
                        Problem::bad_request("the address is not UTF-8")
                    }
                    _ => Problem::not_found(),
                }
            }
            _ => Problem::internal(),
        }
    }
}

/// A header that is there once, in UTF-8 as a body is, or not at all.
pub(crate) fn header(headers: &HeaderMap, name: &str) -> Result<Option<Secret<String>>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match (std::str::from_utf8(value.as_bytes()), values.next()) {
        (Ok(text), None) => Ok(Some(Secret(text.to_owned()))),
        (Ok(_), Some(_)) => Err(Problem::bad_request(format!(
            "the header {name} is there more than once"
        ))),
        (Err(_), _) => Err(Problem::bad_request(format!(
            "the header {name} is not UTF-8"
        ))),
    }
}

/// What parsers say of numbers, and what it is to somebody who does not know their types.
const NUMBERS: [(&str, &str); 6] = [
    ("expected i32", "expected a whole number up to 2147483647"),
    ("expected i64", "expected a whole number"),
    ("invalid digit found in string", "a whole number is wanted"),
    (
        "cannot parse integer from empty string",
        "a whole number is wanted",
    ),
    (
        "number too large to fit in target type",
        "the number is too large",
    ),
    (
        "number too small to fit in target type",
        "the number is too small",
    ),
];

/// axum wraps the parser's words into a sentence of its own; the parser's words are enough.
fn cause(rejection: &dyn std::error::Error) -> String {
    let mut error = rejection;
    while let Some(source) = error.source() {
        error = source;
    }
    NUMBERS
        .iter()
        .fold(error.to_string(), |text, (theirs, ours)| {
            text.replace(theirs, ours)
        })
}
