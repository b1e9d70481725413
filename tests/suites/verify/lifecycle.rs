//! What can be written, continued from `owner`: what becomes of bookings.
use super::writer::{Step, Writer, step};

impl Writer<'_> {
    /// A booking of any kind, as `b`.
    fn booking(&mut self) -> String {
        format!(
            "(select * from booking.booking b {}) b",
            self.any("b.booking_id")
        )
    }

    pub(super) fn lifecycle(&mut self) -> Step {
        let (tenant, booking, at) = (self.tenant(), self.booking(), self.at());
        let pending = format!(
            "(select * from booking.booking b where b.status = 'pending' {}) b",
            self.any("b.booking_id")
        );
        match self.dice.roll(9) {
            0 => step("what bookings wait for", format!(
                "update booking.service s
                 set needs_approval = {}, pending_blocks = {}, price = {price}, currency = case when {price} is not null then 'EUR' end
                 where s.tenant_id = {tenant} and {}",
                self.dice.of(&["true", "false"]),
                self.dice.of(&["true", "false"]),
                self.some("s.service_id", 2),
                price = self.dice.of(&["null::int", "null::int", "10"])
            )),
            1 => step("approve", format!(
                "select (booking.try_approve(b.tenant_id, b.booking_id)).code from {pending}"
            )),
            2 => step("decline", format!(
                "select (booking.try_decline(b.tenant_id, b.booking_id)).code from {pending}"
            )),
            3 => step("pay", format!(
                "select (booking.try_record_payment(b.tenant_id, b.booking_id, gen_random_uuid()::text)).code from {pending}"
            )),
            4 => {
                let some = self.some("b.booking_id", 2);
                step("time runs out", format!(
                    "update booking.hold h set expires_at = now()
                     where h.booking_id in (select b.booking_id from booking.booking b where b.status = 'pending' and {some});
                     update booking.booking b set expires_at = now() where b.status = 'pending' and {some}"
                ))
            }
            5..=6 => {
                let slot = self.slot();
                step("reschedule", format!(
                    "select (booking.try_reschedule(b.tenant_id, b.booking_id, s.starts_at)).code
                     from {slot}
                     join lateral (
                        select * from booking.booking b
                        where b.tenant_id = s.tenant_id and b.service_id = s.service_id and b.status in ('confirmed', 'pending') {}) b on true",
                    self.any("b.booking_id")
                ))
            }
            7 => step("reassign", format!(
                "select (booking.try_reassign(r.tenant_id, r.booking_id, r.resource_id)).code
                 from (
                    select * from booking.booking b
                    where b.status in ('confirmed', 'pending') and upper(b.span) > now() {}) b
                 join booking.booking_resource r using (tenant_id, booking_id) limit 1",
                self.any("b.booking_id")
            )),
            _ => step("ends", format!(
                "update booking.booking b
                 set span = tstzrange(least(lower(span), {at}::timestamptz), upper(span)) where {};
                 select (booking.try_{}(b.tenant_id, b.booking_id)).code from {booking}",
                self.some("b.booking_id", 20),
                self.dice.of(&["complete", "mark_no_show"])
            )),
        }
    }
}
