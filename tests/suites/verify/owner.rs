//! What can be written, continued from `writer`: resources, claims by hand, what owners do, upkeep, and what is rare.
//! Continued in `lifecycle`.
use super::{
    world::id,
    writer::{Step, WEEK, Writer, step},
};

impl Writer<'_> {
    pub(super) fn resources(&mut self) -> Step {
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
    pub(super) fn by_hand(&mut self, tenant: &str) -> String {
        format!(
            "with b as (
                insert into booking.booking (tenant_id, service_id, span)
                select s.tenant_id, s.service_id, tstzrange(now(), now() + interval '1 hour')
                from (select * from booking.service s where s.tenant_id = {tenant} {}) s
                returning booking_id)",
            self.any("s.slug")
        )
    }

    pub(super) fn claims(&mut self) -> Step {
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

    pub(super) fn owner(&mut self) -> Step {
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

    pub(super) fn upkeep(&mut self) -> Step {
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

    pub(super) fn rare(&mut self) -> Step {
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
