//! The description of the routes, in OpenAPI 3.1, made of the handlers themselves: what is served is what is described.

use std::collections::BTreeMap;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::routing::get;
use axum::{Json, Router};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::context::{Failure, ProblemBody};
use crate::routes::PRIVATE;
use crate::state::AppState;

/// What is said once about all routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "pg_booking",
        description = "Slots, holds and bookings of a tenant, for its visitors and for whoever runs it.\n\n\
            Names in addresses are slugs or ids. Times are RFC 3339, durations whole minutes. Errors are problem details \
            (RFC 9457): a `code` of the form `BKnnn` is the engine's, and `type` says where it is explained. A session id is \
            a secret of the visitor's browser, at least 16 random characters, in the header `Booking-Session`. Headers are UTF-8, as bodies are.",
    ),
    components(schemas(ProblemBody<'static>, Failure)),
    modifiers(&Bearer),
    tags(
        (name = "calendar", description = "What can be booked, and when"),
        (name = "booking", description = "To hold, to book, and what becomes of it"),
        (name = "appointments", description = "As a calculator of pre-computed slots has it; what goes wrong is `{success: false, message}`"),
        (name = "owner", description = "For whoever runs a tenant, with a token of one of its members"),
        (name = "operation", description = "Whether the server works"),
    )
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        api.components
            .get_or_insert_default()
            .security_schemes
            .insert("bearer".into(), SecurityScheme::Http(scheme).into());
    }
}

/// A router that collects what its handlers say about themselves.
pub fn describing() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(<Description as utoipa::OpenApi>::openapi())
}

/// The routes, and their description.
pub fn split(routes: OpenApiRouter<AppState>) -> (Router<AppState>, OpenApi) {
    routes.split_for_parts()
}

/// The description as text, for who wants it without a server.
pub fn document(state: &AppState) -> serde_json::Result<String> {
    split(crate::routes::router(state)).1.to_pretty_json()
}

/// What the page may load: its own files, and the pictures and styles that are written into it.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
);
const PAGE_KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// `GET /openapi.json`, and a page at `/docs` that reads it.
pub fn router(api: &OpenApi) -> Router<AppState> {
    let api = api.clone();
    // Relative, so that it is found wherever a proxy puts the facade.
    let page = SwaggerUi::new("/docs").config(Config::from("../openapi.json"));
    let policy = SetResponseHeaderLayer::if_not_present(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    let kept = SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, PAGE_KEPT);
    Router::new()
        .merge(page)
        .layer((policy, kept))
        .route("/openapi.json", get(|| async move { (PRIVATE, Json(api)) }))
}

/// What any route may answer instead.
pub struct Problems;

/// What a route that writes may answer instead.
pub struct WriteProblems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (
                "400",
                "The request makes no sense; `detail` says what to change",
            ),
            ("401", "The token is missing or not valid"),
            ("403", "The token does not allow this"),
            (
                "404",
                "Unknown, inactive, or not yours to see: told apart by nobody",
            ),
            (
                "429",
                "Too many requests; `Retry-After` says when to come back",
            ),
            (
                "503",
                "Not available at the moment; `Retry-After` says when to try again",
            ),
        ])
    }
}

impl IntoResponses for WriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = problems(&[
            ("408", "The body came too slowly; nothing was done"),
            (
                "409",
                "Taken, used up, or not possible in this state; `code` says which",
            ),
            ("410", "The hold has expired, or is not this session's"),
            ("413", "The body is too large"),
            ("415", "The body is not JSON"),
            ("422", "The service does not offer this"),
        ]);
        all.append(&mut Problems::responses());
        all
    }
}

/// What a route below `/api/` may answer instead.
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = WriteProblems::responses();
        for response in all.values_mut() {
            if let RefOr::T(response) = response {
                let failure = ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Failure")))
                    .build();
                response.content.clear();
                response
                    .content
                    .insert("application/json".into(), failure.into());
            }
        }
        all
    }
}

fn problems(all: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let problem = |description: &str| {
        ResponseBuilder::new()
            .description(description)
            .content(
                "application/problem+json",
                ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Problem")))
                    .build(),
            )
            .build()
    };
    all.iter()
        .map(|(status, description)| ((*status).to_owned(), problem(description).into()))
        .collect()
}
