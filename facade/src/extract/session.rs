//! The session header.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::header;
use crate::problem::Problem;
use crate::secret::Secret;

/// The header that names the visitor's session. Never in an address: those are logged along the way.
pub const SESSION_HEADER: &str = "Booking-Session";

/// The visitor's session, if there is one.
pub struct Session(pub Option<Secret<String>>);

impl Session {
    /// The session of a body that may name it too. Two different ones are a mistake that must not pass for either.
    pub fn or(self, body: Option<Secret<String>>) -> Result<Option<Secret<String>>, Problem> {
        match (self.0, body) {
            (Some(header), Some(body)) if header != body => Err(Problem::bad_request(
                "the header Booking-Session and session_id name different sessions",
            )),
            (header, body) => Ok(header.or(body)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        header(&parts.headers, SESSION_HEADER).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, StatusCode};

    use super::*;

    fn header_of(headers: &HeaderMap) -> Result<Option<Secret<String>>, Problem> {
        header(headers, SESSION_HEADER)
    }

    fn headers(values: &[&'static [u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                SESSION_HEADER,
                axum::http::HeaderValue::from_bytes(value).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn there_is_one_session_or_none() {
        assert_eq!(header_of(&headers(&[])).unwrap(), None);
        assert_eq!(
            header_of(&headers(&[b"visitor"])).unwrap(),
            Some(Secret("visitor".into()))
        );
        assert_eq!(
            header_of(&headers(&["séance".as_bytes()])).unwrap(),
            Some(Secret("séance".into()))
        );
        assert_eq!(
            header_of(&headers(&[b"one", b"two"])).unwrap_err().status,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            header_of(&headers(&[b"\xff"])).unwrap_err().status,
            StatusCode::BAD_REQUEST
        );
    }

    #[test]
    fn header_and_body_must_agree() {
        let some = |text: &str| Some(Secret(text.to_owned()));
        assert_eq!(Session(some("a")).or(None).unwrap(), some("a"));
        assert_eq!(Session(None).or(some("b")).unwrap(), some("b"));
        assert_eq!(Session(some("a")).or(some("a")).unwrap(), some("a"));
        assert!(Session(some("a")).or(some("b")).is_err());
    }
}
