//! What an owner changes in a storm, and the upkeep that somebody calls.
use std::time::{Duration, Instant};

use anyhow::Result;
use pg_booking_tests::Dice;
use tokio_postgres::Client;

use super::{
    call::call,
    known::{Known, any_start},
};

const RESOURCES: [&str; 5] = ["ann", "ben", "cem", "room", "desk"];

/// Changes calendars and hours, and calls the upkeep, by plain statements on many rows and on few.
pub async fn owner(client: &mut Client, n: u64, known: &Known, end: Instant) -> Result<()> {
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

fn any_schedule(dice: &mut Dice) -> String {
    format!("test.id({})", 21 + dice.roll(2))
}
