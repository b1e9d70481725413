//! Tags and conditions, and one query for all who ask the same.
use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::live::View;
use crate::world::{Answer, World, monday, monday_at, session, slots_path, time};

async fn get_if(world: &World, method: Method, path: &str, condition: &str) -> Result<Answer> {
    let request = world.request(method, path);
    world.send(request.header("If-None-Match", condition)).await
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() -> Result<()> {
    let world = World::new("caching").await?;
    let slots = slots_path(monday(), "");
    for path in [
        "/v1/acme/services",
        "/v1/acme/resources",
        &slots,
        &slots.replace("/slots", "/days"),
        &slots.replace("/slots", "/held"),
    ] {
        let first = world.get(path).await?;
        let tag = first.header("etag").to_owned();
        assert!(tag.len() == 34 && tag.starts_with('"'), "{path}: {tag}");
        for condition in [&tag, &format!("W/{tag}"), &format!("\"a\", {tag}"), "*"] {
            for method in [Method::GET, Method::HEAD] {
                let again = get_if(&world, method, path, condition).await?;
                assert_eq!((again.status, &again.body), (304, &json!(null)), "{path}");
                for header in ["etag", "cache-control", "vary"] {
                    assert_eq!(again.header(header), first.header(header), "{path}");
                    assert!(!again.header(header).is_empty());
                }
                assert_eq!(again.header("content-type"), "");
            }
        }
        let other = get_if(&world, Method::GET, path, "\"a\", W/\"b\"").await?;
        assert_eq!((other.status, &other.body), (200, &first.body), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn head_is_get_without_the_body() -> Result<()> {
    let world = World::new("caching").await?;
    let path = slots_path(monday(), "");
    let get = world.get(&path).await?;
    let head = world.send(world.request(Method::HEAD, &path)).await?;
    assert_eq!((head.status, &head.body), (200, &json!(null)));
    for header in [
        "etag",
        "cache-control",
        "vary",
        "content-type",
        "content-length",
    ] {
        assert_eq!(head.header(header), get.header(header), "{header}");
        assert!(!get.header(header).is_empty(), "{header}");
    }
    Ok(())
}

#[tokio::test]
async fn a_change_has_another_tag_and_nothing_is_kept_unless_it_is_asked_for() -> Result<()> {
    let world = World::new("caching").await?;
    let path = slots_path(monday(), "");
    let before = world.get(&path).await?;
    world.hold(monday_at(9), &session()).await?;
    let after = get_if(&world, Method::GET, &path, before.header("etag")).await?;
    assert_eq!(after.status, 200);
    assert_eq!(after.body["slots"].as_array().map(Vec::len), Some(7));
    assert_ne!(after.header("etag"), before.header("etag"));
    Ok(())
}

#[tokio::test]
async fn what_is_kept_is_for_visitors_without_a_session() -> Result<()> {
    let world = World::with("caching", |config| config.cache = Duration::from_secs(5)).await?;
    let path = slots_path(monday(), "");
    let count = |answer: &Answer| answer.body["slots"].as_array().map(Vec::len);
    let began = Instant::now();
    assert_eq!(count(&world.get(&path).await?), Some(8));
    let mine = session();
    world.hold(monday_at(9), &mine).await?;
    world.hold(monday_at(11), &session()).await?;
    let kept = world.get(&path).await?;
    let own = world
        .request(Method::GET, &path)
        .header("Booking-Session", &mine);
    let own = world.send(own).await?;
    let signed_in = world
        .request(Method::GET, &path)
        .bearer_auth(world.token("ada")?);
    let signed_in = world.send(signed_in).await?;
    if began.elapsed() < Duration::from_secs(4) {
        assert_eq!(count(&kept), Some(8));
    }
    assert_eq!(
        (count(&own), own.header("cache-control")),
        (Some(7), "private, no-store")
    );
    assert_eq!(
        (count(&signed_in), signed_in.header("cache-control")),
        (Some(6), "private, no-store")
    );
    sleep(Duration::from_secs(6)).await;
    assert_eq!(count(&world.get(&path).await?), Some(6));
    Ok(())
}

/// However long answers are kept, and whatever was asked meanwhile.
#[tokio::test]
async fn whoever_was_told_of_a_change_is_given_nothing_older() -> Result<()> {
    let world = World::with("caching", |config| config.cache = Duration::from_secs(5)).await?;
    let path = slots_path(monday(), "");
    let mut view = None;
    for (hour, left) in [(9, 7), (10, 6), (11, 5)] {
        assert_eq!(
            world.get(&path).await?.body["slots"]
                .as_array()
                .map(Vec::len),
            Some(left + 1)
        );
        let booked = world
            .post(
                "/v1/acme/bookings",
                json!({"service": "haircut", "starts_at": time(monday_at(hour)), "customer": {}}),
            )
            .await?;
        assert_eq!(booked.status, 201, "{booked:?}");
        // The first comes only now.
        match &mut view {
            None => view = Some(View::new(&world).await?),
            Some(view) => drop(view.next_of("slots").await?),
        }
        assert_eq!(
            world.get(&path).await?.body["slots"]
                .as_array()
                .map(Vec::len),
            Some(left)
        );
    }
    Ok(())
}

/// How many queries of the facade wait for the table that is locked. Once there are that many, no more come for a while.
async fn waiting(world: &World, expected: i64) -> Result<()> {
    let count = async || -> Result<i64> {
        let row = world
            .sql
            .query_one(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock' and query like '%booking_api.%'",
                &[],
            )
            .await?;
        Ok(row.get(0))
    };
    let patience = Instant::now() + Duration::from_secs(20);
    while count().await? < expected {
        ensure!(Instant::now() < patience, "{} wait", count().await?);
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_millis(500)).await;
    assert_eq!(count().await?, expected);
    Ok(())
}

/// The same request again and again, at once.
fn ask(
    world: &World,
    visitors: &mut JoinSet<Result<(u16, String, String)>>,
    path: &str,
    times: usize,
    session: Option<&str>,
) {
    for _ in 0..times {
        let mut request = world.request(Method::GET, path);
        if let Some(session) = session {
            request = request.header("Booking-Session", session);
        }
        visitors.spawn(async move {
            let response = request.send().await?;
            let cache_control = response.headers()["cache-control"].to_str()?.to_owned();
            Ok((
                response.status().as_u16(),
                cache_control,
                response.text().await?,
            ))
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_visitors_who_ask_the_same_at_once_cost_one_query() -> Result<()> {
    let world = World::with("caching", |config| config.metrics = true).await?;
    let mine = session();
    world.hold(monday_at(9), &mine).await?;
    let path = slots_path(monday(), "");
    let alone = world.get(&path).await?.body.to_string();

    let lock = world.db.connect().await?;
    lock.batch_execute("begin; lock table booking.requirement_resource in access exclusive mode")
        .await?;
    let mut visitors = JoinSet::new();
    ask(&world, &mut visitors, &path, 50, None);
    waiting(&world, 1).await?;
    // Another question is another query, and so is every one that brings a session.
    ask(
        &world,
        &mut visitors,
        &slots_path(monday(), "&limit=5"),
        10,
        None,
    );
    ask(&world, &mut visitors, &path, 3, Some(&mine));
    waiting(&world, 5).await?;
    lock.batch_execute("commit").await?;

    let mut kinds = std::collections::BTreeMap::<_, usize>::new();
    while let Some(answer) = visitors.join_next().await {
        let (status, cache_control, body) = answer??;
        let body: serde_json::Value = serde_json::from_str(&body)?;
        assert_eq!(status, 200, "{body}");
        let slots = body["slots"].as_array().map_or(0, Vec::len);
        if slots == 7 {
            assert_eq!(body.to_string(), alone);
        }
        *kinds.entry((cache_control, slots)).or_default() += 1;
    }
    let shared = |slots: usize| ("max-age=5".to_owned(), slots);
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [
            (shared(5), 10),
            (shared(7), 50),
            (("private, no-store".to_owned(), 8), 3)
        ]
    );
    let metrics = world
        .request(Method::GET, "/metrics")
        .send()
        .await?
        .text()
        .await?;
    for count in [
        "booking_cache_hits_total{kind=\"slots\"} 58",
        "booking_cache_misses_total{kind=\"slots\"} 3",
    ] {
        assert!(metrics.contains(count), "{count}: {metrics}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_answered_though_the_first_hangs_up() -> Result<()> {
    let world = World::new("caching").await?;
    let path = slots_path(monday(), "");
    let lock = world.db.connect().await?;
    lock.batch_execute("begin; lock table booking.requirement_resource in access exclusive mode")
        .await?;
    let mut first = JoinSet::new();
    ask(&world, &mut first, &path, 1, None);
    waiting(&world, 1).await?;
    let mut others = JoinSet::new();
    ask(&world, &mut others, &path, 20, None);
    sleep(Duration::from_millis(300)).await;
    first.shutdown().await;
    sleep(Duration::from_millis(300)).await;
    lock.batch_execute("commit").await?;
    while let Some(answer) = others.join_next().await {
        assert_eq!(answer??.0, 200);
    }
    Ok(())
}
