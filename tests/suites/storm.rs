//! A storm of all writes: visitors that share sessions, an owner who changes hours and calendars, the nightly jobs, in every
//! isolation level and inside savepoints. While it blows nothing is ever taken twice and no page is ever wrong; afterwards
//! every acknowledged booking is there, and no other.
use std::{
    collections::{BTreeMap, HashSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::Dice;
use tokio_postgres::{Client, error::SqlState};
use uuid::Uuid;

use super::{ALONE, World};

const VISITORS: u64 = 26;
const OWNERS: u64 = 4;
const LENGTH: Duration = Duration::from_secs(15);

/// One of three dates, a start every half an hour: enough room for some to win and too little for most.
fn any_start(dice: &mut Dice) -> String {
    format!(
        "test.at('{} minutes')",
        1440 * dice.roll(3) + 480 + 30 * dice.roll(22)
    )
}

fn any_schedule(dice: &mut Dice) -> String {
    format!("test.id({})", 21 + dice.roll(2))
}

const SERVICES: [&str; 8] = [
    "room", "pool", "pool", "ann", "all", "visit", "desk", "tidy",
];
const RESOURCES: [&str; 5] = ["ann", "ben", "cem", "room", "desk"];

/// What a client was told. A refusal has a code; a failure that its caller may try again is none of the engine's.
struct Answer {
    bookings: Vec<Uuid>,
    hold: Option<Uuid>,
    code: Option<String>,
}

/// What all know: bookings that were acknowledged and not cancelled, and how often each thing happened.
#[derive(Default)]
struct Known {
    booked: Mutex<HashSet<Uuid>>,
    happened: Mutex<BTreeMap<String, usize>>,
}

impl Known {
    fn count(&self, what: &str) -> Result<()> {
        let mut happened = self
            .happened
            .lock()
            .map_err(|_| anyhow::anyhow!("poisoned"))?;
        *happened.entry(what.to_owned()).or_default() += 1;
        Ok(())
    }

    fn booked(&self) -> Result<std::sync::MutexGuard<'_, HashSet<Uuid>>> {
        self.booked.lock().map_err(|_| anyhow::anyhow!("poisoned"))
    }

    /// Takes a booking off the list, so that only one client is to cancel it.
    fn any(&self, dice: &mut Dice) -> Result<Option<Uuid>> {
        let mut booked = self.booked()?;
        let place = dice.roll(booked.len().max(1));
        let id = booked.iter().nth(place).copied();
        Ok(id.and_then(|id| booked.take(&id)))
    }
}

/// Runs one call in a transaction of its own, in some isolation level; now and then in a savepoint that is rolled back. None
/// where it came to nothing, so or by a failure that callers are told to expect. (A second call after the savepoint would be
/// one too many: who waited for the first waits for the end of the transaction, and may have what the second wants.)
async fn call(client: &mut Client, dice: &mut Dice, query: &str) -> Result<Option<Answer>> {
    let level = dice.of(&[
        "read committed",
        "read committed",
        "read committed",
        "repeatable read",
        "serializable",
    ]);
    let (savepoint, undone) = [
        ("", false),
        ("; savepoint s", false),
        ("; savepoint s", true),
    ][[0, 0, 0, 1, 1, 2][dice.roll(6)]];
    let outcome: Result<Option<Answer>, tokio_postgres::Error> = async {
        let transaction = client.transaction().await?;
        transaction
            .batch_execute(&format!(
                "set transaction isolation level {level}{savepoint}"
            ))
            .await?;
        let row = transaction.query_opt(query, &[]).await?;
        if undone {
            transaction.batch_execute("rollback to s").await?;
        }
        transaction.commit().await?;
        Ok(row.filter(|_| !undone).map(|row| Answer {
            bookings: row
                .try_get("booking_id")
                .map(|id: Option<Uuid>| id.into_iter().collect())
                .or_else(|_| row.try_get("bookings"))
                .unwrap_or_default(),
            hold: row.try_get("hold_id").ok().flatten(),
            code: row.try_get("code").ok().flatten(),
        }))
    }
    .await;
    match outcome {
        Ok(answer) => Ok(answer),
        // Another snapshot, or three seconds in a queue: on a busy machine a caller meets both.
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::LOCK_NOT_AVAILABLE)
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(anyhow::Error::new(error).context(query.to_owned())),
    }
}

/// Moves a booking that is known, or puts somebody else in the place of one of its people.
async fn mover(client: &mut Client, dice: &mut Dice, known: &Known) -> Result<()> {
    let Some(id) = known.any(dice)? else {
        return Ok(());
    };
    let start = any_start(dice);
    let (what, query) = match dice.roll(3) {
        0 => ("reassign", format!(
            "select r.* from (
                select resource_id from booking.booking_resource where tenant_id = test.id(1) and booking_id = '{id}' limit 1) b,
                booking.try_reassign(test.id(1), '{id}', b.resource_id) r"
        )),
        1 => ("reschedule to Ann", format!(
            "select r.* from (
                select m.resource_id from booking.booking b
                left join booking.requirement_resource m
                    on m.tenant_id = b.tenant_id and m.service_id = b.service_id and m.resource_id = test.resource('ann')
                where b.tenant_id = test.id(1) and b.booking_id = '{id}') b,
                booking.try_reschedule(test.id(1), '{id}', {start}, null, b.resource_id) r"
        )),
        _ => ("reschedule", format!(
            "select r.* from booking.try_reschedule(test.id(1), '{id}', {start}) r"
        )),
    };
    let answer = call(client, dice, &query).await;
    known.booked()?.insert(id);
    if let Some(answer) = answer? {
        let code = answer.code.as_deref().unwrap_or("done");
        ensure!(
            ["done", "BK001", "BK003"].contains(&code),
            "{query}: {code}"
        );
        known.count(&format!("{what}: {code}"))?;
    }
    Ok(())
}

/// Holds, books, releases, moves and cancels. Two visitors share a session, as two tabs do.
async fn visitor(client: &mut Client, n: u64, known: &Known, end: Instant) -> Result<()> {
    let mut dice = Dice(n * 7919 + 1);
    let session = format!("test.session('visitor {}')", n / 2);
    let mut held = Uuid::nil();
    while Instant::now() < end {
        let (start, service) = (any_start(&mut dice), dice.of(&SERVICES));
        let (what, query) = match dice.roll(15) {
            0..=3 => {
                let ttl = dice.of(&["20 milliseconds", "300 milliseconds", "10 minutes"]);
                let minutes = dice.of(&["60", "60", "30"]);
                let minutes = if service == "room" || service == "ann" { minutes } else { "60" };
                ("hold", format!(
                    "select h.* from booking.try_hold(test.id(1), test.service('{service}'), {start}, {session},
                        '{minutes} minutes', null, '{ttl}') h"
                ))
            }
            4..=5 => ("book", format!(
                "select b.* from booking.try_book(test.id(1), '{held}', {session}) b"
            )),
            6 => ("book anew", format!(
                "select b.* from booking.try_book(test.id(1), '{held}', {session}, test.service('{service}'), {start},
                    '60 minutes', if_still_free => true) b"
            )),
            7 => ("release", format!(
                "select r.* from booking.try_release(test.id(1), '{held}', {session}) r"
            )),
            8 => {
                let session = if dice.roll(2) == 0 { "null" } else { session.as_str() };
                ("book directly", format!(
                    "select b.* from booking.try_book(test.id(1), null, {session}, test.service('{service}'), {start},
                        '60 minutes') b"
                ))
            }
            9..=10 => {
                mover(client, &mut dice, known).await?;
                continue;
            }
            11 => ("heartbeat", format!(
                "select min(b.code) as code from booking.try_heartbeat(test.id(1), {session}) b"
            )),
            12 => ("hold several", format!(
                "select (array_agg(h.hold_id))[1] as hold_id, min(h.code) as code
                 from booking.try_hold_many(test.id(1), test.service('{service}'),
                    array[{start} + interval '1 day', {start}, {start} + interval '90 minutes'], {session}, '60 minutes', null,
                    '{}') h",
                dice.of(&["20 milliseconds", "300 milliseconds", "10 minutes"])
            )),
            13 => ("series", format!(
                "select coalesce(array_agg(b.booking_id) filter (where b.booking_id is not null), '{{}}') as bookings,
                    case when count(b.booking_id) = 0 then min(b.code) end as code
                 from booking.try_book_series(test.id(1), test.service('{service}'), {start},
                    'FREQ=DAILY;COUNT=3', '{}', null, {session}, '60 minutes') b",
                dice.of(&["all", "skip"])
            )),
            _ => {
                let Some(id) = known.any(&mut dice)? else {
                    continue;
                };
                let query = format!("select b.* from booking.try_cancel(test.id(1), '{id}') b");
                match call(client, &mut dice, &query).await? {
                    Some(Answer { code: None, .. }) => known.count("cancel")?,
                    Some(Answer { code: Some(code), .. }) => anyhow::bail!("{id} was not cancelled: {code}"),
                    None => {
                        known.booked()?.insert(id);
                    }
                }
                continue;
            }
        };
        let Some(answer) = call(client, &mut dice, &query).await? else {
            known.count("came to nothing")?;
            continue;
        };
        let code = answer.code.as_deref().unwrap_or("done");
        ensure!(
            ["done", "BK001", "BK002", "BK003"].contains(&code),
            "{query}: {code}"
        );
        known.count(&format!("{what}: {code}"))?;
        known.booked()?.extend(answer.bookings);
        if let Some(id) = answer.hold {
            held = id;
        }
    }
    Ok(())
}

/// Changes calendars and hours, and calls the upkeep, by plain statements on many rows and on few.
async fn owner(client: &mut Client, n: u64, known: &Known, end: Instant) -> Result<()> {
    let mut dice = Dice(n * 104_729 + 1);
    while Instant::now() < end {
        let (start, resource, schedule) = (
            any_start(&mut dice),
            dice.of(&RESOURCES),
            any_schedule(&mut dice),
        );
        let (weekday, holidays) = (1 + dice.roll(7), format!("test.id({})", 51 + dice.roll(2)));
        let (what, query) = match dice.roll(17) {
            0 => ("busy", format!(
                "insert into booking.busy_window (tenant_id, resource_id, span)
                 select test.id(1), resource_id, tstzrange({start}, {start} + interval '20 minutes')
                 from booking.resource where slug in ('{resource}', '{}') order by random()",
                dice.of(&RESOURCES)
            )),
            1 => ("not busy", format!("delete from booking.busy_window where resource_id = test.resource('{resource}')")),
            2 => ("busy elsewhere", format!(
                "update booking.busy_window set resource_id = test.resource('{resource}') where lower(span) = {start}"
            )),
            3 => ("closed", format!(
                "insert into booking.schedule_override (tenant_id, schedule_id, dates)
                 select test.id(1), {schedule}, daterange(day, day + 1) from (select ({start} at time zone 'UTC')::date as day) d"
            )),
            4 => ("not closed", format!("delete from booking.schedule_override where schedule_id = {schedule}")),
            5 => ("more hours", format!(
                "insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
                 values (test.id(1), {schedule}, {weekday}, '06:00', '22:00')"
            )),
            6 => ("fewer hours", format!(
                "delete from booking.schedule_rule where schedule_id = {schedule} and weekday = {weekday} and opens = '06:00'"
            )),
            7 => ("other hours", format!(
                "update booking.schedule_rule set closes = '21:00' where weekday = {weekday}"
            )),
            8 => ("zone", format!(
                "update booking.schedule set zone = '{}' where schedule_id = {schedule}",
                dice.of(&["UTC", "Europe/Berlin"])
            )),
            9 => ("recompute", format!(
                "select booking.recompute(test.id(1), test.resource({}), test.at('00:00'), test.at('00:00') + interval '10 days')",
                dice.of(&["null", "'room'", "'ben'"])
            )),
            10 => ("put hours", "select booking.put_hours(test.id(1), test.resource('desk'), 'Mo-Su 08:00-20:00')".to_owned()),
            11 => ("holiday", format!(
                "insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes)
                 select test.id(1), {holidays}, daterange(day, day + 1), {}
                 from (select ({start} at time zone 'UTC')::date as day) d",
                dice.of(&["null, null", "'08:00', '20:00'"])
            )),
            12 => ("no holidays", format!("delete from booking.holiday where holiday_set_id = {holidays}")),
            13 => ("other holidays", format!(
                "update booking.schedule set holiday_set_id = {} where schedule_id = {schedule}",
                dice.of(&[holidays.as_str(), "null"])
            )),
            14 => ("travel", format!(
                "insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
                 select test.id(1), {schedule}, daterange(day, day + 1), 'Asia/Kathmandu'
                 from (select ({start} at time zone 'UTC')::date as day) d
                 on conflict do nothing"
            )),
            15 => ("no travel", format!("delete from booking.schedule_travel where schedule_id = {schedule}")),
            // As if an hour had passed.
            _ => ("expire", "with lapsed as (
                    select hold_id from booking.hold where expires_at <= clock_timestamp() order by random() limit 20
                    for update skip locked),
                 aged as (
                    update booking.hold set expires_at = expires_at - interval '2 hours'
                    where hold_id in (select hold_id from lapsed))
                 select booking.expire_holds(10)".to_owned()),
        };
        call(client, &mut dice, &query).await?;
        known.count(what)?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// The nightly jobs, again and again; they commit on their own.
async fn night(client: &Client, known: &Known, end: Instant) -> Result<()> {
    while Instant::now() < end {
        client.batch_execute("call booking.roll(14)").await?;
        client.batch_execute("call booking.prune(10)").await?;
        known.count("roll and prune")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Looks on: in every snapshot everything is right.
async fn watch(world: &World, known: &Known, end: Instant) -> Result<()> {
    while Instant::now() < end {
        let wrong = world.texts("select what from test.wrong").await?;
        ensure!(wrong.is_empty(), "{wrong:#?}");
        known.count("look")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_all_writes_leaves_every_acknowledged_booking_and_nothing_wrong() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("storm").await?;
    world
        .run(
            "insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name)
             values (test.id(1), test.id(51), 'one', 'One'), (test.id(1), test.id(52), 'two', 'Two')",
        )
        .await?;
    let known = Known::default();
    let mut visitors = try_join_all((0..VISITORS).map(|_| world.db.connect())).await?;
    let mut owners = try_join_all((0..OWNERS).map(|_| world.db.connect())).await?;
    let job = world.db.connect().await?;
    let end = Instant::now() + LENGTH;
    tokio::try_join!(
        try_join_all(
            (0..)
                .zip(&mut visitors)
                .map(|(n, client)| visitor(client, n, &known, end))
        ),
        try_join_all(
            (0..)
                .zip(&mut owners)
                .map(|(n, client)| owner(client, n, &known, end))
        ),
        night(&job, &known, end),
        watch(&world, &known, end),
    )
    .inspect_err(|_| eprintln!("{}", world.db.log().unwrap_or_default()))?;

    let happened = known
        .happened
        .lock()
        .map_err(|_| anyhow::anyhow!("poisoned"))?
        .clone();
    println!("{happened:#?}");
    for (what, often) in [
        ("hold: done", 50),
        ("hold: BK001", 50),
        ("book: done", 10),
        ("book: BK002", 10),
        ("book anew: done", 5),
        ("book directly: done", 10),
        ("book directly: BK001", 10),
        ("heartbeat: done", 10),
        ("heartbeat: BK002", 3),
        ("hold several: done", 5),
        ("hold several: BK001", 10),
        ("series: done", 5),
        ("cancel", 10),
        ("reschedule: done", 10),
        ("reschedule to Ann: done", 3),
        ("reassign: done", 3),
        ("roll and prune", 2),
        ("look", 5),
    ] {
        ensure!(
            happened.get(what) >= Some(&often),
            "too few of {what}: {happened:#?}"
        );
    }
    world.sound().await?;
    let booked: HashSet<Uuid> = world
        .watch
        .query(
            "select booking_id from booking.booking where status = 'confirmed'",
            &[],
        )
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(booked, *known.booked()?);
    // A roll that met nobody finds nothing to do better.
    world.run("call booking.roll(14)").await?;
    world.sound().await
}
