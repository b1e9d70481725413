//! What is counted and timed, one function an event. Every label has few values: routes as they were declared, methods and
//! codes that are known; never an address, a tenant or anything that a client chose. Next: [`crate::scrape`], which shows it.
//!
//! Each facade has a registry of its own, so that several may live in one process. Switched off, nothing is kept.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use deadpool_postgres::Status;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// From a cached answer to the longest that a request may take by default.
const BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often what was timed is put into its buckets. Until then each value takes eight bytes.
const UPKEEP: Duration = Duration::from_secs(5);

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// Where the events of one facade are counted. Cheap to clone.
#[derive(Clone)]
pub struct Meter(Option<Arc<Registry>>);

struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Meter {
    /// One that keeps nothing.
    pub const fn off() -> Self {
        Self(None)
    }

    /// One that counts.
    pub fn on() -> Result<Self, Box<dyn std::error::Error>> {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)?
            .build_recorder();
        describe(&recorder);
        let handle = recorder.handle();
        let registry = Arc::new(Registry { recorder, handle });
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let registry = Arc::downgrade(&registry);
            runtime.spawn(async move {
                loop {
                    tokio::time::sleep(UPKEEP).await;
                    match registry.upgrade() {
                        Some(registry) => registry.handle.run_upkeep(),
                        None => break,
                    }
                }
            });
        }
        let meter = Self(Some(registry));
        let version = Label::from_static_parts("version", env!("CARGO_PKG_VERSION"));
        meter.gauge("booking_build_info", vec![version]).set(1.0);
        Ok(meter)
    }

    /// Everything, in the text format of Prometheus; nothing if it is off.
    pub fn render(&self) -> Option<String> {
        self.0.as_ref().map(|registry| registry.handle.render())
    }

    /// A request is being answered, until the guard goes.
    pub fn request_begins(&self) -> Busy {
        Busy::new(self.gauge("booking_http_requests_in_flight", vec![]))
    }

    /// A request was answered. `code`: the refusal of the engine (`BKnnn`) or the SQLSTATE in it.
    pub fn request(
        &self,
        route: &str,
        method: &Method,
        status: StatusCode,
        code: Option<&str>,
        elapsed: Duration,
    ) {
        if self.0.is_none() {
            return;
        }
        let route = || Label::new("route", route.to_owned());
        let method = Label::from_static_parts("method", known(method));
        self.counter(
            "booking_http_requests_total",
            vec![
                route(),
                method.clone(),
                Label::from_static_parts("status", class(status)),
            ],
        )
        .increment(1);
        self.histogram("booking_http_request_duration_seconds", vec![route()])
            .record(elapsed);
        if let Some(code) = code {
            let code = Label::new("code", code.to_owned());
            self.counter("booking_problems_total", vec![route(), method, code])
                .increment(1);
        }
    }

    /// A request was turned away for being one too many. `scope`: which limit.
    pub fn rate_limited(&self, scope: &'static str) {
        let scope = Label::from_static_parts("scope", scope);
        self.counter("booking_rate_limited_total", vec![scope])
            .increment(1);
    }

    /// An answer was there already, or it was not. `kind`: of what.
    pub fn cache(&self, kind: &'static str, hit: bool) {
        let name = match hit {
            true => "booking_cache_hits_total",
            false => "booking_cache_misses_total",
        };
        self.counter(name, vec![Label::from_static_parts("kind", kind)])
            .increment(1);
    }

    /// Somebody watches live, until the guard goes.
    pub fn viewer(&self) -> Busy {
        Busy::new(self.gauge("booking_live_viewers", vec![]))
    }

    /// A connection was waited for. `connected`: there was one in the end.
    pub fn connection(&self, waited: Duration, connected: bool) {
        self.histogram("booking_pool_wait_seconds", vec![])
            .record(waited);
        if !connected {
            self.counter("booking_pool_failures_total", vec![])
                .increment(1);
        }
    }

    /// The database was asked. `outcome`: ok, error (it said so), away.
    pub fn call(&self, kind: &'static str, outcome: &'static str, elapsed: Duration) {
        if self.0.is_none() {
            return;
        }
        let kind = Label::from_static_parts("kind", kind);
        self.histogram("booking_database_call_duration_seconds", vec![kind.clone()])
            .record(elapsed);
        let outcome = Label::from_static_parts("outcome", outcome);
        self.counter("booking_database_calls_total", vec![kind, outcome])
            .increment(1);
    }

    /// How the pool is at the moment.
    pub fn pool(&self, status: &Status) {
        let of = |state| vec![Label::from_static_parts("state", state)];
        let idle = status.available.min(status.size);
        for (state, count) in [("idle", idle), ("used", status.size - idle)] {
            self.gauge("booking_pool_connections", of(state))
                .set(count as f64);
        }
        self.gauge("booking_pool_connections_max", vec![])
            .set(status.max_size as f64);
        self.gauge("booking_pool_waiting", vec![])
            .set(status.waiting as f64);
    }

    /// How many holds live; `None`: nobody knows.
    pub fn live_holds(&self, count: Option<i64>) {
        self.gauge("booking_live_holds", vec![])
            .set(count.map_or(f64::NAN, |count| count as f64));
    }

    fn counter(&self, name: &'static str, labels: Vec<Label>) -> Counter {
        match &self.0 {
            Some(registry) => registry
                .recorder
                .register_counter(&Key::from_parts(name, labels), &METADATA),
            None => Counter::noop(),
        }
    }

    fn gauge(&self, name: &'static str, labels: Vec<Label>) -> Gauge {
        match &self.0 {
            Some(registry) => registry
                .recorder
                .register_gauge(&Key::from_parts(name, labels), &METADATA),
            None => Gauge::noop(),
        }
    }

    fn histogram(&self, name: &'static str, labels: Vec<Label>) -> Histogram {
        match &self.0 {
            Some(registry) => registry
                .recorder
                .register_histogram(&Key::from_parts(name, labels), &METADATA),
            None => Histogram::noop(),
        }
    }
}

/// Counts as one more of a gauge while it lives.
pub struct Busy(Gauge);

impl Busy {
    fn new(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn describe(recorder: &PrometheusRecorder) {
    type Described = (&'static str, &'static str);
    const COUNTERS: [Described; 7] = [
        ("booking_http_requests_total", "Requests that were answered"),
        (
            "booking_problems_total",
            "Answers with a code: refusals of the engine (BKnnn) and SQLSTATEs",
        ),
        (
            "booking_rate_limited_total",
            "Requests beyond a rate limit, by limit",
        ),
        (
            "booking_cache_hits_total",
            "Answers that were there already, by kind",
        ),
        (
            "booking_cache_misses_total",
            "Answers that the database was asked for, by kind",
        ),
        (
            "booking_pool_failures_total",
            "Requests that got no connection in time",
        ),
        ("booking_database_calls_total", "Calls of the database"),
    ];
    const GAUGES: [Described; 7] = [
        (
            "booking_build_info",
            "1, with the version of the facade as a label",
        ),
        (
            "booking_http_requests_in_flight",
            "Requests that are being answered",
        ),
        (
            "booking_live_viewers",
            "Streams of live changes that are open",
        ),
        ("booking_pool_connections", "Connections to the database"),
        (
            "booking_pool_connections_max",
            "Connections to the database at most",
        ),
        ("booking_pool_waiting", "Requests that wait for one"),
        (
            "booking_live_holds",
            "Holds that have not lapsed, of all tenants; NaN while it is not known",
        ),
    ];
    const TIMES: [Described; 3] = [
        (
            "booking_http_request_duration_seconds",
            "From the request's headers to the answer's",
        ),
        (
            "booking_pool_wait_seconds",
            "How long a connection was waited for",
        ),
        (
            "booking_database_call_duration_seconds",
            "How long a call of the database took",
        ),
    ];
    for (name, words) in COUNTERS {
        recorder.describe_counter(name.into(), None, words.into());
    }
    for (name, words) in GAUGES {
        recorder.describe_gauge(name.into(), None, words.into());
    }
    for (name, words) in TIMES {
        recorder.describe_histogram(name.into(), Some(Unit::Seconds), words.into());
    }
}

/// Anybody may invent methods.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_choose_is_no_label() {
        let meter = Meter::on().unwrap();
        let invented = Method::from_bytes(b"BREW").unwrap();
        meter.request("none", &invented, StatusCode::IM_A_TEAPOT, None, UPKEEP);
        let text = meter.render().unwrap();
        assert!(
            text.contains(
                r#"booking_http_requests_total{route="none",method="other",status="4xx"} 1"#
            ),
            "{text}"
        );
        assert!(!text.contains("BREW"), "{text}");
    }

    #[test]
    fn two_facades_count_apart() {
        let (one, other) = (Meter::on().unwrap(), Meter::on().unwrap());
        one.cache("slots", true);
        let hit = r#"booking_cache_hits_total{kind="slots"} 1"#;
        assert!(one.render().unwrap().contains(hit));
        assert!(!other.render().unwrap().contains(hit));
    }

    #[test]
    fn one_that_is_off_keeps_nothing() {
        let meter = Meter::off();
        drop(meter.viewer());
        meter.cache("slots", false);
        assert_eq!(meter.render(), None);
    }

    #[test]
    fn who_has_gone_is_not_counted() {
        let meter = Meter::on().unwrap();
        let (one, other) = (meter.viewer(), meter.viewer());
        drop(one);
        assert!(meter.render().unwrap().contains("booking_live_viewers 1"));
        drop(other);
        assert!(meter.render().unwrap().contains("booking_live_viewers 0"));
    }
}
