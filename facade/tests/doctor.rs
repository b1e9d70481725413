//! `booking-facade doctor` and `openapi`, the program itself; the former against the server of `bin/with-cluster`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;
use std::process::{Command, Output, id};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_booking-facade");

/// A database with the extension, a login as the facade has one, and a stranger's.
struct Site {
    name: String,
}

impl Site {
    fn new() -> Self {
        let name = format!("doctor_{}", id());
        let site = Self { name };
        site.psql("postgres", &format!("create database {}", site.name));
        let name = &site.name;
        site.psql(
            name,
            &format!(
                "create extension pg_booking cascade;
                 create role {name}_web login noinherit;
                 create role {name}_stranger login;
                 create role {name}_public; create role {name}_service; create role {name}_owner;
                 grant {name}_public, {name}_service to {name}_web;
                 select booking.grant_access('{name}_public', service_role => '{name}_service', owner_role => '{name}_owner')"
            ),
        );
        site
    }

    fn psql(&self, database: &str, script: &str) {
        let bin = env::var("PG_BOOKING_BINDIR").expect("no server: run me by bin/with-cluster");
        let run = Command::new(format!("{bin}/psql"))
            .args(["-Xqd", database, "-v", "ON_ERROR_STOP=1", "-c", script])
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
    }

    fn doctor(&self, user: &str, arguments: &[&str]) -> Output {
        let place = |name| env::var(name).unwrap();
        Command::new(PROGRAM)
            .arg("doctor")
            .args(arguments)
            .env(
                "BOOKING_DATABASE_URL",
                format!(
                    "postgres://{user}@{}:{}/{}",
                    place("PGHOST"),
                    place("PGPORT"),
                    self.name
                ),
            )
            .env("BOOKING_SERVICE_ROLE", format!("{}_service", self.name))
            .output()
            .unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let name = &self.name;
        self.psql("postgres", &format!("drop database {name} with (force)"));
        self.psql(
            "postgres",
            &format!(
                "drop role {name}_web, {name}_stranger, {name}_public, {name}_service, {name}_owner"
            ),
        );
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_doctor_prints_what_is_found_and_its_exit_status_says_whether_all_is_well() {
    let site = Site::new();
    let web = format!("{}_web", site.name);

    // The facade's login takes on the service role; a superuser asks as itself.
    for user in [&*web, "postgres"] {
        let well = site.doctor(user, &[]);
        assert_eq!(well.status.code(), Some(0), "{well:?}");
        let text = out(&well);
        assert!(text.contains("ok  version"), "{text}");
        assert!(text.contains("?   jobs"), "{text}");
        assert!(!text.contains("NO "), "{text}");
    }

    site.psql(
        &site.name,
        "alter table booking.booking disable row level security",
    );
    let ill = site.doctor(&web, &[]);
    assert_eq!(ill.status.code(), Some(1), "{ill:?}");
    let text = out(&ill);
    assert!(text.contains("NO  row_security  every tenant"), "{text}");
    let (_, remedies) = text.split_once("\nWhat to do:\n").unwrap();
    assert!(
        remedies.contains("alter table booking.booking enable row level security;"),
        "{text}"
    );
    assert!(text.contains(" ok, 1 not, "), "{text}");

    let machine = site.doctor(&web, &["--json"]);
    assert_eq!(machine.status.code(), Some(1), "{machine:?}");
    let findings: Value = serde_json::from_slice(&machine.stdout).unwrap();
    assert_eq!(findings["ok"], false);
    let of = |check: &str| {
        let all = findings["findings"].as_array().unwrap();
        all.iter()
            .find(|finding| finding["check"] == check)
            .unwrap()
            .clone()
    };
    assert_eq!(of("row_security")["ok"], false);
    assert_eq!(of("version")["ok"], true);
    assert_eq!(of("jobs")["ok"], Value::Null);

    let stranger = site.doctor(&format!("{}_stranger", site.name), &[]);
    assert_eq!(stranger.status.code(), Some(2), "{stranger:?}");
    assert!(out(&stranger).is_empty());
    assert!(error(&stranger).contains("--service-role"), "{stranger:?}");

    site.psql(&site.name, "drop extension pg_booking");
    let gone = site.doctor("postgres", &[]);
    assert_eq!(gone.status.code(), Some(2), "{gone:?}");
    assert!(error(&gone).contains("create extension"), "{gone:?}");
}

#[test]
fn a_database_that_is_away_is_said_and_no_password_is() {
    let output = Command::new(PROGRAM)
        .args([
            "doctor",
            "--database-url=postgres://web:pass-word@127.0.0.1:1/x",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(error(&output).contains("could not ask"), "{output:?}");
    assert!(error(&output).contains("refused"), "{output:?}");
    assert!(!error(&output).contains("pass-word"), "{output:?}");
}

#[test]
fn the_description_is_printed_without_a_database() {
    let output = Command::new(PROGRAM).arg("openapi").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let api: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(api["openapi"], "3.1.0");
    assert!(api["paths"]["/v1/{tenant}/holds"]["post"].is_object());
}
