//! A long random walk of writes: what visitors, owners and jobs call, and plain statements of every kind on every table that
//! pages are derived from, alone, in transactions with savepoints, in sessions of whatever time zone. After each step no page
//! is wrong, and the upkeep changes no answer. The dice repeat themselves: a failure names the seed and the step.
use std::{collections::BTreeMap, sync::Mutex};

use anyhow::{Context, Result, anyhow, ensure};
use pg_booking_tests::Dice;
use tokio_postgres::SimpleQueryMessage;

use super::world::{World, id};

const WEEK: i64 = 7 * 1440;

/// How many kinds of steps there are, one of them being several in a transaction.
const KINDS: usize = 56;

/// For each kind, how many came to something, and how many did not.
type Happened = BTreeMap<&'static str, (usize, usize)>;

struct Step {
    kind: &'static str,
    sql: String,
    /// Commits, or is a transaction already.
    alone: bool,
    /// Must change no answer.
    upkeep: bool,
}

fn step(kind: &'static str, sql: String) -> Step {
    Step {
        kind,
        sql,
        alone: false,
        upkeep: false,
    }
}

/// What can be written, by weight. Rows are picked by a hash of their key and a number of the dice.
struct Writer<'a> {
    world: &'a World,
    dice: Dice,
}

impl Writer<'_> {
    fn tenant(&mut self) -> String {
        id(1 + self.dice.roll(3) / 2)
    }

    fn resource(&mut self) -> String {
        id(11 + self.dice.roll(5))
    }

    fn schedule(&mut self) -> String {
        id(21 + self.dice.roll(2))
    }

    /// Some minute, mostly of the weeks whose pages are stored, now and then far off.
    fn minute(&mut self) -> i64 {
        let week = match self.dice.roll(10) {
            0 => self.dice.roll(60) as i64 - 20,
            1 => 5 + self.dice.roll(2) as i64,
            _ => self.dice.roll(12) as i64 - 6,
        };
        // Half of them near the edge of a week.
        let minute = match self.dice.roll(2) {
            0 => self.dice.roll(WEEK as usize) as i64,
            _ => self.dice.roll(240) as i64 - 120,
        };
        week * WEEK + minute
    }

    fn at(&mut self) -> String {
        let minute = self.minute();
        self.world.at(minute)
    }

    /// Some span on no grain: a moment, hours, days, weeks, or empty.
    fn span(&mut self) -> String {
        let length = match self.dice.roll(12) {
            0 => "1 microsecond".to_owned(),
            1 => format!("{} days", 1 + self.dice.roll(30)),
            2 => return "'empty'::tstzrange".to_owned(),
            _ => format!("{} seconds", 1 + self.dice.roll(6 * 3600)),
        };
        let at = self.at();
        let offset = self.dice.roll(3600);
        format!(
            "tstzrange({at}::timestamptz + interval '{offset} s', {at}::timestamptz + interval '{offset} s' + interval '{length}')"
        )
    }

    fn date(&mut self) -> String {
        format!("({}::timestamptz at time zone 'UTC')::date", self.at())
    }

    /// A window of a day, off the grain as often as not.
    fn window(&mut self) -> String {
        let opens = self.dice.roll(22 * 60);
        let closes = opens + 1 + self.dice.roll(24 * 60 - opens);
        format!(
            "time '{:02}:{:02}', time '{:02}:{:02}'",
            opens / 60,
            opens % 60,
            closes / 60,
            closes % 60
        )
    }

    /// A season of a rule: mostly all year.
    fn season(&mut self) -> String {
        match self.dice.roll(4) {
            0 => format!(
                "daterange({0}, {0} + {1})",
                self.date(),
                1 + self.dice.roll(40)
            ),
            1 => format!("daterange(null, {})", self.date()),
            _ => "'(,)'::daterange".to_owned(),
        }
    }

    /// True of one row in so many.
    fn some(&mut self, key: &str, of: usize) -> String {
        format!(
            "abs(hashtext({key}::text || '{}')) % {of} = 0",
            self.dice.roll(1_000_000)
        )
    }

    fn any(&mut self, key: &str) -> String {
        format!(
            "order by md5({key}::text || '{}') limit 1",
            self.dice.roll(1_000_000)
        )
    }

    /// A slot that is offered: its service and start.
    fn slot(&mut self) -> String {
        let (tenant, from) = (
            self.tenant(),
            self.world.at(WEEK * (1 + self.dice.roll(4) as i64)),
        );
        let (service, start) = (self.any("s.slug"), self.any("a.starts_at"));
        format!(
            "(
                select s.tenant_id, s.service_id, a.starts_at
                from (select * from booking.service s where s.tenant_id = {tenant} {service}) s
                cross join lateral booking.available_slots(
                    s.tenant_id, s.service_id, {from}, {from}::timestamptz + interval '4 days') a
                {start}) s"
        )
    }

    fn session(&mut self) -> String {
        format!("'session-of-visitor-{}'", self.dice.roll(6))
    }

    fn step(&mut self) -> Step {
        match self.dice.roll(15) {
            0..=2 => self.visitor(),
            3..=4 => self.calendar(),
            5..=6 => self.hours(),
            7 => self.dates(),
            8 => self.resources(),
            9..=11 => self.claims(),
            12 => self.owner(),
            13 => self.upkeep(),
            _ => self.rare(),
        }
    }

    fn visitor(&mut self) -> Step {
        let (slot, session) = (self.slot(), self.session());
        let own = format!(
            "(
                select h.tenant_id, h.hold_id, v.session
                from booking.hold h
                join (select 'session-of-visitor-' || n as session from generate_series(0, 5) n) v
                    on h.session_hash = sha256(convert_to(v.session, 'UTF8'))
                {}) h",
            self.any("h.hold_id")
        );
        match self.dice.roll(7) {
            0..=1 => step(
                "hold",
                format!(
                    "select (booking.try_hold(s.tenant_id, s.service_id, s.starts_at, {session})).code from {slot}"
                ),
            ),
            2 => step(
                "book a hold",
                format!(
                    "select (booking.try_book(h.tenant_id, h.hold_id, h.session)).code from {own}"
                ),
            ),
            3 => step(
                "release",
                format!(
                    "select (booking.try_release(h.tenant_id, h.hold_id, h.session)).code from {own}"
                ),
            ),
            4..=5 => step(
                "book",
                format!(
                    "select (booking.try_book(s.tenant_id, service => s.service_id, starts_at => s.starts_at)).code from {slot}"
                ),
            ),
            _ => step(
                "cancel",
                format!(
                    "select (booking.try_cancel(b.tenant_id, b.booking_id)).code
                 from (select * from booking.booking b where b.status = 'confirmed' {}) b",
                    self.any("b.booking_id")
                ),
            ),
        }
    }

    fn calendar(&mut self) -> Step {
        let (tenant, resource) = (self.tenant(), self.resource());
        match self.dice.roll(8) {
            0..=1 => {
                let rows: Vec<String> = (0..1 + self.dice.roll(3))
                    .map(|_| format!("({tenant}, {}, {})", self.resource(), self.span()))
                    .collect();
                step("busy", format!(
                    "insert into booking.busy_window (tenant_id, resource_id, span) values {}",
                    rows.join(", ")
                ))
            }
            2 => step("busy from a calendar", format!(
                "insert into booking.busy_window (tenant_id, resource_id, connection_id, external_id, span)
                 values ({tenant}, {resource}, {tenant}, 'event {}', {})
                 on conflict on constraint busy_window_external_key do update set span = excluded.span",
                self.dice.roll(4), self.span()
            )),
            // What PostgreSQL 14 has instead.
            3 if self.world.major < 15 => step("busy by merge", format!(
                "with b as (delete from booking.busy_window where tenant_id = {tenant} and external_id = 'event 9')
                 insert into booking.busy_window (tenant_id, resource_id, span) values ({tenant}, {resource}, {})",
                self.span()
            )),
            3 => step("busy by merge", format!(
                "merge into booking.busy_window b
                 using (values ({tenant}, {resource}, 'event {}', {}), ({tenant}, {resource}, 'event 9', {})) n (t, r, e, s)
                 on b.tenant_id = n.t and b.resource_id = n.r and b.connection_id = n.t and b.external_id = n.e
                 when matched and {} then delete
                 when matched then update set span = n.s
                 when not matched then insert (tenant_id, resource_id, connection_id, external_id, span) values (t, r, t, e, s)",
                self.dice.roll(4), self.span(), self.span(), self.some("b.busy_window_id", 2)
            )),
            4 => step("busy at another time", format!(
                "update booking.busy_window b set span = {} where {}", self.span(), self.some("b.busy_window_id", 3)
            )),
            5 => step("busy elsewhere", format!(
                "update booking.busy_window b set tenant_id = {tenant}, resource_id = {resource}, connection_id = null where {}",
                self.some("b.busy_window_id", 4)
            )),
            _ => step("not busy", format!(
                "delete from booking.busy_window b where {}", self.some("b.busy_window_id", 3)
            )),
        }
    }

    fn hours(&mut self) -> Step {
        let (tenant, schedule) = (self.tenant(), self.schedule());
        match self.dice.roll(10) {
            0 => step("rule", format!(
                "insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid)
                 select {tenant}, {schedule}, 1 + (d + {}) % 7, {}, {} from generate_series(1, 3) d",
                self.dice.roll(7), self.window(), self.season()
            )),
            1 => step("other rule", format!(
                "update booking.schedule_rule r set (opens, closes) = (select {}), valid = {} where {}",
                self.window(), self.season(), self.some("r.rule_id", 5)
            )),
            2 => step("rule elsewhere", format!(
                "update booking.schedule_rule r set tenant_id = {tenant}, schedule_id = {schedule}, weekday = 1 + r.weekday % 7
                 where {}",
                self.some("r.rule_id", 6)
            )),
            3 => step("no rule", format!(
                "delete from booking.schedule_rule r where {}", self.some("r.rule_id", 6)
            )),
            4..=5 => {
                let times = if self.dice.roll(2) == 0 { "null, null".to_owned() } else { self.window() };
                step("override", format!(
                    "insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
                     select {tenant}, {schedule}, daterange({0}, {0} + {1}), {times}",
                    self.date(), 1 + self.dice.roll(9)
                ))
            }
            6 => step("other override", format!(
                "update booking.schedule_override o set schedule_id = {schedule}, dates = daterange(lower(dates), upper(dates) + {})
                 where {}",
                self.dice.roll(3), self.some("o.override_id", 3)
            )),
            7 => step("no override", format!(
                "delete from booking.schedule_override o where {}", self.some("o.override_id", 3)
            )),
            8 => step("zone", format!(
                "update booking.schedule s set zone = '{}' where s.tenant_id = {tenant} and {}",
                self.dice.of(&["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "UTC"]),
                self.some("s.schedule_id", 2)
            )),
            _ => step("put hours", format!(
                "select booking.put_hours({tenant}, {}, '{}')",
                self.resource(),
                self.dice.of(&["Mo-Fr 08:30-12:00,13:00-17:15", "Mo-Su 00:00-24:00", "Tu 09:07-11:03", "Sa,Su 10:00-16:00"])
            )),
        }
    }

    /// What replaces the weekly windows on some dates: holidays, and the clock of somewhere else.
    fn dates(&mut self) -> Step {
        let (tenant, schedule) = (self.tenant(), self.schedule());
        let dates = format!(
            "daterange({0}, {0} + {1})",
            self.date(),
            1 + self.dice.roll(9)
        );
        let zone = self.dice.of(&[
            "Asia/Kathmandu",
            "Pacific/Kiritimati",
            "America/Los_Angeles",
        ]);
        match self.dice.roll(8) {
            0..=1 => {
                let times = if self.dice.roll(2) == 0 { "null, null".to_owned() } else { self.window() };
                step("holiday", format!(
                    "insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes)
                     select {tenant}, {}, {dates}, {times}",
                    id(31)
                ))
            }
            2 => step("other holiday", format!(
                "update booking.holiday h set tenant_id = {tenant}, dates = {dates} where {}", self.some("h.holiday_id", 2)
            )),
            3 => step("no holiday", format!(
                "delete from booking.holiday h where {}", self.some("h.holiday_id", 2)
            )),
            4 => step("holidays kept or not", format!(
                "update booking.schedule s set holiday_set_id = case when s.holiday_set_id is null then {} end
                 where s.tenant_id = {tenant} and {}",
                id(31), self.some("s.schedule_id", 2)
            )),
            5..=6 => step("travel", format!(
                "insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
                 values ({tenant}, {schedule}, {dates}, '{zone}')"
            )),
            _ if self.dice.roll(2) == 0 => step("other travel", format!(
                "update booking.schedule_travel t set tenant_id = {tenant}, schedule_id = {schedule}, zone = '{zone}', dates = {dates}
                 where t.travel_id = (select t.travel_id from booking.schedule_travel t {})",
                self.any("t.travel_id")
            )),
            _ => step("no travel", format!(
                "delete from booking.schedule_travel t where {}", self.some("t.travel_id", 2)
            )),
        }
    }

    fn resources(&mut self) -> Step {
        let (tenant, resource, schedule) = (self.tenant(), self.resource(), self.schedule());
        match self.dice.roll(7) {
            0 => step("other schedule", format!(
                "update booking.resource r set schedule_id = {schedule} where r.tenant_id = {tenant} and {}",
                self.some("r.resource_id", 2)
            )),
            1 => step("no schedule", format!(
                "update booking.resource r set schedule_id = null where r.tenant_id = {tenant} and r.resource_id = {resource}"
            )),
            2..=3 => step("grain", format!(
                "update booking.resource r set grain = {} where r.tenant_id = {tenant} and r.resource_id = {resource}",
                self.dice.of(&["5", "10", "15", "20", "30", "60"])
            )),
            4 => step("capacity", format!(
                "update booking.resource r set capacity = {} where r.tenant_id = {tenant} and {}",
                1 + self.dice.roll(4), self.some("r.resource_id", 2)
            )),
            5 => step("whatever else", format!(
                "update booking.resource r set active = not active, public = not public, name = 'New', zone = 'Asia/Tokyo',
                    version = version + 1
                 where r.tenant_id = {tenant} and r.resource_id = {resource}"
            )),
            _ => step("guest", format!(
                "insert into booking.resource (tenant_id, resource_id, slug, name, grain, capacity, schedule_id)
                 values ({tenant}, {guest}, 'guest', 'Guest', 20, 2, {schedule})
                 on conflict on constraint resource_pkey do nothing;
                 select booking.recompute({tenant}, {guest}, {from}, {from}::timestamptz + interval '20 days');
                 insert into booking.busy_window (tenant_id, resource_id, span) values ({tenant}, {guest}, {})",
                self.span(), guest = id(16), from = self.at()
            )),
        }
    }

    /// A booking as somebody might write it, and its id as `b`.
    fn by_hand(&mut self, tenant: &str) -> String {
        format!(
            "with b as (
                insert into booking.booking (tenant_id, service_id, span)
                select s.tenant_id, s.service_id, tstzrange(now(), now() + interval '1 hour')
                from (select * from booking.service s where s.tenant_id = {tenant} {}) s
                returning booking_id)",
            self.any("s.slug")
        )
    }

    fn claims(&mut self) -> Step {
        let (tenant, resource, unit) = (self.tenant(), self.resource(), 1 + self.dice.roll(3));
        let (at, booking) = (self.at(), self.by_hand(&tenant));
        let hours = 1 + self.dice.roll(30);
        let span = format!(
            "tstzrange({at}::timestamptz, {at}::timestamptz + interval '{hours} hours 7 minutes')"
        );
        match self.dice.roll(12) {
            0..=2 => step("claim", format!(
                "{booking} insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
                 select {tenant}, {resource}, {unit}, {span}, booking_id from b"
            )),
            3 => step("seats", format!(
                "insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
                 select {tenant}, service_id, {resource}, 1, {span}
                 from booking.service where tenant_id = {tenant} and slug = 'fine';
                 {booking} insert into booking.claim (tenant_id, resource_id, unit, span, booking_id, sitting_id, seat)
                 select s.tenant_id, s.resource_id, s.unit, s.span, b.booking_id, s.sitting_id, n
                 from b, booking.sitting s, generate_series(1, 2) n
                 where s.tenant_id = {tenant} and s.resource_id = {resource} and s.span = {span}"
            )),
            4 => step("claim at another time", format!(
                "update booking.claim c set span = {span}
                 where c.id = (select c.id from booking.claim c where c.sitting_id is null {})",
                self.any("c.id")
            )),
            5 => step("claim elsewhere", format!(
                "update booking.claim c set resource_id = {resource}, unit = {unit}
                 where c.id in (select c.id from booking.claim c where c.sitting_id is null and c.booking_id is not null {})",
                self.any("c.id")
            )),
            6 => step("claim of a hold booked", format!(
                "{booking} update booking.claim c set hold_id = null, booking_id = b.booking_id from b
                 where c.tenant_id = {tenant} and c.hold_id is not null and {}",
                self.some("c.id", 2)
            )),
            7 => step("claim of a booking held", format!(
                "with h as (
                    insert into booking.hold (tenant_id, service_id, session_hash, span, expires_at)
                    select {tenant}, service_id, sha256('x'), {span}, now() + interval '1 day'
                    from booking.service where tenant_id = {tenant} and slug = 'pool'
                    returning hold_id)
                 update booking.claim c set hold_id = h.hold_id, booking_id = null from h
                 where c.tenant_id = {tenant} and c.booking_id is not null and {}",
                self.some("c.id", 8)
            )),
            8 => step("no claim", format!(
                "delete from booking.claim c where {}", self.some("c.id", 6)
            )),
            9 => step("no booking", format!(
                "delete from booking.booking b where {}", self.some("b.booking_id", 10)
            )),
            10 => step("booking off", format!(
                "update booking.booking b set status = '{}' where {}",
                self.dice.of(&["cancelled", "declined", "no_show", "completed", "expired", "confirmed"]),
                self.some("b.booking_id", 8)
            )),
            _ => step("holds lapse", format!(
                "update booking.hold h set expires_at = now() - interval '2 hours' where {}", self.some("h.hold_id", 2)
            )),
        }
    }

    fn owner(&mut self) -> Step {
        let (tenant, schedule) = (self.tenant(), self.schedule());
        match self.dice.roll(4) {
            0 => step("put service", format!(
                "select booking.put_service({tenant}, 'pool', 'Pool', array[30, 60], array[{}, {}], pick => {}, step => 30)",
                id(11), id(12), 1 + self.dice.roll(2)
            )),
            1 => Step {
                alone: true,
                ..step("schedule anew", format!(
                    "begin;
                     set constraints all deferred;
                     delete from booking.schedule where tenant_id = {tenant} and schedule_id = {schedule};
                     insert into booking.schedule (tenant_id, schedule_id, name, zone)
                     values ({tenant}, {schedule}, 'anew', 'America/New_York');
                     insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
                     select {tenant}, {schedule}, d, {} from generate_series(2, 6) d;
                     commit",
                    self.window()
                ))
            },
            2 => step("no guest", format!(
                "delete from booking.resource where resource_id = {}", id(16)
            )),
            _ => Step {
                alone: true,
                ..step("tenant anew", format!(
                    "begin;
                     delete from booking.booking where tenant_id = {};
                     set constraints all deferred;
                     delete from booking.tenant where tenant_id = {};
                     {};
                     commit",
                    id(2), id(2), self.world.tenant(2)
                ))
            },
        }
    }

    fn upkeep(&mut self) -> Step {
        let (what, alone) = match self.dice.roll(5) {
            0..=1 => {
                let resource = if self.dice.roll(2) == 0 {
                    "null".to_owned()
                } else {
                    self.resource()
                };
                let from = self.at();
                (
                    step(
                        "recompute",
                        format!(
                            "select booking.recompute({}, {resource}, {from}, {from}::timestamptz + interval '{} days')",
                            self.tenant(),
                            self.dice.roll(60)
                        ),
                    ),
                    false,
                )
            }
            2 => (
                step(
                    "roll",
                    format!("call booking.roll({})", 1 + self.dice.roll(50)),
                ),
                true,
            ),
            3 => (
                step(
                    "prune",
                    format!("call booking.prune({})", self.dice.of(&["1", "3", "1000"])),
                ),
                true,
            ),
            _ => (
                step("expire holds", "select booking.expire_holds()".to_owned()),
                false,
            ),
        };
        Step {
            alone,
            upkeep: true,
            ..what
        }
    }

    fn rare(&mut self) -> Step {
        match self.dice.roll(6) {
            0 => step(
                "truncate",
                format!(
                    "truncate booking.{}",
                    self.dice.of(&[
                        "schedule_rule",
                        "schedule_override",
                        "busy_window",
                        "claim",
                        "hold cascade",
                        "booking cascade",
                        "sitting cascade"
                    ])
                ),
            ),
            1 => Step {
                upkeep: true,
                ..step("no page", "delete from booking.availability".to_owned())
            },
            2 => Step {
                upkeep: true,
                ..step(
                    "no page of a week",
                    format!(
                        "delete from booking.availability a where {}",
                        self.some("a.resource_id::text || a.week", 5)
                    ),
                )
            },
            // So that there are pages most of the time.
            _ => Step {
                upkeep: true,
                ..step(
                    "pages of weeks ahead",
                    format!(
                        "select booking.recompute({}, null, {}, {})",
                        id(1 + self.dice.roll(2)),
                        self.world.at(-4 * WEEK),
                        self.world.at(5 * WEEK - 1)
                    ),
                )
            },
        }
    }
}

/// Whether a step came to something: rows that were changed, a call that was not refused. What a caller is told to expect is
/// no failure: bad values, constraints.
async fn run(world: &World, sql: &str) -> Result<bool> {
    let before = world.rows().await?;
    let messages = match world.client.simple_query(sql).await {
        Ok(messages) => messages,
        Err(error) => {
            world.client.batch_execute("rollback").await?;
            let code = error.code().context("no code")?.code();
            ensure!(
                ["22", "23", "P0002"]
                    .iter()
                    .any(|class| code.starts_with(class)),
                "{error:?}"
            );
            return Ok(false);
        }
    };
    if sql.starts_with("call") || sql.starts_with("truncate") {
        return Ok(world.rows().await? != before);
    }
    let refused = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(row) if row.try_get("code").ok().flatten().is_some());
    let rows = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::CommandComplete(rows) if *rows > 0);
    Ok(messages.iter().any(rows) && !messages.iter().any(refused))
}

fn kinds(happened: &Happened) -> usize {
    happened.values().filter(|(done, _)| *done > 0).count()
}

/// So many steps, and on until each kind has come to something, here or in another walk: what never does shows nothing.
async fn walk(seed: u64, steps: u64, happened: &Mutex<Happened>) -> Result<()> {
    let world = World::new(&format!("walk_{seed}")).await?;
    let mut writer = Writer {
        world: &world,
        dice: Dice(seed),
    };
    let poisoned = |_| anyhow!("poisoned");
    for number in 0..4 * steps {
        if number >= steps && kinds(&*happened.lock().map_err(poisoned)?) == KINDS {
            break;
        }
        let step = writer.step();
        let (mut kind, mut sql) = (step.kind, step.sql.clone());
        if !step.alone && !step.upkeep && writer.dice.roll(5) == 0 {
            let (undone, after) = (writer.step(), writer.step());
            if !undone.alone && !after.alone {
                kind = "several in a transaction";
                sql = format!(
                    "begin; savepoint s; {}; rollback to s; {sql}; {}; commit",
                    undone.sql, after.sql
                );
            }
        }
        let zone = writer.dice.of(&[
            "UTC",
            "Asia/Tokyo",
            "America/Los_Angeles",
            "Pacific/Kiritimati",
        ]);
        world
            .client
            .batch_execute(&format!("set timezone = '{zone}'"))
            .await?;
        let context = || format!("seed {seed}, step {number}, in {zone}: {sql}");
        let before = match step.upkeep {
            true => Some(world.answers().await?),
            false => None,
        };
        let done = run(&world, &sql).await.with_context(context)?;
        {
            let mut happened = happened.lock().map_err(poisoned)?;
            let (came, not) = happened.entry(kind).or_default();
            *(if done { came } else { not }) += 1;
        }
        let drift = world.drift("").await?;
        ensure!(drift.is_empty(), "{}\n{drift:#?}", context());
        if let Some(before) = before {
            ensure!(
                world.answers().await? == before,
                "other answers after {}",
                context()
            );
        }
    }
    Ok(())
}

/// A number from the environment: WALK_STEPS and WALK_SEED look for more than a test has time for.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

#[tokio::test]
async fn whatever_is_written_no_page_is_wrong() -> Result<()> {
    let (steps, seed) = (number("WALK_STEPS", 400), number("WALK_SEED", 1));
    let happened = Mutex::new(Happened::new());
    tokio::try_join!(
        walk(2 * seed, steps, &happened),
        walk(2 * seed + 1, steps, &happened)
    )?;
    let happened = happened.into_inner()?;
    println!("done and not: {happened:#?}");
    assert_eq!(kinds(&happened), KINDS);
    Ok(())
}
