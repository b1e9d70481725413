//! Requests that make no sense: nothing of them reaches the database.
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use crate::world::{World, monday, session, slots_path};

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_problems_too() -> Result<()> {
    let world = World::new("rejections").await?;
    for path in [
        "/",
        "/v1",
        "/v1/acme",
        "/v1/acme/services/",
        "/v1/acme/services/haircut",
        "/v2/acme/services",
    ] {
        assert_eq!(world.get(path).await?.status, 404, "{path}");
    }
    let wrong = world
        .send(world.request(Method::PUT, "/v1/acme/holds"))
        .await?;
    assert_eq!((wrong.status, wrong.header("allow")), (405, "POST,DELETE"));
    let wrong = world
        .send(world.request(Method::POST, "/v1/acme/services"))
        .await?;
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET,HEAD"));
    Ok(())
}

#[tokio::test]
async fn a_query_is_refused_with_the_name_of_what_is_wrong() -> Result<()> {
    let world = World::new("rejections").await?;
    let day = "from=2030-01-07T00:00:00Z&to=2030-01-08T00:00:00Z";
    for (query, named) in [
        ("", "from"),
        ("from=2030-01-07T00:00:00Z", "to"),
        ("from=tomorrow&to=2030-01-08T00:00:00Z", "RFC 3339"),
        ("from=2030-01-07&to=2030-01-08", "RFC 3339"),
        ("from=infinity&to=2030-01-08T00:00:00Z", "RFC 3339"),
        (
            "from=2030-01-07T00:00:00Z&to=300000-01-01T00:00:00Z",
            "RFC 3339",
        ),
        (&format!("{day}&duration=1h"), "duration"),
        (&format!("{day}&duration=1h"), "a whole number"),
        (&format!("{day}&duration="), "a whole number"),
        (&format!("{day}&duration=99999999999"), "duration"),
        (&format!("{day}&duration=-60"), "above zero"),
        (&format!("{day}&step=0"), "above zero"),
        (&format!("{day}&resource=chair"), "resource"),
        (&format!("{day}&holds=show"), "holds"),
        (&format!("{day}&each_resource=yes"), "each_resource"),
        (&format!("{day}&session_id=0123456789abcdef"), "session_id"),
        (&format!("{day}&{day}"), "duplicate"),
    ] {
        let answer = world
            .get(&format!("/v1/acme/services/haircut/slots?{query}"))
            .await?;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text("detail").contains(named), "{query}: {answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_parameter_that_nobody_asks_for_is_refused_by_name() -> Result<()> {
    let world = World::new("rejections").await?;
    for (method, path) in [
        (Method::POST, "/v1/acme/holds"),
        (Method::POST, "/v1/acme/holds/many"),
        (Method::DELETE, "/v1/acme/holds"),
        (
            Method::DELETE,
            "/v1/acme/holds/00000000-0000-0000-0000-000000000000",
        ),
        (Method::POST, "/v1/acme/heartbeat"),
        (Method::POST, "/v1/acme/bookings"),
        (Method::GET, "/v1/acme/services"),
        (Method::GET, "/v1/acme/resources"),
        (Method::GET, "/v1/acme/manage/booking"),
        (Method::POST, "/v1/acme/manage/cancel"),
        (Method::POST, "/v1/acme/manage/reschedule"),
    ] {
        let request = world.request(method.clone(), &format!("{path}?session=secret"));
        let answer = world.send(request.json(&json!({}))).await?;
        assert_eq!(answer.status, 400, "{method} {path}");
        assert!(
            answer.text("detail").contains("`session`"),
            "{path}: {answer:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn of_all_that_is_wrong_the_first_is_told_who_asks_then_where_then_for_what() -> Result<()> {
    let world = World::new("rejections").await?;
    let (here, nowhere) = ("00000000-0000-0000-0000-000000000000", "no-uuid");
    let token = world.token("somebody")?;
    let told = async |token: Option<&str>, id: &str, query: &str, method: Method, path: &str| {
        let path = path.replace("ID", id);
        let mut request = world.request(method, &format!("/v1/acme/admin/{path}{query}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        world.send(request.json(&json!({"unknown": 1}))).await
    };
    for (method, path) in [
        (Method::PUT, "busy-windows/ID"),
        (Method::POST, "bookings/ID/decline"),
        (Method::PUT, "holds/ID"),
        (Method::PUT, "locations/ID"),
        (Method::POST, "schedules/ID/rules"),
        (Method::PUT, "schedules/ID/overrides/ID"),
        (Method::PUT, "services/haircut/requirements/ID"),
    ] {
        let told = async |token, id, query| told(token, id, query, method.clone(), path).await;
        let visitor = told(None, nowhere, "?session=secret").await?;
        assert_eq!(visitor.status, 401, "{path}: {visitor:?}");
        let lost = told(Some(&token), nowhere, "?session=secret").await?;
        assert_eq!(lost.status, 404, "{path}: {lost:?}");
        let asked = told(Some(&token), here, "?session=secret").await?;
        assert_eq!(asked.status, 400, "{path}: {asked:?}");
        assert!(asked.text("detail").contains("`session`"), "{asked:?}");
        let sent = told(Some(&token), here, "").await?;
        assert_eq!(sent.status, 400, "{path}: {sent:?}");
        assert!(sent.text("detail").contains("`unknown`"), "{sent:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_is_refused_with_the_name_of_what_is_wrong() -> Result<()> {
    let world = World::new("rejections").await?;
    for (path, body, named) in [
        ("holds", "", "EOF"),
        ("holds", "{", "EOF"),
        ("holds", "[]", "a JSON object"),
        ("holds", "null", "a JSON object"),
        ("holds", r#"["slot"]"#, "a JSON object"),
        ("holds", r#"{"slot_id": "a", "slot_id": "b"}"#, "duplicate"),
        ("holds", r#"{"slot": "a"}"#, "unknown field `slot`"),
        (
            "holds",
            r#"{"service": "haircut", "starts_at": "09:00"}"#,
            "RFC 3339",
        ),
        (
            "holds",
            r#"{"service": "haircut", "starts_at": 1893488400}"#,
            "RFC 3339",
        ),
        ("holds", r#"{"slot_id": 7}"#, "slot_id"),
        ("holds", r#"{"slot_id": "a", "duration": "60"}"#, "duration"),
        (
            "holds",
            r#"{"slot_id": "a", "duration": "60"}"#,
            "a whole number",
        ),
        (
            "holds",
            r#"{"slot_id": "a", "ttl_seconds": 1e99}"#,
            "ttl_seconds",
        ),
        (
            "holds",
            r#"{"slot_id": "a", "resource": "chair"}"#,
            "resource",
        ),
        ("bookings", r#"{"slot_id": "a"}"#, "customer"),
        (
            "bookings",
            r#"{"slot_id": "a", "customer": "Ada"}"#,
            "customer",
        ),
        ("bookings", r#"{"hold_id": "a", "customer": {}}"#, "hold_id"),
        (
            "bookings",
            r#"{"slot_id": "a", "customer": {}, "price": 0}"#,
            "price",
        ),
        (
            "bookings",
            r#"{"slot_id": "a", "customer": {}, "if_still_free": 1}"#,
            "if_still_free",
        ),
        (
            "bookings",
            &format!(
                r#"{{"slot_id": "a", "customer": {}"#,
                r#"{"a":"#.repeat(200)
            ),
            "recursion",
        ),
    ] {
        let request = world.request(Method::POST, &format!("/v1/acme/{path}"));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_owned());
        let answer = world.send(request).await?;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.text("detail").contains(named), "{body}: {answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_long_is_not_read() -> Result<()> {
    let world = World::new("rejections").await?;
    for path in ["/v1/acme/holds", "/v1/acme/bookings"] {
        for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
            let request = world
                .request(Method::POST, path)
                .header("content-type", content_type)
                .body("{}");
            assert_eq!(world.send(request).await?.status, 415);
        }
        assert_eq!(
            world.send(world.request(Method::POST, path)).await?.status,
            415
        );
        let long = json!({"slot_id": "x".repeat(70_000)});
        assert_eq!(world.post(path, long).await?.status, 413);
    }
    Ok(())
}

#[tokio::test]
async fn text_that_postgresql_cannot_store_is_bad_input() -> Result<()> {
    let world = World::new("rejections").await?;
    assert_eq!(world.get("/v1/%00/services").await?.status, 400);
    assert_eq!(world.get("/v1/%ff/services").await?.status, 400);
    let body = json!({"service": "haircut", "starts_at": "2030-01-07T09:00:00Z", "session_id": session(),
                      "customer": {"name": "\u{0}"}});
    assert_eq!(world.post("/v1/acme/bookings", body).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn a_session_is_named_once() -> Result<()> {
    let world = World::new("rejections").await?;
    let slots = slots_path(monday(), "");
    let twice = world
        .request(Method::GET, &slots)
        .header("Booking-Session", session());
    assert_eq!(
        world
            .send(twice.header("Booking-Session", session()))
            .await?
            .status,
        400
    );
    let foreign = world
        .request(Method::GET, &slots)
        .header("Booking-Session", &b"sixteen\xe9sixteen"[..]);
    let answer = world.send(foreign).await?;
    assert_eq!(answer.status, 400);
    assert!(answer.text("detail").contains("not UTF-8"), "{answer:?}");
    let both = world
        .request(Method::POST, "/v1/acme/holds")
        .header("Booking-Session", session());
    let answer = world
        .send(both.json(&json!({"slot_id": "a", "session_id": session()})))
        .await?;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text("detail").contains("different sessions"),
        "{answer:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_a_plain_word() -> Result<()> {
    let world = World::new("rejections").await?;
    let kept = async |id: &str| -> Result<bool> {
        let answer = world
            .send(
                world
                    .request(Method::GET, "/nowhere")
                    .header("x-request-id", id),
            )
            .await?;
        Ok(answer.header("x-request-id") == id)
    };
    assert!(kept("req-42_a.b").await?);
    assert!(!kept("").await?);
    assert!(!kept("two words").await?);
    assert!(!kept(&"x".repeat(65)).await?);
    Ok(())
}
