//! What a route is asked with so that it has something to do: a hold, a booking and a day of one's own; for an owner's route also
//! what `spare` makes.
use anyhow::Result;
use serde_json::json;
use uuid::Uuid;

use super::{spare::edited, world::one};
use crate::{
    surface::{Known, Operation, visitor},
    world::{World, monday, session, time},
};

/// A day of one's own in the calendar, so that no call is in another's way.
#[derive(Default)]
pub struct Days(i64);

impl Days {
    fn next(&mut self) -> chrono::DateTime<chrono::Utc> {
        self.0 += 1;
        monday() + chrono::Duration::days(self.0)
    }
}

/// A hold of a session, and a booking with its token, of a tenant at a day.
async fn prepared(
    world: &World,
    tenant: &str,
    session: &str,
    day: &str,
) -> Result<(Uuid, Uuid, String)> {
    let of = "tenant => t.tenant_id, service => (
        select s.service_id from booking.service s where s.tenant_id = t.tenant_id and s.slug = 'haircut')";
    let hold = format!(
        "select (booking.hold({of}, starts_at => '{day}'::timestamptz + interval '9 hours', session_id => '{session}')).hold_id
         from booking.tenant t
         where t.slug = '{tenant}'"
    );
    let book = format!(
        "select b.booking_id, b.manage_token
         from booking.tenant t, booking.book({of}, starts_at => '{day}'::timestamptz + interval '11 hours',
                                             customer => '{{\"sub\": \"another\", \"name\": \"zq7{tenant}-name\"}}') b
         where t.slug = '{tenant}'"
    );
    let hold = one(&world.sql, &hold).await?;
    let row = world.sql.query_one(&book, &[]).await?;
    Ok((hold, row.get(0), row.get(1)))
}

/// What a route is asked with: what there is at a day of its own.
pub async fn known(
    world: &World,
    operation: &Operation,
    caller: &str,
    days: &mut Days,
) -> Result<Known> {
    let day = days.next();
    let mine = session();
    let (hold, booking, manage) = prepared(world, "acme", &mine, &time(day)).await?;
    let mut known = visitor();
    let starts_at = time(day + chrono::Duration::hours(14));
    let id = match operation.path.as_str() {
        path if path.contains("hold") => hold,
        path if path.contains("booking") => booking,
        _ => Uuid::new_v4(),
    };
    for (name, value) in [
        ("tenant", json!("acme")),
        ("service", json!("haircut")),
        ("starts_at", json!(starts_at)),
        ("from", json!(time(day))),
        ("to", json!(time(day + chrono::Duration::days(1)))),
        ("id", json!(id)),
        ("Booking-Session", json!(mine)),
        ("Booking-Token", json!(manage)),
    ] {
        known.insert(name.into(), value);
    }
    if operation.path.ends_with("/holds/many") {
        known.insert("starts_at".into(), json!([starts_at]));
    }
    // By a slot, which the session holds already where it is to be booked.
    if operation.path.starts_with("/api/") {
        let hour = if operation.path.ends_with("create-appointment") {
            9
        } else {
            14
        };
        let slot = format!(
            "select a.slot_id
             from booking.tenant t, booking.service s, booking.available_slots(
                 t.tenant_id, s.service_id, '{from}', '{from}'::timestamptz + interval '1 hour', session_id => '{mine}') a
             where t.slug = 'acme' and s.tenant_id = t.tenant_id and s.slug = 'haircut'
             limit 1",
            from = time(day + chrono::Duration::hours(hour))
        );
        for (name, value) in [
            ("slot_id", json!(one::<String>(&world.sql, &slot).await?)),
            ("session_id", json!(mine)),
            ("tenant_id", json!("acme")),
            ("start_date", json!(day.date_naive())),
            ("end_date", json!(day.date_naive())),
            ("user_data", json!({"name": "Ada"})),
        ] {
            known.insert(name.into(), value);
        }
    } else if operation.path.contains("/admin/") {
        edited(
            world,
            operation,
            day + chrono::Duration::hours(14),
            &mut known,
        )
        .await?;
    }
    // Of a list, all.
    if operation.name() == "GET /v1/{tenant}/bookings" {
        for name in ["customer", "service", "from", "to"] {
            known.remove(name);
        }
    }
    if caller == "stranger" {
        let (_, _, foreign) = prepared(world, "globex", &session(), &time(day)).await?;
        known.insert("Booking-Session".into(), json!(session()));
        known.insert("Booking-Token".into(), json!(foreign));
    }
    Ok(known)
}
