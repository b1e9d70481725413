//! What is and what is not in the log. The log belongs to a process, so a visit is run in one of its own, and its output read.
use std::{env, process::Command};

use anyhow::{Context, Result};
use booking_facade::{config::LogFormat, logging};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, config, monday, monday_at, sign, slots_path, time};

const SESSION: &str = "a-session-that-nobody-else-has";
const CUSTOMER: &str = "Ada Lovelace of Marylebone";
const SUBJECT: &str = "the-sub-of-somebody";

/// Finds, holds, fails to release, fails in the database, books; everything with a secret in it.
#[tokio::test]
#[ignore = "run by the other tests of this file, in a process of its own"]
async fn a_visit() -> Result<()> {
    let mut log = config("", "web");
    log.log = env::var("LOG_LEVEL")?;
    log.log_format = LogFormat::Json;
    let addresses = env::var_os("LOG_ADDRESSES").is_some();
    logging::install(&log, None).map_err(|error| anyhow::anyhow!("{error}"))?;

    let world = World::with("logs", |config| config.log_addresses = addresses).await?;
    let with_session = |method, path: &str| {
        world
            .request(method, path)
            .header("Booking-Session", SESSION)
    };
    world
        .send(with_session(Method::GET, &slots_path(monday(), "")))
        .await?;
    let hold = world.hold(monday_at(9), SESSION).await?;
    world
        .hold(monday_at(9), "another-session-that-loses")
        .await?;
    world
        .delete(hold.header("location"), "another-session-that-loses")
        .await?;
    let customer = json!({"name": CUSTOMER});
    let booking =
        json!({"hold_id": hold.body["hold_id"], "session_id": SESSION, "customer": customer});
    assert_eq!(
        world
            .post("/v1/acme/bookings", booking.clone())
            .await?
            .status,
        201
    );
    world
        .sql
        .batch_execute("alter table booking.booking add constraint no_more check (false) not valid")
        .await?;
    let direct = json!({"service": "haircut", "starts_at": time(monday_at(10)), "session_id": SESSION,
                        "customer": customer});
    assert_eq!(world.post("/v1/acme/bookings", direct).await?.status, 400);
    let misspelt = json!({"session_id": SESSION, "custommer": customer});
    assert_eq!(world.post("/v1/acme/bookings", misspelt).await?.status, 400);
    // With a token that is good, with one that is not.
    for (exp, status) in [(4_000_000_000u64, 200), (1, 401)] {
        let token = sign(&json!({"sub": SUBJECT, "email": CUSTOMER, "exp": exp}))?;
        let request = world.request(Method::GET, "/v1/acme/services");
        let answer = world.send(request.bearer_auth(token)).await?;
        assert_eq!(answer.status, status);
    }
    // An address may carry what is secret; it is refused, and not logged either.
    let refused = format!("/v1/acme/services?session_id={SESSION}");
    assert_eq!(world.get(&refused).await?.status, 400);
    // What comes through a proxy that nobody named.
    let forwarded = world.request(Method::GET, "/v1/acme/services");
    world
        .send(forwarded.header("x-forwarded-for", "192.0.2.1"))
        .await?;
    let last = world.request(Method::GET, "/v1/acme/services");
    world
        .send(last.header("x-request-id", "the-last-request"))
        .await?;
    Ok(())
}

/// Finds nothing: the role that visitors run as is not there.
#[tokio::test]
#[ignore = "run by the other tests of this file, in a process of its own"]
async fn a_visit_without_a_role() -> Result<()> {
    let mut log = config("", "web");
    log.log_format = LogFormat::Json;
    logging::install(&log, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let world = World::with("logs", |config| {
        config.roles.public = Some("nobody_such".into());
    })
    .await?;
    assert_eq!(world.get("/v1/acme/services").await?.status, 503);
    Ok(())
}

fn log_of_a_visit(level: &str) -> Result<String> {
    log_of(
        "logs::a_visit",
        Command::new(env::current_exe()?).env("LOG_LEVEL", level),
    )
}

fn log_of(name: &str, visit: &mut Command) -> Result<String> {
    let output = visit
        .args(["--exact", name, "--ignored", "--nocapture"])
        .output()?;
    let log = String::from_utf8(output.stderr)?;
    assert!(output.status.success(), "{log}");
    Ok(log)
}

#[test]
fn no_level_of_the_log_shows_a_session_a_token_or_a_customer() -> Result<()> {
    let log = log_of_a_visit("trace")?;
    assert!(
        log.contains("booking_api.try_book("),
        "this level shows what is asked of the database"
    );
    // `eyJ` is how a JSON object begins in base64, and so a token.
    for secret in [
        SESSION,
        CUSTOMER,
        SUBJECT,
        "eyJ",
        "another-session-that-loses",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
    Ok(())
}

#[test]
fn every_request_is_a_line_with_its_id_and_route() -> Result<()> {
    let log = log_of_a_visit("info")?;
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let served: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"] == "served")
        .collect();
    assert_eq!(served.len(), 12, "{log}");
    let last = served.last().context("a line")?;
    assert_eq!(
        last["span"],
        json!({"name": "request", "request_id": "the-last-request", "method": "GET", "route": "/v1/{tenant}/services"})
    );
    assert_eq!(last["status"], 200);
    assert_eq!(
        (&last["caller"], &last["db_calls"]),
        (&json!("visitor"), &json!(1))
    );
    assert!(
        last["db_us"].as_u64().is_some_and(|time| time > 0),
        "{last}"
    );
    assert!(
        last["db_us"].as_u64() <= last["elapsed_us"].as_u64(),
        "{last}"
    );
    assert!(
        served.iter().any(|line| line["caller"] == "signed-in"),
        "{log}"
    );

    // A refusal is told by its code.
    let refused: Vec<_> = served
        .iter()
        .filter(|line| line["code"] == "BK001")
        .collect();
    assert_eq!(refused.len(), 1, "{log}");
    assert_eq!(refused[0]["status"], 409);

    // The broken constraint is named to the operator, under the id that the client got.
    let fault = lines
        .iter()
        .find(|line| line["code"] == "23514")
        .context("the fault")?;
    assert_eq!(fault["constraint"], "no_more");
    // It is the caller's, as the 400 says.
    assert_eq!(fault["level"], "INFO", "{fault}");
    assert!(fault["span"]["request_id"].is_string(), "{fault}");
    Ok(())
}

#[test]
fn addresses_are_logged_only_if_that_is_wanted() -> Result<()> {
    let log = log_of_a_visit("info")?;
    assert!(log.contains("--trusted-proxies"), "{log}");
    for address in ["127.0.0.1", "192.0.2.1"] {
        assert!(!log.contains(address), "{log}");
    }
    let mut visit = Command::new(env::current_exe()?);
    let visit = visit.env("LOG_LEVEL", "info").env("LOG_ADDRESSES", "yes");
    let log = log_of("logs::a_visit", visit)?;
    assert!(log.contains(r#""address":"127.0.0.1""#), "{log}");
    assert!(log.contains(r#""peer":"127.0.0.1""#), "{log}");
    Ok(())
}

#[test]
fn the_operator_is_told_which_role_is_not_there() -> Result<()> {
    let visit = &mut Command::new(env::current_exe()?);
    let log = log_of("logs::a_visit_without_a_role", visit)?;
    let told = |line: &str| line.contains("ERROR") && line.contains("nobody_such");
    assert!(log.lines().any(told), "{log}");
    Ok(())
}
