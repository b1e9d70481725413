//! `GET slots`, page by page, while bookings come and go; and as it reads in the viewer's zone.
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context, Result};
use chrono::{Datelike, Days, NaiveDate, Utc, Weekday};
use serde_json::{Value, json};

use crate::world::{World, monday, monday_at, slots_path, time};

/// A second chair, for the same service.
const STOOL: &str = "
    insert into booking.resource (tenant_id, slug, name, zone, grain)
    select tenant_id, 'stool', 'The stool', 'UTC', 15 from booking.tenant;
    select booking.put_hours(tenant => tenant_id, resource => resource_id, hours => 'Mo-Fr 09:00-17:00')
    from booking.resource where slug = 'stool';
    select booking.put_service(tenant => tenant_id, slug => 'haircut', name => 'Haircut', durations => array[60],
                               resources => array_agg(resource_id))
    from booking.resource group by tenant_id;";

/// A week of both chairs.
fn week(more: &str) -> String {
    let (from, to) = (time(monday()), time(monday() + Days::new(7)));
    format!("/v1/acme/services/haircut/slots?from={from}&to={to}&each_resource=true{more}")
}

fn key(slot: &Value) -> (String, String) {
    let text = |member: &str| slot[member].as_str().unwrap_or_default().to_owned();
    (text("starts_at"), text("resource_id"))
}

async fn walk(world: &World, path: &str) -> Result<Vec<Vec<Value>>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = world.get(&format!("{path}{cursor}")).await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        pages.push(answer.body["slots"].as_array().cloned().context("slots")?);
        match answer.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(pages),
        }
    }
}

#[tokio::test]
async fn pages_add_up_to_the_list_wherever_they_are_cut() -> Result<()> {
    let world = World::new("pages").await?;
    world.sql.batch_execute(STOOL).await?;
    let whole = walk(&world, &week("")).await?;
    assert_eq!((whole.len(), whole[0].len()), (1, 80));
    for limit in [1, 7, 40, 79, 80, 81] {
        let pages = walk(&world, &week(&format!("&limit={limit}"))).await?;
        assert_eq!(pages.concat(), whole[0], "{limit}");
        let (_, full) = pages.split_last().context("pages")?;
        assert!(full.iter().all(|page| page.len() == limit), "{limit}");
        assert_eq!(pages.len(), 80usize.div_ceil(limit));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_neither_repeat_nor_lose_a_slot_while_bookings_come_and_go() -> Result<()> {
    let world = World::new("pages").await?;
    world.sql.batch_execute(STOOL).await?;
    let before: BTreeSet<_> = walk(&world, &week(""))
        .await?
        .concat()
        .iter()
        .map(key)
        .collect();
    // Every other hour is booked and cancelled all the time; what lies between is left alone.
    let touched = |start: &str| (start[11..13].parse::<u32>().unwrap_or_default()) % 2 == 0;
    let ended = Arc::new(AtomicBool::new(false));
    let sql = world.db.connect().await?;
    let restless = tokio::spawn({
        let ended = ended.clone();
        async move {
            let mut rounds = 0;
            while !ended.load(Relaxed) {
                sql.batch_execute(
                    "select booking.try_book(tenant => s.tenant_id, service => s.service_id, starts_at => t.at,
                                             resource => m.resource_id)
                     from booking.service s
                     join booking.requirement_resource m using (tenant_id, service_id)
                     cross join (
                         select d + make_interval(hours => 10 + 2 * (random() * 3)::int) as at
                         from generate_series(date_trunc('week', now() at time zone 'UTC' + interval '14 days'),
                                              date_trunc('week', now() at time zone 'UTC' + interval '14 days') + interval '4 days',
                                              '1 day') d) t;
                     select booking.try_cancel(tenant_id, booking_id) from booking.booking
                     where status = 'confirmed' and random() < 0.5",
                )
                .await?;
                rounds += 1;
            }
            anyhow::Ok(rounds)
        }
    });
    let mut moved = false;
    for _ in 0..5 {
        let seen: Vec<_> = walk(&world, &week("&limit=7"))
            .await?
            .concat()
            .iter()
            .map(key)
            .collect();
        assert!(seen.windows(2).all(|two| two[0] < two[1]), "{seen:?}");
        let seen: BTreeSet<_> = seen.into_iter().collect();
        let lost: Vec<_> = before.difference(&seen).collect();
        assert!(lost.iter().all(|(start, _)| touched(start)), "{lost:?}");
        assert!(seen.is_subset(&before));
        moved |= !lost.is_empty();
    }
    ended.store(true, Relaxed);
    assert!(restless.await?? > 1);
    assert!(moved, "nothing was booked meanwhile");
    Ok(())
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_for_no_other() -> Result<()> {
    let world = World::new("pages").await?;
    let first = world.get(&slots_path(monday(), "&limit=3")).await?;
    let next = first.text("next").to_owned();
    let with = |more: &str| slots_path(monday(), &format!("{more}&cursor={next}"));
    // How much of it, and in which zone, is not what it is a list of.
    for same in ["&limit=3", "&limit=5&zone=Europe/Berlin", "&duration="] {
        let path = with(same).replace("&duration=", "");
        let answer = world.get(&path).await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            answer.body["slots"][0]["slot_id"],
            world.slots(monday()).await?[3]["slot_id"]
        );
    }
    let chair = world.chair().await?;
    let mut others = [
        "&step=30",
        "&duration=60",
        "&holds=mark",
        "&each_resource=true",
    ]
    .map(with)
    .to_vec();
    others.push(with(&format!("&resource={chair}")));
    others.push(with("").replace("/acme/", "/other/"));
    others.push(with("").replace("/haircut/", "/shave/"));
    others.push(with("").replace(&time(monday()), &time(monday() - Days::new(1))));
    for wrong in [
        "",
        "null",
        "AAAA",
        &next[1..],
        &format!("{next}0"),
        &next.to_uppercase().replace('0', "1"),
    ] {
        others.push(slots_path(monday(), &format!("&cursor={wrong}")));
    }
    for path in others {
        let answer = world.get(&path).await?;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert!(
            answer.text("detail").contains("cursor"),
            "{path}: {answer:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn times_read_as_on_a_wall_of_the_viewers_zone_on_both_sides_of_a_change() -> Result<()> {
    let world = World::new("pages").await?;
    // The last Sunday of March: the clocks of Berlin go forward. The shop is open on Friday and on Monday, in UTC.
    let mut sunday = NaiveDate::from_ymd_opt(Utc::now().year() + 1, 3, 31).context("a date")?;
    while sunday.weekday() != Weekday::Sun {
        sunday = sunday - Days::new(1);
    }
    let (friday, next) = (sunday - Days::new(2), sunday + Days::new(1));
    let path = |zone: &str| {
        format!(
            "/v1/acme/services/haircut/slots?from={friday}T00:00:00Z&to={next}T10:00:00Z&zone={zone}"
        )
    };
    let berlin = world.get(&path("Europe/Berlin")).await?;
    assert_eq!(berlin.status, 200, "{berlin:?}");
    let slot = |n: usize| {
        let slot = &berlin.body["slots"][n];
        json!([slot["starts_at"], slot["ends_at"], slot["day"]])
    };
    assert_eq!(
        slot(0),
        json!([
            format!("{friday}T10:00:00+01:00"),
            format!("{friday}T11:00:00+01:00"),
            friday
        ])
    );
    assert_eq!(
        slot(8),
        json!([
            format!("{next}T11:00:00+02:00"),
            format!("{next}T12:00:00+02:00"),
            next
        ])
    );
    // Far enough east it is another date; a zone of half hours; UTC by its name.
    for (zone, first, day) in [
        (
            "Pacific/Kiritimati",
            format!("{friday}T23:00:00+14:00"),
            friday,
        ),
        ("Asia/Kolkata", format!("{friday}T14:30:00+05:30"), friday),
        ("UTC", format!("{friday}T09:00:00+00:00"), friday),
    ] {
        let answer = world.get(&path(zone)).await?;
        assert_eq!(answer.body["slots"][0]["starts_at"], first);
        assert_eq!(answer.body["slots"][0]["day"], json!(day));
    }
    let east = world.get(&path("Pacific/Kiritimati")).await?;
    assert_eq!(east.body["slots"][1]["day"], json!(sunday - Days::new(1)));

    for unknown in ["Mars/Olympus", "XYZ-3", "", "%2B02:00", "Europe/Berlin%00"] {
        // Also where there is nothing to list.
        for path in [
            path(unknown),
            path(unknown)
                .replace(&friday.to_string(), &next.to_string())
                .replace("T10", "T01"),
        ] {
            assert_eq!(world.get(&path).await?.status, 400, "{unknown}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_has_1_to_5000_slots() -> Result<()> {
    let world = World::new("pages").await?;
    for (limit, status) in [
        ("1", 200),
        ("5000", 200),
        ("0", 400),
        ("5001", 400),
        ("-1", 400),
        ("x", 400),
    ] {
        let answer = world
            .get(&slots_path(monday(), &format!("&limit={limit}")))
            .await?;
        assert_eq!(answer.status, status, "{limit}: {answer:?}");
        if status == 400 {
            assert!(answer.text("detail").contains("limit"), "{answer:?}");
        }
    }
    let one = world.get(&slots_path(monday_at(16), "&limit=1")).await?;
    assert_eq!(one.body["slots"].as_array().map(Vec::len), Some(1));
    Ok(())
}
