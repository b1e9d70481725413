//! The header with the manage token of a booking.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::header;
use crate::problem::Problem;
use crate::secret::Secret;

/// The header that names the booking and opens it. A header only: an address is logged along the way, and a page that got
/// the token in its own address, from an e-mail, hands it on here.
pub const TOKEN_HEADER: &str = "Booking-Token";

/// The token of the request; whether it is worth anything is the engine's to say.
pub struct BookingToken(pub Secret<String>);

impl<S: Send + Sync> FromRequestParts<S> for BookingToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        header(&parts.headers, TOKEN_HEADER)?
            .map(Self)
            .ok_or_else(|| Problem::bad_request(format!("the header {TOKEN_HEADER} is wanted")))
    }
}
