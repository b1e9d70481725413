//! The idempotency key header.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::header;
use crate::problem::Problem;
use crate::secret::Secret;

/// The header by which a repeat of a request is known as one.
pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";

/// The key of the request, if it has one; what a key may be is the engine's to say.
pub struct IdempotencyKey(pub Option<Secret<String>>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        header(&parts.headers, IDEMPOTENCY_HEADER).map(Self)
    }
}
