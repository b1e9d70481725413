//! RFC 9457 problem details, the one form of every error. [`crate::context`] writes the body, since it knows the request id;
//! [`crate::refusal`] and [`crate::sqlstate`] say which error of SQL becomes which problem.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::Instant;

/// What went wrong, in the words of the client's world.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`, or where the code is explained.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Cow<'static, str>,
    /// The same for every problem of this kind.
    pub title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    pub status: StatusCode,
    /// What is wrong with this request.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub hint: Option<Box<str>>,
    /// A `BKnnn` of the engine or an SQLSTATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub code: Option<Box<str>>,
    /// Of several starts that were asked for together, those that stand in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Refused>>)]
    pub refused: Option<Box<AllRefused>>,
    /// Seconds after which it is worth another try: the header `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
    /// There was a token, and it is why: the header `WWW-Authenticate` says so, see RFC 6750.
    #[serde(skip)]
    pub invalid_token: bool,
}

/// A start that cannot be had, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Refused {
    /// Which one.
    pub starts_at: Instant,
    /// As the `code` of a problem.
    pub code: String,
}

/// A problem is handed from call to call: with these beside it, and not behind a pointer, it were too large for that.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct AllRefused(pub Vec<Refused>);

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem that is what its status says.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            hint: None,
            code: None,
            refused: None,
            retry_after: None,
            invalid_token: false,
        }
    }

    /// The status alone is known: what the router and the server answer by themselves.
    pub fn bare(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::NOT_FOUND => "there is nothing at this address",
            StatusCode::METHOD_NOT_ALLOWED => "this address does not take that method",
            StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
            _ if status.is_server_error() => return Self::internal(),
            _ => "the request cannot be answered",
        };
        Self::new(status, detail)
    }

    /// One body for what is unknown, inactive, someone else's or not public: none of them can be told apart.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is no such thing, or it is not yours to see",
        )
    }

    /// The request cannot be understood.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Who asks has to say who it is: the header `WWW-Authenticate`.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// There is a token, and it is worth nothing. The words go into a header, too: no quotes in them.
    pub fn invalid_token(detail: &'static str) -> Self {
        Self {
            invalid_token: true,
            ..Self::unauthorized(detail)
        }
    }

    /// What `WWW-Authenticate` says.
    pub fn challenge(&self) -> String {
        if self.invalid_token {
            format!(
                r#"Bearer error="invalid_token", error_description="{}""#,
                self.detail
            )
        } else {
            "Bearer".to_owned()
        }
    }

    /// It is known who asks, and that is not enough.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "the token does not allow this; ask whoever owns the tenant",
        )
    }

    /// It is our fault, and the log says what it is.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something went wrong here; the request id finds it in the log",
        )
    }

    /// It is nobody's fault and will pass.
    pub fn unavailable(retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not available at the moment; please try again",
            )
        }
    }

    /// The database is there and is not as it must be: whoever runs it has something to do.
    pub fn not_set_up() -> Self {
        Self {
            detail: "not available until whoever runs this has set up its database; the request id finds the reason in the log"
                .into(),
            ..Self::unavailable(5)
        }
    }

    /// Whether it stays so until somebody does something here.
    pub fn is_ours(&self) -> bool {
        self.status == StatusCode::INTERNAL_SERVER_ERROR || *self == Self::not_set_up()
    }

    /// It is nobody's fault and will pass, but whether this was done is not known.
    pub fn in_doubt(retry_after: u32) -> Self {
        Self {
            detail: "the connection was lost before it was known whether this was done; repeat it with the same \
                     Idempotency-Key, or look first"
                .into(),
            ..Self::unavailable(retry_after)
        }
    }

    /// Somebody asks more often than they may.
    pub fn too_many(retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too many requests; Retry-After says when to come back",
            )
        }
    }

    /// The same problem with the code that names it.
    pub fn with_code(self, code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into().into()),
            ..self
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
