//! Spans, as a collector receives them: OTLP over HTTP. What sends them belongs to a process, so a visit is run in one of its own.
use std::{
    env,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use booking_facade::{logging, trace::Exporter};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use reqwest::Method;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::mpsc,
};

use crate::world::{World, config, monday_at};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const SESSION: &str = "a-session-that-nobody-else-has";

/// Looks, holds, is refused; with a trace to go on with, with one that nobody keeps, and without.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests of this file, in a process of its own"]
async fn a_visit() -> Result<()> {
    let mut settings = config("", "web");
    settings.otlp_endpoint = env::var("TRACES_TO").ok();
    settings.trace_ratio = env::var("TRACES_RATIO")?.parse()?;
    settings.service_name = "the-barbers".into();
    settings.log_format = booking_facade::config::LogFormat::Json;
    let exporter = Exporter::new(&settings).map_err(|error| anyhow::anyhow!("{error}"))?;
    logging::install(&settings, exporter.as_ref()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let world = World::new("traces").await?;
    let began = Instant::now();
    for (trace, sampled) in [(TRACE, "01"), ("5bf92f3577b34da6a3ce929d0e0e4736", "00")] {
        let parent = format!("00-{trace}-{PARENT}-{sampled}");
        let request = world.request(Method::GET, "/v1/acme/services");
        let answer = world.send(request.header("traceparent", parent)).await?;
        assert_eq!(answer.status, 200);
    }
    for broken in ["", "00-0-0-0", "garbage", "\u{fc}"] {
        let request = world.request(Method::GET, "/healthz");
        world.send(request.header("traceparent", broken)).await?;
    }
    for _ in 0..2 {
        world.hold(monday_at(9), SESSION).await?;
    }
    world
        .hold(monday_at(9), "another-session-that-loses")
        .await?;
    for _ in 0..20 {
        world.get("/v1/nobody/services").await?;
    }
    ensure!(
        began.elapsed() < Duration::from_secs(10),
        "requests wait for the collector: {:?}",
        began.elapsed()
    );
    let began = Instant::now();
    if let Some(exporter) = exporter {
        exporter.end().await;
    }
    ensure!(
        began.elapsed() < Duration::from_secs(6),
        "the end waits for the collector"
    );
    Ok(())
}

/// Runs the visit, and returns its log.
async fn visit(endpoint: &str, ratio: &str) -> Result<String> {
    let output = Command::new(env::current_exe()?)
        .args(["--exact", "traces::a_visit", "--ignored", "--nocapture"])
        .env("TRACES_TO", endpoint)
        .env("TRACES_RATIO", ratio)
        .output()
        .await?;
    let log = String::from_utf8(output.stderr)?;
    assert!(output.status.success(), "{log}");
    Ok(log)
}

/// A collector: takes what is sent to `/v1/traces`, and says nothing more than 200.
async fn collector() -> Result<(String, mpsc::UnboundedReceiver<ExportTraceServiceRequest>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let (received, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let received = received.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Some(export) = receive(&mut stream).await? {
                    received.send(export)?;
                }
                anyhow::Ok(())
            });
        }
    });
    Ok((endpoint, receiver))
}

async fn receive(stream: &mut BufReader<TcpStream>) -> Result<Option<ExportTraceServiceRequest>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/traces "), "{head}");
    assert!(
        head.contains("content-type: application/x-protobuf"),
        "{head}"
    );
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .context("content-length")?;
    let mut body = vec![0; length.parse()?];
    stream.read_exact(&mut body).await?;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await?;
    Ok(Some(ExportTraceServiceRequest::decode(&*body)?))
}

/// What a visit sends.
async fn spans_of_a_visit(ratio: &str) -> Result<(Vec<Span>, String, String)> {
    let (endpoint, mut received) = collector().await?;
    let log = visit(&endpoint, ratio).await?;
    let mut spans = Vec::new();
    let mut all = String::new();
    while let Ok(export) = received.try_recv() {
        all.push_str(&format!("{export:?}"));
        for resource in export.resource_spans {
            for scope in resource.scope_spans {
                spans.extend(scope.spans);
            }
        }
    }
    Ok((spans, all, log))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> String {
    span.attributes
        .iter()
        .find(|attribute| attribute.key == key)
        .map(|attribute| format!("{:?}", attribute.value))
        .unwrap_or_default()
}

#[tokio::test]
async fn a_trace_goes_on_through_the_facade_to_the_database() -> Result<()> {
    let (spans, all, log) = spans_of_a_visit("1").await?;
    let request = spans
        .iter()
        .find(|span| hex(&span.parent_span_id) == PARENT)
        .context("the span that the request's trace goes on with")?;
    assert_eq!(hex(&request.trace_id), TRACE);
    assert_eq!(request.name, "GET /v1/{tenant}/services");
    assert_eq!(request.kind, 2, "server");
    assert!(attribute(request, "http.response.status_code").contains("200"));
    let call = spans
        .iter()
        .find(|span| span.parent_span_id == request.span_id)
        .context("the span of its call")?;
    assert_eq!(hex(&call.trace_id), TRACE);
    assert_eq!((&*call.name, call.kind), ("database read", 3));
    assert!(attribute(call, "db.query.text").contains("booking_api.services"));
    assert!(call.start_time_unix_nano >= request.start_time_unix_nano);
    assert!(call.end_time_unix_nano <= request.end_time_unix_nano);

    // One that nobody keeps is not kept here, either; all others are.
    assert!(
        !spans
            .iter()
            .any(|span| hex(&span.trace_id).starts_with("5bf92f"))
    );
    assert_eq!(
        spans.iter().filter(|span| span.kind == 2).count(),
        1 + 4 + 3 + 20
    );
    // A refusal is an answer, no error.
    let refused = spans
        .iter()
        .find(|span| attribute(span, "error.type").contains("BK001"))
        .context("the refusal")?;
    assert!(
        refused
            .status
            .as_ref()
            .is_none_or(|status| status.code() != StatusCode::Error)
    );

    assert!(all.contains("the-barbers"), "the service has its name");
    for secret in [SESSION, "another-session", "acme", "nobody", "127.0.0.1"] {
        assert!(!all.contains(secret), "{secret} is sent: {all}");
    }
    assert!(log.contains(&format!(r#""trace_id":"{TRACE}""#)), "{log}");
    Ok(())
}

#[tokio::test]
async fn a_share_of_the_requests_is_traced() -> Result<()> {
    let (spans, ..) = spans_of_a_visit("0").await?;
    // Only the one whose trace somebody keeps already.
    let requests: Vec<_> = spans.iter().filter(|span| span.kind == 2).collect();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(hex(&requests[0].trace_id), TRACE);
    Ok(())
}

#[tokio::test]
async fn a_collector_that_is_away_or_silent_holds_nobody_up() -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    visit(&format!("http://{}", silent.local_addr()?), "1").await?;
    let gone = silent.local_addr()?;
    drop(silent);
    visit(&format!("http://{gone}"), "1").await?;
    Ok(())
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_traced() -> Result<()> {
    let log = visit("", "1").await?;
    assert!(log.contains(r#""message":"served""#), "{log}");
    assert!(!log.contains("trace_id"), "{log}");
    Ok(())
}
