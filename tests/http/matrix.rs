//! Who may do what over HTTP: every route of `/openapi.json`, asked by every kind of caller, in a database where all that is
//! private can be recognised. What the database itself allows: tests/regress/sql/roles.sql.
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::surface::{Call, Known, Operation, operations, visitor};
use crate::world::{World, monday, session, time};

/// The status for each caller. A route that is not here fails the test: decide what it answers to whom, and add its line.
///
/// A stranger is a visitor with a session, a hold or a token that is not this booking's. The customer, the members (viewer,
/// manager, owner) are of `acme`, which is asked; the foreigner owns another tenant.
const MATRIX: &str = "
                                                                      visitor stranger customer viewer manager owner foreigner service
GET    /healthz                                                           200      200      200    200     200   200       200     200
GET    /readyz                                                            200      200      200    200     200   200       200     200
GET    /v1/{tenant}/services                                              200      200      200    200     200   200       200     200
POST   /v1/{tenant}/bookings                                              201      201      201    201     201   201       201     201
POST   /v1/{tenant}/heartbeat                                             200      200      200    200     200   200       200     200
DELETE /v1/{tenant}/holds                                                 204      204      204    204     204   204       204     204
POST   /v1/{tenant}/holds                                                 201      201      201    201     201   201       201     201
POST   /v1/{tenant}/holds/many                                            201      201      201    201     201   201       201     201
DELETE /v1/{tenant}/holds/{id}                                            204      404      204    204     204   204       204     204
GET    /v1/{tenant}/manage/booking                                        200      403      200    200     200   200       200     200
POST   /v1/{tenant}/manage/cancel                                         200      403      200    200     200   200       200     200
POST   /v1/{tenant}/manage/reschedule                                     200      403      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/slots                              200      200      200    200     200   200       200     200
POST   /v1/{tenant}/admin/bookings                                        401      401      404    403     201   201       404     201
POST   /v1/{tenant}/admin/bookings/{id}/approve                           401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/cancel                            401      401      404    403     200   200       404     200
POST   /v1/{tenant}/admin/bookings/{id}/complete                          401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/decline                           401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/no-show                           401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/payments                          401      401      404    403     200   200       404     200
POST   /v1/{tenant}/admin/bookings/{id}/reassign                          401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/reschedule                        401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/busy-windows                                    401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/busy-windows                                    401      401      404    403     200   200       404     200
DELETE /v1/{tenant}/admin/busy-windows/{id}                               401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/busy-windows/{id}                               401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/explain                                         401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/holds                                           401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/holds/{id}                                      401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/holds/{id}                                      401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/locations                                       401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/locations                                       401      401      404    403     200   200       404     200
DELETE /v1/{tenant}/admin/locations/{id}                                  401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/locations/{id}                                  401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/members                                         401      401      404    200     200   200       404     200
DELETE /v1/{tenant}/admin/members/{user_id}                               401      401      404    403     403   204       404     204
PUT    /v1/{tenant}/admin/members/{user_id}                               401      401      404    403     403   204       404     204
POST   /v1/{tenant}/admin/recompute                                       401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/resources                                       401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/resources                                       401      401      404    403     200   200       404     200
DELETE /v1/{tenant}/admin/resources/{resource}                            401      401      404    403     200   200       404     200
PATCH  /v1/{tenant}/admin/resources/{resource}                            401      401      404    403     200   200       404     200
PUT    /v1/{tenant}/admin/resources/{resource}/hours                      401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/schedules                                       401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/schedules                                       401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/schedules/{id}                                  401      401      404    403     409   409       404     409
PUT    /v1/{tenant}/admin/schedules/{id}                                  401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/schedules/{schedule}/overrides                  401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/schedules/{schedule}/overrides                  401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/schedules/{schedule}/overrides/{id}             401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/schedules/{schedule}/overrides/{id}             401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/schedules/{schedule}/rules                      401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/schedules/{schedule}/rules                      401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/schedules/{schedule}/rules/{id}                 401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/schedules/{schedule}/rules/{id}                 401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/services                                        401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/services                                        401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/services/{service}                              401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/services/{service}                              401      401      404    200     200   200       404     200
PATCH  /v1/{tenant}/admin/services/{service}                              401      401      404    403     200   200       404     200
POST   /v1/{tenant}/admin/services/{service}/requirements                 401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/services/{service}/requirements/{id}            401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/services/{service}/requirements/{id}            401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/verify                                          401      401      404    200     200   200       404     200
GET    /v1/{tenant}/bookings                                              401      401      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/events                             200      200      200    200     200   200       200     200
GET    /v1/{tenant}/resources                                             200      200      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/days                               200      200      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/held                               200      200      200    200     200   200       200     200
GET    /v1/{tenant}/manage/booking.ics                                    200      403      200    200     200   200       200     200
GET    /api/booking/get-available-slots                                   200      200      200    200     200   200       200     200
POST   /api/booking/reserve-slot                                          200      200      200    200     200   200       200     200
POST   /api/booking/create-appointment                                    401      401      200    200     200   200       200     200
POST   /api/admin/recalculate-availability                                401      401      403    403     403   403       403     200
";

/// Begins whatever is private, followed by the tenant: nobody else sees it.
const PRIVATE: &str = "zq7";

const CALLERS: [&str; 8] = [
    "visitor",
    "stranger",
    "customer",
    "viewer",
    "manager",
    "owner",
    "foreigner",
    "service",
];

/// Both tenants have a row of each kind; a third one is closed.
const FILL: &str = "
    create function pg_temp.fill(slug text) returns void language plpgsql as $$
    #variable_conflict use_variable
    declare
        v_tenant uuid := (select t.tenant_id from booking.tenant t where t.slug = fill.slug);
        v_marker text := 'zq7' || slug || '-';
        v_service uuid := (select s.service_id from booking.service s where s.tenant_id = v_tenant);
        v_resource uuid := (select r.resource_id from booking.resource r where r.tenant_id = v_tenant);
        v_location uuid := gen_random_uuid();
        v_hidden uuid := gen_random_uuid();
        v_holidays uuid := gen_random_uuid();
        v_schedule uuid := booking.put_hours(v_tenant, v_resource, 'Mo-Su 06:00-22:00');
        v_booking uuid;
    begin
        insert into booking.member (tenant_id, user_id, role)
        select v_tenant, v_marker || r, r from unnest('{viewer,manager,owner}'::text[]) r;
        insert into booking.location (tenant_id, location_id, slug, name) values (v_tenant, v_location, v_marker || 'place', v_marker || 'place');
        insert into booking.resource (tenant_id, resource_id, slug, name, zone, grain, public, location_id)
        values (v_tenant, v_hidden, v_marker || 'hidden', v_marker || 'hidden', 'UTC', 15, false, v_location);
        perform booking.put_service(v_tenant, v_marker || 'hidden', v_marker || 'hidden', array[60], array[v_hidden]);
        perform booking.put_service(v_tenant, 'over', 'Over', array[60], array[v_resource]);
        update booking.service s set public = false where s.tenant_id = v_tenant and s.slug = v_marker || 'hidden';
        update booking.service s set active = false where s.tenant_id = v_tenant and s.slug = 'over';
        insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values (v_tenant, v_holidays, 'days', 'Days');
        insert into booking.holiday (tenant_id, holiday_set_id, dates, name) values (v_tenant, v_holidays, '[2100-01-01,2100-01-01]', 'Day');
        insert into booking.schedule_override (tenant_id, schedule_id, dates) values (v_tenant, v_schedule, '[2100-01-02,2100-01-02]');
        insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (v_tenant, v_schedule, '[2100-01-03,2100-01-03]', 'Europe/Berlin');
        insert into booking.service_limit (tenant_id, service_id, period, max_count) values (v_tenant, v_service, 'day', 50);
        insert into booking.busy_window (tenant_id, resource_id, span, external_id, reason)
        values (v_tenant, v_resource, '[2100-01-04 18:00+00,2100-01-04 19:00+00)', v_marker || 'event', v_marker || 'illness');
        v_booking := (booking.book(v_tenant, service => v_service, starts_at => '2100-01-04 09:00',
            customer => jsonb_build_object('sub', 'another', 'name', v_marker || 'name', 'email', v_marker || '@example.org',
                                           'phone', v_marker || '5550100', 'note', v_marker || 'note'), idempotency_key => 'k')).booking_id;
        perform booking.book(v_tenant, service => v_service, starts_at => '2100-01-04 11:00', customer => '{\"sub\": \"customer\"}');
        insert into booking.payment (tenant_id, reference, booking_id, amount, currency) values (v_tenant, v_marker || 'pi_1', v_booking, 5, 'EUR');
        perform booking.hold(v_tenant, v_service, '2100-01-04 10:00', 'session-0123456789');
        perform booking.try_hold(v_tenant, v_service, '2100-01-04 10:15', 'session-9876543210');
        insert into booking.sql_login (tenant_id, login, role) values (v_tenant, v_marker || 'nobody', 'owner');
    end
    $$;
    insert into booking.tenant (slug, name, zone) values ('globex', 'Globex', 'UTC'), ('closed', 'Closed', 'UTC');
    insert into booking.resource (tenant_id, slug, name, zone, grain)
    select tenant_id, 'chair', 'Chair', 'UTC', 15 from booking.tenant where slug <> 'acme';
    select booking.put_service(tenant_id, 'haircut', 'Haircut', array[60], array[resource_id])
    from booking.resource join booking.tenant using (tenant_id) where tenant.slug <> 'acme';
    select pg_temp.fill(slug) from booking.tenant;
    update booking.tenant set active = false where slug = 'closed';

    -- Whatever text or JSON may say anything says whose it is. What is refused has a form of its own.
    do $$
    declare
        v record;
    begin
        for v in
            select c.oid::regclass as relation, c.relname, a.attname, a.atttypid = 'jsonb'::regtype as json
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.atttypid in ('text'::regtype, 'jsonb'::regtype) and not a.attisdropped
            where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r'
                and exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id')
                and (c.relname, a.attname) not in (('booking', 'customer'), ('booking', 'customer_key'), ('member', 'user_id'),
                    ('tenant', 'name'), ('resource', 'name'), ('service', 'name'), ('location', 'name'))
                and a.attname <> 'slug'
        loop
            begin
                execute format(
                    'update %s x set %I = %s where %s',
                    v.relation, v.attname,
                    case when v.json
                        then format('coalesce(%I, ''{}'') || jsonb_build_object(%s, %2$s)', v.attname, pg_temp.marker(v.relname, v.attname))
                        else pg_temp.marker(v.relname, v.attname) || ' || ctid::text'
                    end,
                    case v.relname when 'booking' then 'customer_key = ''another''' else 'true' end);
            exception when others then
                null;
            end;
        end loop;
    end
    $$;";

/// Before the rest: an expression for what a column says.
const MARKER: &str = "
    create function pg_temp.marker(relation name, attribute name) returns text language sql as $$
        select format('''zq7'' || (select t.slug from booking.tenant t where t.tenant_id = x.tenant_id) || ''-%s-%s''', relation, attribute)
    $$;";

/// Which columns have something private in them.
const MARKED: &str = "
    select format('%s.%s', c.relname, a.attname)
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r'
        and (xpath('count(//row[contains(x, \"zq7\")])', query_to_xml(
            format('select %I::text as x from %s', a.attname, c.oid::regclass), false, false, '')))[1]::text <> '0'";

/// Hashes, in the ways they are written.
const HASHES: &str = "
    select encode(token_hash, 'hex'), translate(encode(token_hash, 'base64'), '+/=', '-_') from booking.booking_token
    union all select encode(session_hash, 'hex'), translate(encode(session_hash, 'base64'), '+/=', '-_') from booking.hold
    union all select encode(key_hash, 'hex'), translate(encode(key_hash, 'base64'), '+/=', '-_') from booking.idempotency";

/// A day of one's own in the calendar, so that no call is in another's way.
struct Days(i64);

impl Days {
    fn next(&mut self) -> chrono::DateTime<chrono::Utc> {
        self.0 += 1;
        monday() + chrono::Duration::days(self.0)
    }
}

async fn world() -> Result<World> {
    let world = World::new("matrix").await?;
    world.sql.batch_execute(MARKER).await?;
    world.sql.batch_execute(SPARE).await?;
    world.sql.batch_execute(FILL).await.context("filling")?;
    let marked: Vec<String> = world
        .sql
        .query(MARKED, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    for column in [
        "booking.customer",
        "booking_event.detail",
        "busy_window.external_id",
        "busy_window.reason",
        "hold.client",
        "hold.note",
        "idempotency.response",
        "location.name",
        "member.user_id",
        "payment.reference",
        "resource.metadata",
        "resource.name",
        "schedule.name",
        "schedule_override.reason",
        "service.metadata",
        "service.name",
        "tenant.settings",
    ] {
        assert!(
            marked.iter().any(|one| one == column),
            "{column} has nothing private in it: {marked:?}"
        );
    }
    Ok(world)
}

fn token(world: &World, caller: &str) -> Result<Option<String>> {
    Ok(match caller {
        "visitor" | "stranger" => None,
        "customer" => Some(world.token("customer")?),
        "foreigner" => Some(world.token("zq7globex-owner")?),
        "service" => Some(world.service_token()?),
        member => Some(world.token(&format!("zq7acme-{member}"))?),
    })
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(
    sql: &Client,
    query: &str,
) -> Result<T> {
    Ok(sql
        .query_one(query, &[])
        .await
        .context(query.to_owned())?
        .try_get(0)?)
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

/// One of each thing that an owner edits, which nobody else uses. By its name it stands behind what is private, on later pages.
const SPARE: &str = "
    create function pg_temp.spare(slug text, suffix text)
    returns table (resource uuid, another uuid, schedule uuid, rule uuid, override uuid, location uuid, service uuid, requirement uuid, busy uuid, hold uuid)
    language plpgsql as $$
    #variable_conflict use_variable
    declare
        v_tenant uuid := (select t.tenant_id from booking.tenant t where t.slug = spare.slug);
    begin
        insert into booking.location (tenant_id, slug, name) values (v_tenant, 'zz-place-' || suffix, 'Place') returning location_id into location;
        insert into booking.resource (tenant_id, slug, name, zone, grain) values (v_tenant, 'zz-one-' || suffix, 'One', 'UTC', 15) returning resource_id into resource;
        insert into booking.resource (tenant_id, slug, name, zone, grain) values (v_tenant, 'zz-two-' || suffix, 'Two', 'UTC', 15) returning resource_id into another;
        schedule := booking.put_hours(v_tenant, resource, 'Mo-Su 06:00-22:00');
        service := booking.put_service(v_tenant, 'zz-spare-' || suffix, 'Spare', array[60], array[resource]);
        select r.requirement_id into requirement from booking.service_requirement r where r.tenant_id = v_tenant and r.service_id = spare.service;
        select r.rule_id into rule from booking.schedule_rule r where r.tenant_id = v_tenant and r.schedule_id = spare.schedule limit 1;
        insert into booking.schedule_override (tenant_id, schedule_id, dates)
        values (v_tenant, schedule, '[2100-01-02,2100-01-02]') returning override_id into override;
        insert into booking.busy_window (tenant_id, resource_id, span)
        values (v_tenant, resource, '[2100-01-04 18:00+00,2100-01-04 19:00+00)') returning busy_window_id into busy;
        insert into booking.member (tenant_id, user_id, role) values (v_tenant, 'zz-spare-' || suffix, 'viewer');
        hold := (booking.hold_for(v_tenant, service, '2100-01-04 10:00+00')).hold_id;
        return next;
    end
    $$;";

/// What an owner's route is asked with.
async fn edited(
    world: &World,
    operation: &Operation,
    starts_at: chrono::DateTime<chrono::Utc>,
    known: &mut Known,
) -> Result<()> {
    let suffix = Uuid::new_v4().simple().to_string();
    let spare = world
        .sql
        .query_one("select * from pg_temp.spare('acme', $1)", &[&suffix])
        .await?;
    let spare = |name: &str| spare.try_get::<_, Uuid>(name).map(|id| json!(id));
    let path = operation.path.as_str();
    let things = [
        ("/busy-windows/{id}", "busy"),
        ("/locations/{id}", "location"),
        ("/rules/{id}", "rule"),
        ("/overrides/{id}", "override"),
        ("/requirements/{id}", "requirement"),
        ("/schedules/{id}", "schedule"),
        ("/holds/{id}", "hold"),
    ];
    if let Some((_, thing)) = things.iter().find(|(end, _)| path.ends_with(end)) {
        known.insert("id".into(), spare(thing)?);
    }
    if path.contains("/services") {
        known.insert("service".into(), spare("service")?);
    }
    if path.contains("/resources/") || path.contains("/busy-windows") {
        known.insert("resource".into(), spare("resource")?);
    }
    if path.ends_with("/overrides") || path.contains("/overrides/") {
        known.insert("from".into(), json!("2100-02-01"));
        known.remove("to");
    }
    if path.ends_with("/payments") {
        known.insert("amount".into(), json!(5));
        known.insert("currency".into(), json!("EUR"));
    }
    for (name, value) in [
        ("schedule", spare("schedule")?),
        ("resources", json!([spare("another")?])),
        ("requirements", json!([{"resources": [spare("another")?]}])),
        ("slug", json!(format!("zz-new-{suffix}"))),
        ("name", json!("New")),
        ("durations", json!([60])),
        ("hours", json!("Mo-Fr 09:00-17:00")),
        ("opens", json!("09:00")),
        ("closes", json!("10:00")),
        ("role", json!("viewer")),
        ("user_id", json!(format!("zz-spare-{suffix}"))),
        (
            "ends_at",
            json!(time(starts_at + chrono::Duration::hours(1))),
        ),
        ("from_resource", json!("chair")),
        ("reference", json!(suffix)),
    ] {
        known.insert(name.into(), value);
    }
    Ok(())
}

/// What a route is asked with: what there is at a day of its own.
async fn known(
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

fn listed() -> BTreeMap<String, Vec<u16>> {
    MATRIX
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = format!("{} {}", words.next()?, words.next()?);
            let statuses: Vec<u16> = words.filter_map(|word| word.parse().ok()).collect();
            (statuses.len() == CALLERS.len()).then_some((name, statuses))
        })
        .collect()
}

#[tokio::test]
async fn every_route_answers_every_caller_as_listed_and_shows_nothing_private() -> Result<()> {
    let world = world().await?;
    let (routes, api) = operations(&world).await?;
    let mut secrets = vec![PRIVATE.to_owned()];
    for row in world.sql.query(HASHES, &[]).await? {
        secrets.extend([row.get(0), row.get(1)]);
    }
    let listed = listed();
    let mut days = Days(0);
    let mut wrong = Vec::new();
    let mut shown = 0;
    // To look at some of them only.
    let wanted = std::env::var("ROUTES").unwrap_or_default();
    for operation in routes.iter().filter(|one| one.path.starts_with(&wanted)) {
        let mut statuses = Vec::new();
        let mut owners = String::new();
        for caller in CALLERS {
            let known = known(&world, operation, caller, &mut days).await?;
            let mut call = operation.call(&api, &known);
            call.token = token(&world, caller)?;
            let reply = call.send(&world).await?;
            statuses.push(reply.status);
            if caller == "owner" {
                owners = reply.text.chars().take(200).collect();
            }
            // The foreigner is a customer here, who books, and knows what it is called.
            let seen = reply.seen().replace("zq7globex-owner", "");
            match caller {
                "visitor" | "stranger" | "customer" | "foreigner" => {
                    for secret in &secrets {
                        assert!(
                            !seen.contains(secret),
                            "{caller} sees {secret} at {call:?}: {seen}"
                        );
                    }
                }
                "viewer" | "manager" | "owner" => {
                    shown += usize::from(seen.contains("zq7acme"));
                    assert!(
                        !seen.contains("zq7globex"),
                        "{caller} sees another tenant at {call:?}: {seen}"
                    );
                    for hash in &secrets[1..] {
                        assert!(
                            !seen.contains(hash),
                            "{caller} sees a hash at {call:?}: {seen}"
                        );
                    }
                }
                _ => {}
            }
        }
        if listed.get(&operation.name()) != Some(&statuses) {
            let numbers: Vec<String> = statuses.iter().map(u16::to_string).collect();
            wrong.push(format!(
                "{:<6} {:<62} {}  to the owner: {owners}",
                operation.method,
                operation.path,
                numbers.join(" ")
            ));
        }
    }
    assert!(
        shown >= 9 || !wanted.is_empty(),
        "what is private is shown to members, or it would not be found elsewhere: {shown}"
    );
    assert!(wrong.is_empty(), "not as listed:\n{}", wrong.join("\n"));
    assert_eq!(listed.len(), routes.len(), "a route that is listed is gone");
    Ok(())
}

/// The answers to a call with each of these in one place: one and the same.
async fn alike(
    world: &World,
    call: &Call,
    place: &str,
    name: &str,
    values: &[String],
) -> Result<u16> {
    let mut first = None;
    for value in values {
        let mut call = call.clone();
        match place {
            "body" => match call.body.as_mut() {
                Some(body) => body[name] = Value::String(value.clone()),
                None => continue,
            },
            _ => call.put(place, name, value),
        }
        let reply = call.send(world).await?.stable();
        let expected = first.get_or_insert(reply.clone());
        assert_eq!(
            *expected, reply,
            "{value} tells more than {} at {call:?}",
            values[0]
        );
    }
    Ok(first.map_or(0, |(status, _, _)| status))
}

#[tokio::test]
async fn what_is_unknown_inactive_private_or_foreign_is_answered_alike_to_a_visitor() -> Result<()>
{
    let world = world().await?;
    let (routes, api) = operations(&world).await?;
    let id = |query: &'static str| one::<String>(&world.sql, query);
    let tenants = [
        "nobody".to_owned(),
        "closed".into(),
        Uuid::nil().to_string(),
        id("select tenant_id::text from booking.tenant where slug = 'closed'").await?,
    ];
    let services = [
        "nothing".to_owned(),
        "over".into(),
        "zq7acme-hidden".into(),
        Uuid::nil().to_string(),
        id("select service_id::text from booking.service where slug = 'zq7acme-hidden'").await?,
        id("select service_id::text from booking.service s join booking.tenant t using (tenant_id) where t.slug = 'globex' and s.slug = 'haircut'").await?,
    ];
    let ids = [
        Uuid::new_v4().to_string(),
        id("select hold_id::text from booking.hold h join booking.tenant t using (tenant_id) where t.slug = 'globex'").await?,
        id("select hold_id::text from booking.hold h join booking.tenant t using (tenant_id) where t.slug = 'acme'").await?,
        id("select booking_id::text from booking.booking b join booking.tenant t using (tenant_id) where t.slug = 'acme' limit 1").await?,
        id("select booking_id::text from booking.booking b join booking.tenant t using (tenant_id) where t.slug = 'globex' limit 1").await?,
    ];
    let mut days = Days(0);
    for operation in &routes {
        let known = known(&world, operation, "visitor", &mut days).await?;
        let call = operation.call(&api, &known);
        if operation.path.contains("{tenant}") {
            let status = alike(&world, &call, "path", "tenant", &tenants).await?;
            assert!(
                [401, 404].contains(&status),
                "{status} {}",
                operation.name()
            );
        }
        if operation.path.contains("{service}") {
            let status = alike(&world, &call, "path", "service", &services).await?;
            assert!(
                [401, 404].contains(&status),
                "{status} {}",
                operation.name()
            );
        }
        if operation.path.contains("{id}") {
            let status = alike(&world, &call, "path", "id", &ids).await?;
            assert!(
                [401, 403, 404].contains(&status),
                "{status} {}",
                operation.name()
            );
        }
        if call
            .body
            .as_ref()
            .is_some_and(|body| body.get("service").is_some())
        {
            let status = alike(&world, &call, "body", "service", &services).await?;
            assert!(
                [401, 404].contains(&status),
                "{status} {}",
                operation.name()
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn to_a_member_of_one_tenant_another_is_as_if_it_were_not() -> Result<()> {
    let world = world().await?;
    let (routes, api) = operations(&world).await?;
    let listed = listed();
    let tenants = [
        "nobody".to_owned(),
        "globex".into(),
        "closed".into(),
        one(
            &world.sql,
            "select tenant_id::text from booking.tenant where slug = 'globex'",
        )
        .await?,
    ];
    let mut days = Days(0);
    for operation in &routes {
        // What a visitor is asked to sign in for, and what a customer finds nothing at.
        let for_members = listed
            .get(&operation.name())
            .is_some_and(|statuses| statuses[0] == 401 && statuses[2] == 404);
        if !operation.path.contains("{tenant}") || !for_members {
            continue;
        }
        for caller in ["viewer", "manager", "owner"] {
            let known = known(&world, operation, caller, &mut days).await?;
            let mut call = operation.call(&api, &known);
            call.token = token(&world, caller)?;
            alike(&world, &call, "path", "tenant", &tenants).await?;
        }
    }
    Ok(())
}
