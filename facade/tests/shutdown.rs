//! The end of the program in front of a database that works: what has begun is answered, nothing new is let in.
//! `bin/with-cluster` says where the database is; what is called there are stand-ins that take their time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DATABASE: &str = "facade_shutdown";

/// A surface that takes its time.
const SLOW: &str = "
    create schema booking_api;
    create function booking_api.services(tenant text)
    returns table (service_id uuid, slug text, name text, zone text, durations int[], step int)
    language plpgsql
    as $$
    begin
        perform pg_sleep(2);
        return query values (gen_random_uuid(), 'slow', 'The slow one', 'UTC', array[60], 60);
    end
    $$;";

/// What psql prints for a statement.
fn psql(database: &str, statement: &str) -> String {
    let programs = env::var("PG_BOOKING_BINDIR").expect("to be run by bin/with-cluster");
    let output = Command::new(format!("{programs}/psql"))
        .args(["-qXAtw", "-v", "ON_ERROR_STOP=1", "-d", database])
        .args(["-c", statement])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn send(address: &str, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).unwrap();
    write!(
        stream,
        "GET /v1/any/services HTTP/1.1\r\nHost: x\r\n{more}\r\n"
    )
    .unwrap();
    stream
}

#[test]
fn a_slow_request_is_answered_and_nothing_new_begins() {
    psql("postgres", &format!("create database {DATABASE}"));
    psql(DATABASE, SLOW);
    let mut facade = Command::new(env!("CARGO_BIN_EXE_booking-facade"))
        .arg("--listen=127.0.0.1:0")
        .env(
            "BOOKING_DATABASE_URL",
            format!(
                "postgres://postgres@{}:{}/{DATABASE}",
                env::var("PGHOST").unwrap(),
                env::var("PGPORT").unwrap()
            ),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(facade.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("http://").unwrap();

    // Connections that would go on, if they were let: they end by themselves. Both ask the same, so it is one query.
    let mut begun = [send(address, ""), send(address, "")];
    let running = "select count(*) = 1 from pg_stat_activity where datname = 'facade_shutdown' and query ~ 'services' and state = 'active' and pid <> pg_backend_pid()";
    let began = Instant::now();
    while psql(DATABASE, running) != "t" {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing began");
    }
    let pid = facade.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let told = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(told.elapsed() < Duration::from_secs(1), "it still accepts");
    }
    for stream in &mut begun {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("The slow one"), "{answer}");
    }
    assert_eq!(facade.wait().unwrap().code(), Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(10),
        "{:?}",
        told.elapsed()
    );
    let mut log = String::new();
    facade
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(
        log.contains("SIGTERM: draining") && log.contains("ended"),
        "{log}"
    );
    psql(
        "postgres",
        &format!("drop database {DATABASE} with (force)"),
    );
}
