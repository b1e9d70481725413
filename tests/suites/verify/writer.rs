//! What can be written, step by step: the picks that all share, and what visitors and calendars do and hours are. The rest:
//! `owner`. Who walks: `walk`.
use pg_booking_tests::Dice;

use super::world::{World, id};

pub(super) const WEEK: i64 = 7 * 1440;

pub(super) struct Step {
    pub(super) kind: &'static str,
    pub(super) sql: String,
    /// Commits, or is a transaction already.
    pub(super) alone: bool,
    /// Must change no answer.
    pub(super) upkeep: bool,
}

pub(super) fn step(kind: &'static str, sql: String) -> Step {
    Step {
        kind,
        sql,
        alone: false,
        upkeep: false,
    }
}

/// What can be written, by weight. Rows are picked by a hash of their key and a number of the dice.
pub(super) struct Writer<'a> {
    pub(super) world: &'a World,
    pub(super) dice: Dice,
}

impl Writer<'_> {
    pub(super) fn tenant(&mut self) -> String {
        id(1 + self.dice.roll(3) / 2)
    }

    pub(super) fn resource(&mut self) -> String {
        id(11 + self.dice.roll(5))
    }

    pub(super) fn schedule(&mut self) -> String {
        id(21 + self.dice.roll(2))
    }

    /// Some minute, mostly of the weeks whose pages are stored, now and then far off.
    pub(super) fn minute(&mut self) -> i64 {
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

    pub(super) fn at(&mut self) -> String {
        let minute = self.minute();
        self.world.at(minute)
    }

    /// Some span on no grain: a moment, hours, days, weeks, or empty.
    pub(super) fn span(&mut self) -> String {
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

    pub(super) fn date(&mut self) -> String {
        format!("({}::timestamptz at time zone 'UTC')::date", self.at())
    }

    /// A window of a day, off the grain as often as not.
    pub(super) fn window(&mut self) -> String {
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
    pub(super) fn season(&mut self) -> String {
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
    pub(super) fn some(&mut self, key: &str, of: usize) -> String {
        format!(
            "abs(hashtext({key}::text || '{}')) % {of} = 0",
            self.dice.roll(1_000_000)
        )
    }

    pub(super) fn any(&mut self, key: &str) -> String {
        format!(
            "order by md5({key}::text || '{}') limit 1",
            self.dice.roll(1_000_000)
        )
    }

    /// A slot that is offered: its service and start.
    pub(super) fn slot(&mut self) -> String {
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

    pub(super) fn session(&mut self) -> String {
        format!("'session-of-visitor-{}'", self.dice.roll(6))
    }

    pub(super) fn step(&mut self) -> Step {
        match self.dice.roll(18) {
            15.. => self.lifecycle(),
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

    pub(super) fn visitor(&mut self) -> Step {
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

    pub(super) fn calendar(&mut self) -> Step {
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

    pub(super) fn hours(&mut self) -> Step {
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
    pub(super) fn dates(&mut self) -> Step {
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
}
