//! Who comes back with the id that was heard last misses nothing, at whichever server; an id that nobody knows begins again.
use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use super::view::{PATH, View, hold_id, starts};
use crate::world::{World, monday_at, session, time};

/// Books an hour, which says which slots to ask for again.
const BOOK: &str =
    "select booking.book(tenant_id, service => service_id, starts_at => $1) from booking.service";

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
    let mut view = View::new(&world).await?;
    world.sql.execute(BOOK, &[&monday_at(9)]).await?;
    assert_eq!(hours(&mut view, 1).await?, [time(monday_at(8))].into());
    for restart in [false, true] {
        let last = view.last_id.clone();
        drop(view);
        let (a, b) = if restart { (14, 16) } else { (11, 13) };
        // One is under way while the stream is cut, and ends when it is back.
        let mut slow = world.db.connect().await?;
        let open = slow.transaction().await?;
        open.execute(BOOK, &[&monday_at(a)]).await?;
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
        world.sql.execute(BOOK, &[&monday_at(b - 1)]).await?;
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
    // Far apart, so that they are not merged: two events of one read.
    let client = &world.sql;
    client.batch_execute("begin").await?;
    for hour in [9, 12, 15] {
        client.execute(BOOK, &[&monday_at(hour)]).await?;
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
