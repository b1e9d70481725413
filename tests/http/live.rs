//! `GET events`: what changes of a service reaches whoever looks at it, whatever happens in between. Nothing here asks how fast:
//! `make bench BENCH=live` does.
use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use booking_facade::{serve::serve, state::AppState};
use futures_util::future::try_join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    sync::oneshot,
    time::{sleep, timeout},
};

use crate::world::{World, config, monday_at, session, time};

const PATH: &str = "/v1/acme/services/haircut/events";
const PATIENCE: Duration = Duration::from_secs(20);

/// What a stream says, piece by piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
    /// As far as a browser would remember.
    pub id: String,
}

/// A viewer.
pub struct View {
    response: Response,
    buffer: String,
    pub last_id: String,
    /// Everything as it came.
    pub raw: String,
    pub comments: u32,
}

impl View {
    pub async fn of(world: &World, path: &str, last: Option<&str>) -> Result<Self> {
        let mut request = world.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await?;
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap_or_default())
        };
        ensure!(response.status() == 200, "{response:?}");
        assert_eq!(header("content-type"), Some("text/event-stream"));
        assert_eq!(header("cache-control"), Some("no-store, no-transform"));
        assert!(header("x-request-id").is_some());
        Ok(Self {
            response,
            buffer: String::new(),
            last_id: last.unwrap_or_default().to_owned(),
            raw: String::new(),
            comments: 0,
        })
    }

    /// A new viewer of the haircut, who has heard what is held.
    pub async fn new(world: &World) -> Result<Self> {
        let mut view = Self::of(world, PATH, None).await?;
        let first = view.next().await?;
        assert_eq!(
            (first.name.as_str(), &first.data["all"]),
            ("held", &json!(true)),
            "{first:?}"
        );
        Ok(view)
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next_or_end(&mut self) -> Result<Option<Event>> {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let mut event = Event {
                    name: String::new(),
                    data: Value::Null,
                    id: String::new(),
                };
                for line in block.lines() {
                    match line.split_once(": ").context("a line")? {
                        ("", _) => self.comments += 1,
                        ("id", id) => self.last_id = id.to_owned(),
                        ("event", name) => event.name = name.to_owned(),
                        ("data", data) => event.data = serde_json::from_str(data)?,
                        ("retry", _) => {}
                        other => bail!("{other:?}"),
                    }
                }
                if event.data != Value::Null {
                    event.id = self.last_id.clone();
                    return Ok(Some(event));
                }
            }
            let Some(chunk) = self.response.chunk().await? else {
                return Ok(None);
            };
            self.raw.push_str(std::str::from_utf8(&chunk)?);
            self.buffer.push_str(std::str::from_utf8(&chunk)?);
        }
    }

    pub async fn next(&mut self) -> Result<Event> {
        let next = timeout(PATIENCE, self.next_or_end()).await;
        next.context("nothing came")??.context("the stream ended")
    }

    /// The next event of a name; what comes before it is of no interest.
    pub async fn next_of(&mut self, name: &str) -> Result<Event> {
        loop {
            let event = self.next().await?;
            if event.name == name {
                return Ok(event);
            }
        }
    }
}

/// The spans of one of the lists of `held`, by their start.
fn starts(event: &Event, list: &str) -> Vec<String> {
    assert_eq!(event.name, "held", "{event:?}");
    let spans = event.data[list].as_array().cloned().unwrap_or_default();
    spans
        .iter()
        .map(|span| span["starts_at"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn hold_id(world: &World, hour: i64, session: &str) -> Result<String> {
    let answer = world.hold(monday_at(hour), session).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    Ok(answer.text("hold_id").to_owned())
}

#[tokio::test]
async fn a_hold_is_seen_by_others_and_its_renewal_and_its_release() -> Result<()> {
    let world = World::new("live").await?;
    let (mut view, mut other) = (View::new(&world).await?, View::new(&world).await?);
    let session = session();
    let hold = hold_id(&world, 9, &session).await?;
    let added = view.next().await?;
    let chair = world.chair().await?;
    assert_eq!(added, other.next().await?);
    assert_eq!(
        (added.name.as_str(), &added.data),
        (
            "held",
            &json!({"all": false, "renewed": [], "gone": [], "added": [{
                "resource_id": chair, "starts_at": time(monday_at(9)), "ends_at": time(monday_at(10)),
                "expires_at": added.data["added"][0]["expires_at"], "count": 1}]})
        )
    );
    // Held for longer, which writes no change.
    world
        .post(
            "/v1/acme/holds",
            json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session, "ttl_seconds": 3000}),
        )
        .await?;
    let renewed = view.next().await?;
    assert_eq!(
        starts(&renewed, "renewed"),
        [time(monday_at(9))],
        "{renewed:?}"
    );
    assert!(
        renewed.data["renewed"][0]["expires_at"].as_str()
            > added.data["added"][0]["expires_at"].as_str()
    );
    assert_eq!(
        world
            .delete(&format!("/v1/acme/holds/{hold}"), &session)
            .await?
            .status,
        204
    );
    assert_eq!(starts(&view.next().await?, "gone"), [time(monday_at(9))]);
    Ok(())
}

#[tokio::test]
async fn a_hold_that_lapses_is_gone_without_anybody_writing_it() -> Result<()> {
    let world = World::new("live").await?;
    let mut view = View::new(&world).await?;
    let wish = json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session(), "ttl_seconds": 1});
    assert_eq!(world.post("/v1/acme/holds", wish).await?.status, 201);
    assert_eq!(starts(&view.next().await?, "added"), [time(monday_at(9))]);
    assert_eq!(starts(&view.next().await?, "gone"), [time(monday_at(9))]);
    Ok(())
}

#[tokio::test]
async fn what_is_booked_cancelled_closed_or_edited_says_which_slots_to_ask_for_again() -> Result<()>
{
    let world = World::new("live").await?;
    let mut view = View::new(&world).await?;
    let chair = world.chair().await?;
    let session = session();
    let hold = hold_id(&world, 11, &session).await?;
    assert_eq!(starts(&view.next().await?, "added").len(), 1);
    let booked = world
        .post(
            "/v1/acme/bookings",
            json!({"hold_id": hold, "session_id": session, "customer": {}}),
        )
        .await?;
    assert_eq!(booked.status, 201, "{booked:?}");
    let slots = view.next().await?;
    let around =
        json!({"resource_id": chair, "from": time(monday_at(10)), "to": time(monday_at(12))});
    assert_eq!((slots.name.as_str(), &slots.data), ("slots", &around));
    assert_eq!(starts(&view.next().await?, "gone"), [time(monday_at(11))]);
    world
        .sql
        .execute(
            "select booking.cancel(tenant_id, booking_id) from booking.booking",
            &[],
        )
        .await?;
    assert_eq!(view.next().await?.data, around);
    world
        .sql
        .execute(
            "select booking.put_hours(tenant => tenant_id, resource => resource_id, hours => 'Mo-Fr 10:00-16:00') from booking.resource",
            &[],
        )
        .await?;
    assert_eq!(
        view.next().await?.data,
        json!({"resource_id": chair, "from": null, "to": null})
    );
    world
        .sql
        .execute("update booking.service set name = 'Cut'", &[])
        .await?;
    // Other hours may be several changes of one kind.
    while view.next().await?.data != json!({"resource_id": null, "from": null, "to": null}) {}
    Ok(())
}

/// Which hours of slots were named, as whoever asks for them again would.
async fn hours(view: &mut View, wanted: usize) -> Result<BTreeSet<String>> {
    let mut hours = BTreeSet::new();
    while hours.len() < wanted {
        let event = view.next_of("slots").await?;
        hours.insert(event.data["from"].as_str().unwrap_or("any").to_owned());
    }
    Ok(hours)
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was_also_at_another_server() -> Result<()> {
    let mut world = World::new("live").await?;
    let book = "select booking.book(tenant_id, service => service_id, starts_at => $1) from booking.service";
    let mut view = View::new(&world).await?;
    world.sql.execute(book, &[&monday_at(9)]).await?;
    assert_eq!(hours(&mut view, 1).await?, [time(monday_at(8))].into());
    for restart in [false, true] {
        let last = view.last_id.clone();
        drop(view);
        let (a, b) = if restart { (14, 16) } else { (11, 13) };
        // One is under way while the stream is cut, and ends when it is back.
        let mut slow = world.db.connect().await?;
        let open = slow.transaction().await?;
        open.execute(book, &[&monday_at(a)]).await?;
        if restart {
            let url = world.db.url(&world.role);
            world = world.behind(&url, |_| ()).await?;
        }
        world
            .sql
            .execute("update booking.tenant set name = name || '!'", &[])
            .await?;
        view = View::of(&world, PATH, Some(&last)).await?;
        // What happened meanwhile comes, after some that was heard already.
        while view.next_of("slots").await?.data["from"] != Value::Null {}
        open.commit().await?;
        let mut missing: BTreeSet<String> = [time(monday_at(a - 1))].into();
        while !missing.is_empty() {
            let event = view.next_of("slots").await?;
            missing.remove(event.data["from"].as_str().unwrap_or_default());
        }
        world.sql.execute(book, &[&monday_at(b - 1)]).await?;
        hours(&mut view, 1).await?;
    }
    assert!(!view.raw.contains("event: reset"));
    Ok(())
}

#[tokio::test]
async fn every_id_of_a_stream_goes_on_without_a_gap() -> Result<()> {
    let world = World::new("live").await?;
    let mut view = View::new(&world).await?;
    let first = view.last_id.clone();
    let book = "select booking.book(tenant_id, service => service_id, starts_at => $1) from booking.service";
    // Far apart, so that they are not merged: two events of one read.
    let client = &world.sql;
    client.batch_execute("begin").await?;
    for hour in [9, 12, 15] {
        client.execute(book, &[&monday_at(hour)]).await?;
    }
    client.batch_execute("commit").await?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(view.next_of("slots").await?);
    }
    let all: Vec<_> = ids.iter().map(|event| event.data["from"].clone()).collect();
    for (had, id) in std::iter::once(&first)
        .chain(ids.iter().map(|event| &event.id))
        .enumerate()
    {
        let mut again = View::of(&world, PATH, Some(id)).await?;
        let mut got = BTreeSet::new();
        loop {
            let event = again.next().await?;
            match event.name.as_str() {
                "slots" => got.insert(event.data["from"].to_string()),
                _ => break,
            };
        }
        let rest: BTreeSet<_> = all[had.min(3)..].iter().map(Value::to_string).collect();
        // Any start may have come or gone: what was before the first is told again.
        assert!(
            got.contains("null") || got.is_superset(&rest),
            "from {id}: {got:?} lacks some of {rest:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_id_that_is_not_known_begins_again() -> Result<()> {
    let world = World::new("live").await?;
    hold_id(&world, 9, &session()).await?;
    let zeros = "0".repeat(32);
    for id in [
        "x",
        &format!("{zeros}-1"),
        &"9".repeat(60),
        &"long".repeat(60),
        "' or 1=1 --",
    ] {
        let mut view = View::of(&world, PATH, Some(id)).await?;
        let events = [view.next().await?, view.next().await?];
        assert_eq!(
            (events[0].name.as_str(), events[0].id.len() > 33),
            ("reset", true),
            "{id}"
        );
        assert_eq!(
            (starts(&events[1], "added").len(), &events[1].data["all"]),
            (1, &json!(true))
        );
    }
    // After a recovery to an earlier point, those who look are told.
    let mut view = View::new(&world).await?;
    world
        .sql
        .execute("delete from booking.feed_epoch", &[])
        .await?;
    assert_eq!(view.next().await?.name, "reset");
    assert_eq!(starts(&view.next().await?, "added").len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_is_unknown_inactive_or_hidden_is_one_404_and_ends_who_looks() -> Result<()> {
    let world = World::new("live").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.tenant (slug, name, active) values ('closed', 'Closed', false), ('other', 'Other', true);
             insert into booking.service (tenant_id, slug, name, durations, public)
             select tenant_id, 'haircut', 'H', array[60], true from booking.tenant where slug = 'closed'
             union all select tenant_id, 'secret', 'S', array[60], false from booking.tenant where slug = 'acme'
             union all select tenant_id, 'theirs', 'T', array[60], true from booking.tenant where slug = 'other'",
        )
        .await?;
    let mut bodies = BTreeSet::new();
    for (tenant, service) in [
        ("nobody", "haircut"),
        ("closed", "haircut"),
        ("acme", "secret"),
        ("acme", "nothing"),
        ("acme", "theirs"),
        ("acme", "00000000-0000-0000-0000-000000000000"),
        ("acme", "hair%20cut"),
        ("acme", "%00"),
        ("acme", "a%2Fb"),
        ("acme", "'%3B--"),
        ("ac%C3%A9me", "haircut"),
    ] {
        let answer = world
            .get(&format!("/v1/{tenant}/services/{service}/events"))
            .await?;
        assert_eq!(answer.status, 404, "{tenant}/{service}: {answer:?}");
        bodies.insert(answer.stable_body().to_string());
    }
    let long = "a".repeat(5000);
    bodies.insert(
        world
            .get(&format!("/v1/acme/services/{long}/events"))
            .await?
            .stable_body()
            .to_string(),
    );
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    // By id as by name; and gone while somebody looks.
    let row = world
        .sql
        .query_one("select tenant_id::text, service_id::text from booking.service where slug = 'haircut' and tenant_id in
                    (select tenant_id from booking.tenant where slug = 'acme')", &[])
        .await?;
    let (tenant, service): (String, String) = (row.get(0), row.get(1));
    let mut view = View::of(
        &world,
        &format!("/v1/{tenant}/services/{service}/events"),
        None,
    )
    .await?;
    view.next().await?;
    world
        .sql
        .execute("update booking.tenant set active = false", &[])
        .await?;
    while view.next_or_end().await?.is_some() {}
    assert_eq!(world.get(PATH).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn nothing_private_is_in_any_event() -> Result<()> {
    let world = World::new("live").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.resource (tenant_id, slug, name, zone, public)
             select tenant_id, 'back-room', 'The back room', 'UTC', false from booking.tenant;
             select booking.put_service(tenant => tenant_id, slug => 'pool', name => 'Pool', durations => array[60],
                                        resources => array_agg(resource_id))
             from booking.resource group by tenant_id;",
        )
        .await?;
    let mut view = View::of(&world, "/v1/acme/services/pool/events", None).await?;
    view.next().await?;
    let session = session();
    let ask = |seat: &str| json!({"service": "pool", "starts_at": time(monday_at(9)), "session_id": format!("{session}-{seat}")});
    // Both of the pool.
    let holds = [
        world.post("/v1/acme/holds", ask("a")).await?,
        world.post("/v1/acme/holds", ask("b")).await?,
    ];
    let mut wish = ask("a");
    wish["customer"] = json!({"name": "Ann Archer", "email": "ann@example.org"});
    let booked = world.post("/v1/acme/bookings", wish).await?;
    assert_eq!((holds[1].status, booked.status), (201, 201), "{booked:?}");
    view.next_of("slots").await?;
    world
        .sql
        .batch_execute(
            "insert into booking.busy_window (tenant_id, resource_id, span, reason)
             select tenant_id, resource_id, tstzrange(now() + interval '2 days', now() + interval '3 days'), 'dentist' from booking.resource",
        )
        .await?;
    view.next_of("slots").await?;
    let rows = world
        .sql
        .query(
            "select booking_id::text from booking.booking union select hold_id::text from booking.hold
             union select resource_id::text from booking.resource where not public
             union select tenant_id::text from booking.tenant union select encode(session_hash, 'hex') from booking.hold
             where session_hash is not null",
            &[],
        )
        .await?;
    assert!(rows.len() > 4);
    let secret = rows.iter().map(|row| row.get::<_, String>(0));
    let said = [
        "Ann", "ann@", "dentist", "back", "session", "booked", "busy", "booking",
    ]
    .map(str::to_owned);
    for secret in secret.chain(said) {
        assert!(!view.raw.contains(&secret), "{secret}: {}", view.raw);
    }
    assert!(view.raw.contains(&world.chair().await?), "{}", view.raw);
    Ok(())
}

async fn readers(world: &World) -> Result<i64> {
    let row = world
        .sql
        .query_one(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'booking-facade live'",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

#[tokio::test]
async fn one_connection_reads_for_all_and_none_when_nobody_looks() -> Result<()> {
    let world = World::with("live", |config| {
        config.live.keep_alive = Duration::from_millis(200)
    })
    .await?;
    assert_eq!(readers(&world).await?, 0);
    let mut views = try_join_all((0..20).map(|_| View::new(&world))).await?;
    hold_id(&world, 9, &session()).await?;
    for view in &mut views {
        assert_eq!(view.next_of("held").await?.data["added"][0]["count"], 1);
    }
    assert_eq!(readers(&world).await?, 1);
    // A connection that is ended is another one soon, and nobody's stream is.
    world
        .sql
        .execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'booking-facade live' and datname = current_database()", &[])
        .await?;
    hold_id(&world, 11, &session()).await?;
    for view in &mut views {
        assert_eq!(
            starts(&view.next_of("held").await?, "added"),
            [time(monday_at(11))]
        );
    }
    assert_eq!(readers(&world).await?, 1);
    drop(views);
    timeout(PATIENCE, async {
        while readers(&world).await? > 0 {
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    })
    .await??;
    // And begins again.
    View::new(&world).await?;
    Ok(())
}

#[tokio::test]
async fn there_is_room_for_so_many() -> Result<()> {
    let world = World::with("live", |config| {
        config.live.max_viewers = 2;
        config.live.keep_alive = Duration::from_millis(100);
    })
    .await?;
    let (_first, second) = (View::new(&world).await?, View::new(&world).await?);
    let full = world.get(PATH).await?;
    assert_eq!((full.status, full.header("retry-after")), (503, "5"));
    drop(second);
    timeout(PATIENCE, async {
        while View::new(&world).await.is_err() {}
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_stream_outlives_the_limit_of_requests_and_lives_while_nothing_happens() -> Result<()> {
    let world = World::with("live", |config| {
        config.request_timeout = Duration::from_millis(500);
        config.live.keep_alive = Duration::from_millis(100);
    })
    .await?;
    let mut view = View::new(&world).await?;
    let _ = timeout(Duration::from_secs(2), view.next_or_end()).await;
    assert!(view.comments >= 5, "{}", view.comments);
    hold_id(&world, 9, &session()).await?;
    assert_eq!(starts(&view.next().await?, "added").len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_server_ends_the_streams() -> Result<()> {
    let mut world = World::new("live").await?;
    let state = AppState::new(&config(&world.db.url(&world.role), &world.role))
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    world.url = format!("http://{}", listener.local_addr()?);
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, state, async move {
        let _ = ended.await;
    }));
    let mut view = View::new(&world).await?;
    let _ = end.send(());
    // Long before a minute, which a request may take here.
    timeout(PATIENCE, server).await???;
    assert_eq!(view.next_or_end().await?, None);
    Ok(())
}

#[tokio::test]
async fn who_reads_nothing_is_cut() -> Result<()> {
    let world = World::with("live", |config| {
        config.live.max_viewers = 1;
        config.live.interval = Duration::from_millis(20);
        config.connections.write_timeout = Duration::from_secs(2);
    })
    .await?;
    // A thousand spans, all of which are renewed all the time.
    world
        .sql
        .batch_execute(
            "insert into booking.hold (tenant_id, service_id, span, expires_at)
             select tenant_id, service_id, tstzrange(d, d + interval '1 hour'), now() + interval '1 hour'
             from booking.service cross join generate_series(timestamptz '2100-01-01', timestamptz '2100-02-10', '1 hour') d;
             insert into booking.claim (tenant_id, resource_id, span, hold_id)
             select h.tenant_id, r.resource_id, h.span, h.hold_id from booking.hold h join booking.resource r using (tenant_id)",
        )
        .await?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let address = world.url.trim_start_matches("http://").parse()?;
    let mut silent = socket.connect(address).await?;
    silent
        .write_all(format!("GET {PATH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
        .await?;
    // It has come in; from here on it takes nothing.
    let mut head = [0; 12];
    timeout(PATIENCE, silent.read_exact(&mut head)).await??;
    assert_eq!(&head, b"HTTP/1.1 200");
    let cut = timeout(2 * PATIENCE, async {
        while View::of(&world, PATH, None).await.is_err() {
            world
                .sql
                .execute(
                    "update booking.hold set expires_at = expires_at + interval '1 second'",
                    &[],
                )
                .await?;
        }
        anyhow::Ok(())
    });
    cut.await.context("it still has its place")??;
    drop(silent);
    Ok(())
}

#[tokio::test]
async fn five_hundred_hear_of_a_change_over_one_connection() -> Result<()> {
    let world = World::new("live").await?;
    let mut views = try_join_all((0..500).map(|_| View::new(&world))).await?;
    hold_id(&world, 9, &session()).await?;
    let heard = try_join_all(views.iter_mut().map(View::next)).await?;
    assert!(heard.iter().all(|event| *event == heard[0]));
    assert_eq!(starts(&heard[0], "added"), [time(monday_at(9))]);
    assert_eq!(readers(&world).await?, 1);
    Ok(())
}
