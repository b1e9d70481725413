//! Requests that nobody sends in good faith, written byte by byte: each is refused or the connection ends; none is an error
//! of ours, and none reaches another route than the one it names.
use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{World, monday_at, session, time};

/// The status of each answer in what came back on one connection.
fn statuses(answers: &str) -> Vec<u16> {
    answers
        .split("HTTP/1.")
        .skip(1)
        .filter_map(|answer| answer.get(2..5)?.parse().ok())
        .collect()
}

/// One request line with the headers that any request has; the connection ends after it.
fn request(line: &str, headers: &str) -> String {
    format!("{line}\r\nHost: shop.example\r\nConnection: close\r\n{headers}\r\n")
}

async fn asked(world: &World, bytes: impl AsRef<[u8]>) -> Result<Vec<u16>> {
    Ok(statuses(&world.raw(bytes).await?))
}

#[tokio::test]
async fn an_address_names_one_route_or_none() -> Result<()> {
    let world = World::new("hostile").await?;
    let long = "a".repeat(5000);
    for path in [
        "//v1/acme/services",
        "/v1//acme/services",
        "/v1/acme//services",
        "/v1/acme/services/",
        "/v1/acme/services//",
        "/v1/acme/./services",
        "/v1/nobody/../acme/services",
        "/v1/nobody/%2e%2e/acme/services",
        "/v1/nobody/..%2Facme/services",
        "/v1/acme%2Fservices",
        "/v1/acme%2fservices",
        "/v1%2Facme%2Fservices",
        "/v1/acme/services%00",
        "/v1/acme/services%20",
        "/v1/acme/services;jsessionid=1",
        "/v1/acme/services.json",
        "/V1/acme/services",
        "/v1/acme/SERVICES",
        "/v1/%2e%2e/services",
        "/v1/acme%252Fx/services",
        "/v1/acme'--/services",
        "/v1/acme%5c..%5cacme/services",
        &format!("/v1/{long}/services"),
        "*",
    ] {
        let asked = asked(&world, request(&format!("GET {path} HTTP/1.1"), "")).await?;
        assert!(asked == [404] || asked == [400], "{path}: {asked:?}");
    }
    // These are two ways to write one and the same address.
    for path in [
        "/v1/acme/services",
        "/v1/%61cme/services",
        "/v1/acme/services?",
    ] {
        let asked = asked(&world, request(&format!("GET {path} HTTP/1.1"), "")).await?;
        assert_eq!(asked, [200], "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_request_line_that_is_none_ends_the_connection() -> Result<()> {
    let world = World::new("hostile").await?;
    for line in [
        "GET /v1/ac\0me/services HTTP/1.1",
        "GET /v1/ac\x01me/services HTTP/1.1",
        "GET /v1/acme/services HTTP/9.9",
        "GET /v1/acme/services",
        "GET  HTTP/1.1",
        "G\u{e9}T /healthz HTTP/1.1",
        "GET /healthz HTTP/1.1 HTTP/1.1",
        " GET /healthz HTTP/1.1",
        "\u{16}\u{3}\u{1}\u{2}",
    ] {
        let asked = asked(&world, request(line, "")).await?;
        assert!(asked.is_empty() || asked == [400], "{line:?}: {asked:?}");
    }
    Ok(())
}

#[tokio::test]
async fn unusual_methods_and_versions_reach_what_they_name_or_nothing() -> Result<()> {
    let world = World::new("hostile").await?;
    for (line, headers, status) in [
        (
            "GET http://other.example/v1/acme/services HTTP/1.1",
            "",
            200,
        ),
        ("GET http://other.example/../healthz HTTP/1.1", "", 404),
        ("CONNECT other.example:443 HTTP/1.1", "", 404),
        ("TRACE /healthz HTTP/1.1", "", 405),
        ("BREW /healthz HTTP/1.1", "", 405),
        ("HEAD /healthz HTTP/1.1", "", 200),
        (
            "GET /v1/acme/holds HTTP/1.1",
            "X-HTTP-Method-Override: DELETE\r\n",
            405,
        ),
        (
            "GET /v1/acme/holds?_method=DELETE HTTP/1.1",
            "X-HTTP-Method: DELETE\r\n",
            405,
        ),
        (
            "GET /healthz HTTP/1.1",
            "X-Original-URL: /readyz\r\nX-Rewrite-URL: /nowhere\r\n",
            200,
        ),
        (
            "GET /healthz HTTP/1.1",
            "Upgrade: websocket\r\nConnection: upgrade\r\n",
            200,
        ),
    ] {
        assert_eq!(
            asked(&world, request(line, headers)).await?,
            [status],
            "{line}"
        );
    }
    let old = world.raw("GET /healthz HTTP/1.0\r\n\r\n").await?;
    assert_eq!(statuses(&old), [200], "{old}");
    Ok(())
}

#[tokio::test]
async fn a_host_is_named_once() -> Result<()> {
    let world = World::new("hostile").await?;
    for hosts in [
        "",
        "Host: a\r\nHost: b\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host:\r\n",
        "Host: a b\r\n",
        "Host: a/../b\r\n",
        "Host: user@a\r\n",
        "Host: a, b\r\n",
        "Host: \u{e9}\r\n",
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        assert_eq!(asked(&world, request).await?, [400], "{hosts:?}");
    }
    for host in ["a.example", "a:80", "127.0.0.1:80", "[::1]:80"] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(asked(&world, request).await?, [200], "{host:?}");
    }
    Ok(())
}

/// The second request of each would come from somebody else, as far as a careless proxy is concerned.
#[tokio::test]
async fn no_request_hides_in_another() -> Result<()> {
    let world = World::new("hostile").await?;
    let hidden = "GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n";
    for (framing, body) in [
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "aaaaa"),
        ("Content-Length: 5, 6\r\n", "aaaaa"),
        ("Content-Length: -1\r\n", ""),
        ("Content-Length: +5\r\n", "aaaaa"),
        ("Content-Length: 5a\r\n", "aaaaa"),
        ("Content-Length: 99999999999999999999999\r\n", ""),
        ("Content-Length : 5\r\n", "aaaaa"),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "0\r\n\r\n",
        ),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        (
            "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
            "aaaaa",
        ),
        ("Transfer-Encoding: chunked\r\n", "x\r\n\r\n"),
        (
            "Transfer-Encoding: chunked\r\n",
            "ffffffffffffffffff\r\n\r\n",
        ),
        ("X-Folded: a\r\n b\r\n", ""),
    ] {
        let request = format!(
            "POST /v1/acme/holds HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n{body}{hidden}"
        );
        let asked = asked(&world, request).await?;
        let refused = asked.is_empty() || (asked.len() == 1 && (400..500).contains(&asked[0]));
        assert!(refused, "{framing:?}: {asked:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() -> Result<()> {
    let world = World::new("hostile").await?;
    // What one read brings beyond the limit is read along, so that twice of it may pass.
    let header = format!("X-Large: {}\r\n", "a".repeat(200_000));
    let many = "X-Many: a\r\n".repeat(200);
    let query = format!("GET /healthz?{} HTTP/1.1", "a".repeat(10_000));
    let post = "POST /v1/acme/holds HTTP/1.1";
    let json = "Content-Type: application/json\r\n";
    for (line, headers, status) in [
        ("GET /healthz HTTP/1.1", header.as_str(), 431),
        ("GET /healthz HTTP/1.1", many.as_str(), 431),
        (query.as_str(), "", 414),
        (post, &format!("{json}Content-Length: 104857600\r\n"), 413),
        (
            post,
            &format!("{json}Content-Length: 18446744073709551614\r\n"),
            431,
        ),
    ] {
        let answer = world.raw(request(line, headers)).await?;
        assert_eq!(statuses(&answer), [status], "{line:.40}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_where_it_is_too_long() -> Result<()> {
    let world = World::new("hostile").await?;
    let mut stream = world.connect().await?;
    let head = request(
        "POST /v1/acme/holds HTTP/1.1",
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
    );
    stream.write_all(head.as_bytes()).await?;
    let (mut answers, mut body) = stream.split();
    let sent = async {
        let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
        // 100 MB, if nobody stops it.
        let mut chunks = 0;
        while chunks < 6400 && body.write_all(chunk.as_bytes()).await.is_ok() {
            chunks += 1;
        }
        chunks
    };
    let answered = async {
        let mut answer = vec![0; 4096];
        let length = answers.read(&mut answer).await.unwrap_or_default();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let (sent, answer) = tokio::join!(sent, answered);
    assert!(sent < 6400, "all of it was read");
    assert!(answer.is_empty() || statuses(&answer) == [413], "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_body_is_plain_json() -> Result<()> {
    let world = World::new("hostile").await?;
    let start = time(monday_at(9));
    let plain = json!({"service": "haircut", "starts_at": start, "session_id": session()});
    let post = |body: Vec<u8>| {
        let request = world.request(Method::POST, "/v1/acme/holds");
        request
            .header("Content-Type", "application/json")
            .body(body)
    };
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, identity", "x"] {
        let request = post(plain.to_string().into()).header("Content-Encoding", encoding);
        assert_eq!(world.send(request).await?.status, 415, "{encoding}");
    }
    for body in [
        &b"\xff\xfe{\0}\0"[..],
        b"{\"service\": \"\xff\"}",
        b"{\"service\": \"\xed\xa0\x80\"}",
        b"{\"service\": \"\\ud800\"}",
        b"{\"service\": \"a\"} {}",
        b"{\"service\": \"a\", \"service\": \"b\"}",
        b"{\"service\": \"hair\\u0000cut\", \"starts_at\": \"2030-01-07T09:00:00Z\", \"session_id\": \"0123456789abcdef\"}",
        b"{\"slot_id\": \"a\", \"duration\": 1e400}",
        b"{\"slot_id\": \"a\", \"duration\": 99999999999999999999999999}",
        b"{\"slot_id\": \"a\", \"duration\": -1, \"session_id\": \"0123456789abcdef\"}",
        b"{\"slot_id\": \"a\", \"ttl_seconds\": NaN}",
        b"\xef\xbb\xbf{}",
        &[b'['; 60_000],
        &b"{\"service\":".repeat(5_000),
    ] {
        let answer = world.send(post(body.to_vec())).await?;
        let body = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    let fine = post(plain.to_string().into()).header("Content-Encoding", "identity");
    assert_eq!(world.send(fine).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn what_a_customer_is_may_be_any_json_that_postgresql_keeps() -> Result<()> {
    let world = World::new("hostile").await?;
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for (hour, (customer, status)) in [
        (r#"{"name": "Ada", "name": "Bob"}"#, 201),
        (
            r#"{"n": 123456789012345678901234567890, "m": 1e300, "o": -0.0}"#,
            201,
        ),
        (
            r#"{"name": "<script>alert(1)</script>'; drop table booking.tenant; --"}"#,
            201,
        ),
        (r#"{"name": "a\u0000b"}"#, 400),
        (r#"{"a\u0000b": 1}"#, 400),
        (r#"{"n": 1e400}"#, 400),
        (&format!(r#"{{"deep": {deep}}}"#), 201),
    ]
    .into_iter()
    .enumerate()
    {
        let start = time(monday_at(9 + hour as i64));
        let body = format!(
            r#"{{"service": "haircut", "starts_at": "{start}", "session_id": "{}", "customer": {customer}}}"#,
            session()
        );
        let request = world.request(Method::POST, "/v1/acme/bookings");
        let answer = world
            .send(
                request
                    .header("Content-Type", "application/json")
                    .body(body),
            )
            .await?;
        assert_eq!(answer.status, status, "{customer}: {answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_wanted_and_has_the_same_limits() -> Result<()> {
    let plain = World::new("hostile").await?;
    let world = World::with("hostile", |config| config.connections.http2 = true).await?;
    let http = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .context("a client of HTTP/2")?;
    let refused = http.get(format!("{}/healthz", plain.url)).send().await;
    assert!(refused.is_err(), "{refused:?}");
    let get = |path: &str| http.get(format!("{}{path}", world.url));
    let answer = get("/v1/acme/services").send().await?;
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.status(), 200);
    let long = format!("/healthz?{}", "a".repeat(10_000));
    assert_eq!(get(&long).send().await?.status(), 414);
    let large = get("/healthz").header("X-Large", "a".repeat(40_000));
    let refused = large.send().await.map(|answer| answer.status().as_u16());
    assert!(matches!(refused, Ok(431) | Err(_)), "{refused:?}");
    Ok(())
}
