//! Traces for a collector of OpenTelemetry: a span for each request, which continues the trace that the request names
//! (`traceparent`), and one for each call of the database in it. They leave by OTLP/HTTP from a thread of their own, out of a
//! queue that forgets what a collector that is away does not take: no request ever waits for it. Without an endpoint no span is
//! ever made. What is in a span is what is in the log: routes as declared, codes, times; no address, no value.

use std::error::Error;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TraceContextExt, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::Config;

/// Spans of this target are for the collector alone; the log does not show them.
pub const TARGET: &str = "booking_facade::trace";

/// How long a collector may take for a batch, and for the last one when the process ends.
const EXPORT_WITHIN: Duration = Duration::from_secs(3);

/// What sends spans.
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// None without an endpoint. Fails where that is none; a collector that is away is no such thing.
    pub fn new(config: &Config) -> Result<Option<Self>, Box<dyn Error>> {
        let Some(endpoint) = config
            .otlp_endpoint
            .as_deref()
            .filter(|url| !url.is_empty())
        else {
            return Ok(None);
        };
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            return Err(
                "--otlp-endpoint: an address such as http://localhost:4318 is wanted".into(),
            );
        }
        crate::tls::choose_provider();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_WITHIN)
            .build()
            .map_err(|error| format!("--otlp-endpoint is not understood: {error}"))?;
        let ratio = Sampler::TraceIdRatioBased(config.trace_ratio);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(ratio)))
            .with_resource(
                Resource::builder()
                    .with_service_name(config.service_name.clone())
                    .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                    .build(),
            )
            .build();
        Ok(Some(Self(provider)))
    }

    /// Where spans are begun.
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer("booking-facade")
    }

    /// Sends what is left, and gives up in time.
    pub async fn end(self) {
        let ended =
            tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(EXPORT_WITHIN));
        let _ = tokio::time::timeout(EXPORT_WITHIN + Duration::from_secs(1), ended).await;
    }
}

/// The span of a request.
pub fn request(request: &Request, route: &str) -> Span {
    let method = request.method().as_str();
    let span = info_span!(target: TARGET, "request", otel.name = format!("{method} {route}"), otel.kind = "server");
    if !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&Headers(request.headers()));
        let _ = span.set_parent(parent);
        span.set_attribute("http.request.method", method.to_owned());
        span.set_attribute("http.route", route.to_owned());
    }
    span
}

/// The request of this span was answered.
pub fn answered(span: &Span, status: StatusCode, code: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if let Some(code) = code {
        span.set_attribute("error.type", code.to_owned());
    }
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// The id of the trace that this span is part of, if it is kept.
pub fn id(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| context.trace_id().to_string())
}

/// The span of a call of the database; `sql` has parameters, never values.
pub fn call(kind: &'static str, sql: &str) -> Span {
    let span = info_span!(target: TARGET, "database", otel.name = format!("database {kind}"), otel.kind = "client");
    if !span.is_disabled() {
        span.set_attribute("db.system.name", "postgresql");
        span.set_attribute("db.query.text", sql.trim().to_owned());
    }
    span
}

/// The call of this span was answered, or was not.
pub fn called(span: &Span, outcome: &'static str) {
    if span.is_disabled() || outcome == "ok" {
        return;
    }
    span.set_status(Status::error(outcome));
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
