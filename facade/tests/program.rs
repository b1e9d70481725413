//! The program as its operator sees it: flags, first line, health without a database, the graceful end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_booking-facade");

struct Facade {
    process: Child,
    address: String,
}

impl Facade {
    /// In front of whatever listens at `database`.
    fn start(database: &str) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["--listen=127.0.0.1:0", "--acquire-timeout=1s"])
            .env(
                "BOOKING_DATABASE_URL",
                format!("postgres://web:pass-word@{database}/x"),
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_owned();
        Self { process, address }
    }

    fn send(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        read(self.send(path))
    }

    /// Sends SIGTERM and does not wait.
    fn terminate(&self) {
        let pid = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    fn end(mut self) -> Output {
        let process = std::mem::replace(&mut self.process, Command::new("true").spawn().unwrap());
        process.wait_with_output().unwrap()
    }
}

impl Drop for Facade {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A port nobody listens at.
fn closed_port() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

#[test]
fn it_starts_before_its_database_and_says_that_it_is_not_ready() {
    let facade = Facade::start(&closed_port());

    let alive = facade.get("/healthz");
    assert!(alive.starts_with("HTTP/1.1 200 "), "{alive}");

    let ready = facade.get("/readyz");
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    assert!(ready.contains("\r\nretry-after: 5\r\n"), "{ready}");

    facade.terminate();
    let log = String::from_utf8(facade.end().stderr).unwrap();
    assert!(log.contains("the database is away"), "{log}");
    assert!(log.contains("Connection refused"), "{log}");
    assert!(!log.contains("pass-word"), "{log}");
}

#[test]
fn sigterm_refuses_new_work_and_answers_what_has_begun() {
    // Accepts and never answers: a request waits for it until the acquire timeout.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let facade = Facade::start(&silent.local_addr().unwrap().to_string());

    let begun = facade.send("/readyz");
    let database_side = silent.accept().unwrap();
    facade.terminate();
    let refused = Instant::now();
    while TcpStream::connect(&facade.address).is_ok() {
        assert!(
            refused.elapsed() < Duration::from_secs(5),
            "it still accepts"
        );
    }

    let answer = read(begun);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(database_side);
    assert_eq!(facade.end().status.code(), Some(0));
}

#[test]
fn settings_that_cannot_work_end_it_with_a_sentence() {
    for (flags, said) in [
        (&["--database-url="][..], "BOOKING_DATABASE_URL"),
        (
            &["--database-url=postgres://web:pass-word@h:x/y"][..],
            "not understood",
        ),
        (
            &[
                "--database-url=postgres://web:pass-word@h/y",
                "--database-ca=/nowhere.pem",
            ][..],
            "--database-ca /nowhere.pem",
        ),
        (
            &["--database-url=host=h", "--listen=nowhere"][..],
            "cannot listen at nowhere",
        ),
        (&["--database-url=host=h", "--log=a=b=c"][..], "--log"),
        (&["--request-timeout=10"][..], "such as 5s"),
        (&["--trace-ratio=2"][..], "from 0 to 1"),
        (
            &["--database-url=host=h", "--otlp-endpoint=collector:4318"][..],
            "--otlp-endpoint",
        ),
        (
            &["--database-url=host=h", "--metrics-listen=nowhere"][..],
            "cannot listen at nowhere",
        ),
    ] {
        let output = Command::new(PROGRAM)
            .arg("serve")
            .args(flags)
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{flags:?}");
        assert!(error.contains(said), "{flags:?}: {error}");
        assert!(!error.contains("pass-word"), "{error}");
    }
}

#[test]
fn help_lists_every_variable() {
    let output = Command::new(PROGRAM)
        .args(["serve", "--help"])
        .env("BOOKING_DATABASE_URL", "postgres://web:pass-word@h/x")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in [
        "DATABASE_URL",
        "LISTEN",
        "POOL_SIZE",
        "ACQUIRE_TIMEOUT",
        "STATEMENT_TIMEOUT",
        "REQUEST_TIMEOUT",
        "BODY_LIMIT",
        "LOG_FORMAT",
        "LOG_ADDRESSES",
        "DATABASE_CA",
        "METRICS_LISTEN",
        "TRACE_RATIO",
    ] {
        assert!(help.contains(&format!("BOOKING_{name}")), "{name}: {help}");
    }
    assert!(!help.contains("pass-word"), "{help}");
}
