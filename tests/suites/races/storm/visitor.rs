//! What visitors do in a storm: hold, book, release, move and cancel.
use std::time::Instant;

use anyhow::{Result, ensure};
use pg_booking_tests::Dice;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{
    call::{Answer, call},
    known::{Known, any_start},
};

const SERVICES: [&str; 8] = [
    "room", "pool", "pool", "ann", "all", "visit", "desk", "tidy",
];

/// Holds, books, releases, moves and cancels. Two visitors share a session, as two tabs do.
pub async fn visitor(client: &mut Client, n: u64, known: &Known, end: Instant) -> Result<()> {
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
