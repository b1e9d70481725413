//! What owners and jobs do: close and open, limit and weigh, decide about bookings, keep house, and look for faults.
use anyhow::Result;

use super::{Action, Actor, Call, action, change, plain};

/// What owners and jobs do.
pub const OWNER: &[Action] = &[
    action("busy", 10, &[], busy),
    action("not busy", 10, &[], not_busy),
    action("busy elsewhere", 4, &[], busy_elsewhere),
    action("closed", 4, &[], closed),
    action("open again", 4, &[], open_again),
    action("put hours", 4, &[], put_hours),
    action("other hours", 4, &[], other_hours),
    action("other limit", 3, &[], other_limit),
    action("other buffer", 3, &[], other_buffer),
    action("other weight", 3, &[], other_weight),
    action("recompute", 2, &[], recompute),
    action("expire holds", 6, &[], expire_holds),
    action(
        "approve",
        12,
        &["BK001", "BK003", "BK004", "BK005"],
        approve,
    ),
    action("decline", 3, &["BK005"], decline),
    action("reassign", 6, &["BK001", "BK003", "BK004"], reassign),
    action("look", 2, &[], look),
];

fn busy(actor: &mut Actor) -> Result<Option<Call>> {
    let (start, one, other) = (actor.start(3), actor.hot_resource(), actor.hot_resource());
    plain(format!(
        "insert into booking.busy_window (tenant_id, resource_id, span)
         select tenant_id, resource_id, tstzrange({start}, {start} + interval '20 minutes')
         from booking.resource where slug in ('{one}', '{other}') order by random()"
    ))
}

fn not_busy(actor: &mut Actor) -> Result<Option<Call>> {
    let resource = actor.hot_resource();
    plain(format!(
        "delete from booking.busy_window where resource_id = soak.resource('{resource}')"
    ))
}

fn busy_elsewhere(actor: &mut Actor) -> Result<Option<Call>> {
    let (start, resource) = (actor.start(3), actor.hot_resource());
    plain(format!(
        "update booking.busy_window set resource_id = soak.resource('{resource}') where lower(span) = {start}"
    ))
}

fn closed(actor: &mut Actor) -> Result<Option<Call>> {
    let (start, schedule) = (actor.start(20), actor.dice.of(&["hot", "cold", "cold"]));
    plain(format!(
        "insert into booking.schedule_override (tenant_id, schedule_id, dates)
         select s.tenant_id, s.schedule_id, daterange(day, day + 1)
         from booking.schedule s, cast({start} at time zone 'UTC' as date) day where s.name = '{schedule}'"
    ))
}

fn open_again(actor: &mut Actor) -> Result<Option<Call>> {
    let schedule = actor.dice.of(&["hot", "hot", "cold"]);
    plain(format!(
        "delete from booking.schedule_override o using booking.schedule s
         where s.schedule_id = o.schedule_id and s.name = '{schedule}'"
    ))
}

fn put_hours(actor: &mut Actor) -> Result<Option<Call>> {
    let number = 1 + actor.dice.roll(20);
    let hours = actor.dice.of(&["Mo-Su 06:00-22:00", "Mo-Su 08:00-20:00"]);
    plain(format!(
        "select booking.put_hours(soak.tenant(), soak.resource('cold-{number}'), '{hours}')"
    ))
}

fn other_hours(actor: &mut Actor) -> Result<Option<Call>> {
    let (weekday, closes) = (1 + actor.dice.roll(7), actor.dice.of(&["21:00", "22:00"]));
    plain(format!(
        "update booking.schedule_rule r set closes = '{closes}'
         from booking.schedule s where s.schedule_id = r.schedule_id and s.name = 'hot' and r.weekday = {weekday}"
    ))
}

/// Never below what wrong.sql counts against: a limit of resources, of the service that everybody wants.
fn other_limit(actor: &mut Actor) -> Result<Option<Call>> {
    plain(match actor.dice.roll(2) {
        0 => "insert into booking.service_limit (tenant_id, service_id, scope, period, max_count)
              values (soak.tenant(), soak.service('desk'), 'customer', 'month', 100) on conflict do nothing",
        _ => "delete from booking.service_limit where service_id = soak.service('desk')",
    }
    .to_owned())
}

fn other_buffer(actor: &mut Actor) -> Result<Option<Call>> {
    let buffer = actor.dice.of(&["0", "15", "30"]);
    plain(format!(
        "update booking.service set buffer_after = {buffer} where slug = 'tidy'"
    ))
}

fn other_weight(actor: &mut Actor) -> Result<Option<Call>> {
    let (weight, resource) = (1 + actor.dice.roll(4), actor.hot_resource());
    plain(format!(
        "update booking.requirement_resource set weight = {weight}
         where service_id = soak.service('pool') and resource_id = soak.resource('{resource}')"
    ))
}

fn approve(actor: &mut Actor) -> Result<Option<Call>> {
    change(actor, &["pending"], "confirmed", |id| {
        format!("select b.* from booking.try_approve(soak.tenant(), '{id}') b")
    })
}

fn decline(actor: &mut Actor) -> Result<Option<Call>> {
    change(actor, &["pending"], "declined", |id| {
        format!("select b.* from booking.try_decline(soak.tenant(), '{id}') b")
    })
}

fn reassign(actor: &mut Actor) -> Result<Option<Call>> {
    change(actor, &["confirmed"], "confirmed", |id| {
        format!(
            "select b.* from booking.try_reassign(soak.tenant(), '{id}', (
                select resource_id from booking.booking_resource where booking_id = '{id}' order by random() limit 1)) b"
        )
    })
}

fn recompute(actor: &mut Actor) -> Result<Option<Call>> {
    let resource = actor.hot_resource();
    plain(format!(
        "select booking.recompute(soak.tenant(), soak.resource('{resource}'))"
    ))
}

/// As if an hour had passed for some.
fn expire_holds(_: &mut Actor) -> Result<Option<Call>> {
    plain(
        "with lapsed as (
            select hold_id from booking.hold where expires_at <= clock_timestamp() order by random() limit 20
            for update skip locked),
         aged as (
            update booking.hold set expires_at = expires_at - interval '2 hours'
            where hold_id in (select hold_id from lapsed))
         select booking.expire_holds(100)"
            .to_owned(),
    )
}

/// In every snapshot everything is right: a row is a fault.
fn look(_: &mut Actor) -> Result<Option<Call>> {
    plain("select what as wrong from soak.wrong".to_owned())
}
