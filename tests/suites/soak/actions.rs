//! What clients do. One more is one more row of a table: a name, how often, which refusals it may meet, and a function that
//! writes the call. A call that is about bookings returns rows with `booking_id`, `status`, `starts_at` and `code`, as
//! `booking.booking_result` has them; the ledger takes it from there.
use anyhow::Result;
use pg_booking_tests::Dice;
use uuid::Uuid;

use crate::ledger::{Ledger, State};

/// Somebody who does things.
pub struct Actor<'a> {
    pub dice: Dice,
    /// An SQL literal; two clients share one, as two tabs of a visitor do.
    pub session: String,
    /// The holds that it was given last.
    pub holds: Vec<Uuid>,
    /// The first midnight of the soak, as an SQL literal.
    pub from: &'a str,
    pub ledger: &'a Ledger,
}

/// A statement to send.
#[derive(Default)]
pub struct Call {
    pub sql: String,
    /// The booking that it changes, taken from the ledger.
    pub about: Option<(Uuid, State)>,
    /// The status that it gives it.
    pub becomes: &'static str,
    /// What tells the bookings that it makes from others.
    pub mark: String,
}

/// What somebody may do.
pub struct Action {
    pub name: &'static str,
    pub share: usize,
    /// Besides being done.
    pub refusals: &'static [&'static str],
    /// None where there is nothing to do it with.
    pub write: fn(&mut Actor) -> Result<Option<Call>>,
}

const fn action(
    name: &'static str,
    share: usize,
    refusals: &'static [&'static str],
    write: fn(&mut Actor) -> Result<Option<Call>>,
) -> Action {
    Action {
        name,
        share,
        refusals,
        write,
    }
}

/// What visitors do.
pub const VISITOR: &[Action] = &[
    action("hold", 30, &["BK001", "BK003", "BK004"], hold),
    action("book", 16, &["BK001", "BK002", "BK004"], book),
    action(
        "book anew",
        6,
        &["BK001", "BK002", "BK003", "BK004"],
        book_anew,
    ),
    action(
        "book directly",
        14,
        &["BK001", "BK003", "BK004"],
        book_directly,
    ),
    action("release", 6, &["BK002"], release),
    action("cancel", 18, &["BK005"], cancel),
    action(
        "heartbeat",
        10,
        &["BK001", "BK002", "BK003", "BK004"],
        heartbeat,
    ),
    action("hold many", 6, &["BK001", "BK003", "BK004"], hold_many),
    action("reschedule", 10, &["BK001", "BK003", "BK004"], reschedule),
    action("pay", 8, &["BK001", "BK004", "BK005"], pay),
    action("list", 10, &[], list),
];

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

impl Actor<'_> {
    /// One of some actions, each as often as its share says.
    pub fn any(&mut self, actions: &'static [Action]) -> &'static Action {
        let all = actions.iter().map(|action| action.share).sum();
        let mut place = self.dice.roll(all);
        for action in actions {
            if place < action.share {
                return action;
            }
            place -= action.share;
        }
        &actions[0]
    }

    /// A service and a start of it: mostly of the hot ones on few dates, else a cold one on any of many.
    fn slot(&mut self) -> (String, String) {
        const HOT: [&str; 12] = [
            "room", "pool", "pool", "pair", "desk", "visit", "class", "rare", "tidy", "asked",
            "wished", "paid",
        ];
        let (service, dates) = if self.dice.roll(4) > 0 {
            (self.dice.of(&HOT).to_owned(), 2)
        } else {
            (format!("cold-{}", 1 + self.dice.roll(20)), 20)
        };
        (format!("soak.service('{service}')"), self.start(dates))
    }

    /// A start every half an hour of so many dates.
    fn start(&mut self, dates: usize) -> String {
        let minutes = 1440 * self.dice.roll(dates) + 360 + 30 * self.dice.roll(31);
        format!("({} + interval '{minutes} minutes')", self.from)
    }

    fn hot_resource(&mut self) -> &'static str {
        self.dice.of(&["room", "ann", "ben", "cem", "dot", "desk"])
    }

    fn held(&mut self) -> Option<Uuid> {
        let place = self.dice.roll(self.holds.len().max(1));
        self.holds.get(place).copied()
    }
}

/// A booking that makes new ones.
fn booking(sql: impl FnOnce(&str) -> String) -> Call {
    let mark = Uuid::new_v4().to_string();
    let customer = format!("jsonb_build_object('name', 'Ada', 'mark', '{mark}')");
    Call {
        sql: sql(&customer),
        mark,
        ..Call::default()
    }
}

fn plain(sql: String) -> Result<Option<Call>> {
    Ok(Some(Call {
        sql,
        ..Call::default()
    }))
}

fn hold(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    let ttl = actor
        .dice
        .of(&["200 milliseconds", "2 seconds", "10 minutes"]);
    plain(format!(
        "select h.* from booking.try_hold(soak.tenant(), {service}, {start}, {}, ttl => '{ttl}') h",
        actor.session
    ))
}

fn book(actor: &mut Actor) -> Result<Option<Call>> {
    let session = actor.session.clone();
    Ok(actor.held().map(|hold| {
        booking(|customer| {
            format!(
                "select b.* from booking.try_book(soak.tenant(), '{hold}', {session}, customer => {customer}) b"
            )
        })
    }))
}

fn book_anew(actor: &mut Actor) -> Result<Option<Call>> {
    let (session, (service, start)) = (actor.session.clone(), actor.slot());
    Ok(actor.held().map(|hold| {
        booking(|customer| {
            format!(
                "select b.* from booking.try_book(soak.tenant(), '{hold}', {session}, {service}, {start}, '60 minutes',
                    customer => {customer}, if_still_free => true) b"
            )
        })
    }))
}

fn book_directly(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    let session = match actor.dice.roll(2) {
        0 => "null".to_owned(),
        _ => actor.session.clone(),
    };
    Ok(Some(booking(|customer| {
        format!(
            "select b.* from booking.try_book(soak.tenant(), null, {session}, {service}, {start}, customer => {customer}) b"
        )
    })))
}

fn release(actor: &mut Actor) -> Result<Option<Call>> {
    let Some(hold) = actor.held() else {
        return Ok(None);
    };
    plain(format!(
        "select r.* from booking.try_release(soak.tenant(), '{hold}', {}) r",
        actor.session
    ))
}

/// What is to become of some booking of one of some states.
fn change(
    actor: &mut Actor,
    states: &[&str],
    becomes: &'static str,
    sql: impl FnOnce(Uuid) -> String,
) -> Result<Option<Call>> {
    let about = actor.ledger.take(&mut actor.dice, states)?;
    Ok(about.map(|(id, state)| Call {
        sql: sql(id),
        about: Some((id, state)),
        becomes,
        ..Call::default()
    }))
}

fn cancel(actor: &mut Actor) -> Result<Option<Call>> {
    change(
        actor,
        &["confirmed", "confirmed", "pending"],
        "cancelled",
        |id| format!("select b.* from booking.try_cancel(soak.tenant(), '{id}', 'soak') b"),
    )
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

/// In time or too late; nothing where nothing is to be paid.
fn pay(actor: &mut Actor) -> Result<Option<Call>> {
    change(actor, &["pending"], "confirmed", |id| {
        format!(
            "select b.* from booking.booking k
             cross join lateral booking.try_record_payment(soak.tenant(), k.booking_id, 'payment of {id}') b
             where k.booking_id = '{id}' and k.price is not null"
        )
    })
}

fn reschedule(actor: &mut Actor) -> Result<Option<Call>> {
    let start = actor.start(3);
    change(actor, &["confirmed"], "confirmed", |id| {
        format!("select b.* from booking.try_reschedule(soak.tenant(), '{id}', {start}) b")
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

fn heartbeat(actor: &mut Actor) -> Result<Option<Call>> {
    plain(format!(
        "select h.* from booking.try_heartbeat(soak.tenant(), {}) h",
        actor.session
    ))
}

fn hold_many(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    plain(format!(
        "select h.* from booking.try_hold_many(soak.tenant(), {service}, array[{start}, {start} + interval '2 hours'], {},
            ttl => '2 seconds') h",
        actor.session
    ))
}

fn list(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    plain(format!(
        "select s.slot_id from booking.available_slots(soak.tenant(), {service}, {start}, {start} + interval '2 days') s"
    ))
}

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
