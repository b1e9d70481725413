//! SQL, and whatever else is odd, in every string that a request has: parameters, bodies, headers, claims. It is text, or it is
//! refused; nothing of it is run, and nothing of the inside is told.
use anyhow::Result;
use futures_util::future::try_join_all;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::surface::{Call, Known, Operation, Reply, encoded, kind, operations, resolved, visitor};
use crate::world::{World, session, sign};

fn odd() -> Vec<String> {
    let mut all: Vec<String> = [
        "'",
        "\"",
        "\\",
        "\\'; drop schema booking cascade; --",
        "'; drop schema booking cascade; --",
        "' or '1'='1",
        "$1",
        "$$; reset role; $$",
        "%s%n",
        "\u{0}",
        "a\u{0}b",
        "\u{1}\u{7f}\u{9f}",
        "\r\nX-Injected: 1",
        "\u{202e}\u{1f600}e\u{301}",
        "{{7*7}}<script>",
        "../../etc/passwd",
        "99999999999999999999",
        "NaN",
        "infinity",
        "",
    ]
    .map(str::to_owned)
    .into();
    all.push("x".repeat(6_000));
    all.push("'".repeat(3_000));
    all
}

/// What must be as it was: what there is in the database, who may do what, and the rows of a tenant that nobody asks about.
const UNTOUCHED: &str = "
    select md5(string_agg(x.line, '|' order by x.line))
    from (
        select concat(c.oid, c.relname, c.relkind, c.relacl, c.relowner, c.relrowsecurity) as line
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('booking', 'booking_api', 'public')
        union all
        select concat(p.oid, p.proname, p.prosrc, p.proacl, p.proowner)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('booking', 'booking_api', 'public')
        union all
        select concat(p.oid, p.polname, pg_get_expr(p.polqual, p.polrelid)) from pg_policy p
        union all
        select concat(t.oid, t.tgname, t.tgenabled) from pg_trigger t
        union all
        select concat(r.rolname, r.rolsuper, r.rolcanlogin, r.rolcreaterole, m.roleid) from pg_roles r
        left join pg_auth_members m on m.member = r.oid where r.rolname like $1 || '%'
        union all
        select query_to_xml(format('select * from %s x where x.tenant_id = %L', c.oid::regclass, t.tenant_id), false, false, '')::text
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
        cross join booking.tenant t
        where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r' and t.slug = 'globex') x";

const GLOBEX: &str = "
    insert into booking.member (tenant_id, user_id, role) select tenant_id, 'acme-owner', 'owner' from booking.tenant;
    insert into booking.tenant (slug, name, zone) values ('globex', 'Globex', 'UTC');
    insert into booking.resource (tenant_id, slug, name, zone, grain)
    select tenant_id, 'desk', 'Desk', 'UTC', 15 from booking.tenant where slug = 'globex';
    select booking.put_hours(tenant_id, resource_id, 'Mo-Fr 09:00-17:00') from booking.resource where slug = 'desk';
    select booking.put_service(tenant_id, 'visit', 'Visit', array[60], array[resource_id]) from booking.resource where slug = 'desk';
    select booking.book(tenant_id, service => service_id, starts_at => '2100-01-04 09:00+00', customer => '{\"name\": \"Eve\"}')
    from booking.service where slug = 'visit';";

const CHAIR: &str = "select resource_id::text from booking.resource where slug = 'chair'";
const SCHEDULE: &str = "select schedule_id::text from booking.resource where slug = 'chair'";

/// A status that is no fault, in an answer that tells nothing.
fn check(world: &World, what: &str, reply: &Reply) {
    assert!(
        reply.status < 500 && reply.status != 429,
        "{what}: {reply:?}"
    );
    if reply.status < 400 {
        return;
    }
    assert!(
        reply.headers.contains_key("x-request-id"),
        "{what}: {reply:?}"
    );
    for inside in [
        "booking.",
        "booking_api",
        "pg_catalog",
        "plpgsql",
        "syntax error",
        "SQL",
        "panick",
        "src/",
        "127.0.0.1",
        &world.db.name,
        &world.role,
    ] {
        let text = reply.text.replace("pg-booking/pg_booking", "");
        assert!(!text.contains(inside), "{what}: {inside} leaks: {reply:?}");
    }
}

/// Each member of a body, also of an object or a list in it.
fn members(schema: &Value, api: &Value, path: &str, deep: u8) -> Vec<String> {
    let schema = resolved(schema, api);
    let mut all = Vec::new();
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{path}/{name}");
        let inner = resolved(inner, api);
        if deep > 0 && kind(&inner) == "object" {
            all.extend(members(&inner, api, &place, deep - 1));
        }
        all.push(place);
    }
    all
}

/// The body with a text at a place, which is made if it is not there.
fn with(body: &Value, place: &str, text: &str) -> Value {
    let mut body = body.clone();
    let mut at = &mut body;
    for name in place.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    // A list gets it as its only element.
    *at = match at.is_array() {
        true => json!([text]),
        false => text.into(),
    };
    body
}

/// Every request that this route can be sent with one odd string in it.
fn odd_calls(operation: &Operation, api: &Value, base: &Call) -> Vec<(String, Call)> {
    let mut calls = Vec::new();
    // What an owner may send has many more places: each gets one of a kind.
    let several = if operation.path.contains("/admin/") {
        3
    } else {
        1
    };
    for text in odd().into_iter().step_by(several) {
        for (name, place, _) in &operation.parameters {
            if place == "header" && HeaderValue::from_str(&text).is_err() {
                continue;
            }
            let mut call = base.clone();
            call.put(place, name, &text);
            calls.push((
                format!("{} {place} {name} {text:?}", operation.name()),
                call,
            ));
        }
        let Some((schema, body)) = operation.body.as_ref().zip(base.body.as_ref()) else {
            continue;
        };
        for place in members(schema, api, "", 1) {
            let mut call = base.clone();
            call.body = Some(with(body, &place, &text));
            calls.push((format!("{} body {place} {text:?}", operation.name()), call));
        }
        // Within what is free in its form, names are texts, too.
        let mut call = base.clone();
        if body.get("customer").is_some() {
            call.body = Some(with(body, "/customer/name", &text));
            calls.push((
                format!("{} customer {text:?}", operation.name()),
                call.clone(),
            ));
            if let Some(body) = call.body.as_mut() {
                body["customer"] = json!({ text.clone(): [text.clone(), {text.clone(): null}] });
            }
            calls.push((format!("{} customer of {text:?}", operation.name()), call));
        }
    }
    calls
}

fn known() -> Known {
    let mut known = visitor();
    for (name, value) in [
        ("tenant", "acme"),
        ("service", "haircut"),
        ("from", "2100-01-04T00:00:00Z"),
        ("to", "2100-01-05T00:00:00Z"),
        ("starts_at", "2100-01-04T09:00:00Z"),
        (
            "Booking-Token",
            "0123456789012345678901234567890123456789012",
        ),
    ] {
        known.insert(name.into(), value.into());
    }
    known.insert("Booking-Session".into(), session().into());
    known
}

#[tokio::test]
async fn no_string_of_a_request_is_more_than_text() -> Result<()> {
    let world = World::new("strings").await?;
    world.sql.batch_execute(GLOBEX).await?;
    let before: String = world.sql.query_one(UNTOUCHED, &[&world.role]).await?.get(0);
    let (routes, api) = operations(&world).await?;
    let chair: String = world.sql.query_one(CHAIR, &[]).await?.get(0);
    let schedule: String = world.sql.query_one(SCHEDULE, &[]).await?.get(0);
    let mut known = known();
    known.insert("resource".into(), chair.into());
    known.insert("schedule".into(), schedule.into());
    let mut sent = 0;
    for operation in &routes {
        let mut base = operation.call(&api, &known);
        if base.send(&world).await?.status == 401 {
            base.token = Some(world.token("acme-owner")?);
        }
        let calls = odd_calls(operation, &api, &base);
        sent += calls.len();
        for some in calls.chunks(8) {
            let replies = try_join_all(some.iter().map(|(_, call)| call.send(&world))).await?;
            for ((what, _), reply) in some.iter().zip(&replies) {
                check(&world, what, reply);
            }
        }
    }
    assert!(sent > 500, "{sent}");
    let after: String = world.sql.query_one(UNTOUCHED, &[&world.role]).await?.get(0);
    assert_eq!(before, after, "something that nobody asked for has changed");
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_no_utf8_or_leads_elsewhere_is_refused() -> Result<()> {
    let world = World::new("strings").await?;
    let (routes, api) = operations(&world).await?;
    for operation in &routes {
        let call = operation.call(&api, &known());
        for (name, place, _) in &operation.parameters {
            let value = &call.values.get(&(place.clone(), name.clone()));
            let (Some(value), true) = (value, place != "header") else {
                continue;
            };
            for raw in [
                "%FF",
                "%C3%28",
                "%ED%A0%80",
                "%00",
                "%2E%2E%2F",
                "%2F",
                "%5C",
            ] {
                let address = match place.as_str() {
                    "path" => call.address().replacen(&encoded(value), raw, 1),
                    _ => call.address().replace(
                        &format!("{name}={}", encoded(value)),
                        &format!("{name}={raw}"),
                    ),
                };
                let method = reqwest::Method::from_bytes(operation.method.as_bytes())?;
                let answer = world.request(method, &address).send().await?;
                let status = answer.status().as_u16();
                assert!(
                    (400..500).contains(&status),
                    "{status} {} {address}",
                    operation.method
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_claim_is_more_than_text() -> Result<()> {
    let world = World::new("strings").await?;
    world.sql.batch_execute(GLOBEX).await?;
    let before: String = world.sql.query_one(UNTOUCHED, &[&world.role]).await?.get(0);
    let (routes, api) = operations(&world).await?;
    for claim in ["sub", "role", "tenant_id", "email", "iss", "app_metadata"] {
        for text in odd() {
            let mut claims = json!({"sub": "acme-owner"});
            claims[claim] = text.clone().into();
            let token = sign(&claims)?;
            let some_routes = [
                "GET /v1/{tenant}/services",
                "GET /v1/{tenant}/bookings",
                "GET /v1/{tenant}/admin/members",
                "GET /v1/{tenant}/admin/resources",
                "POST /v1/{tenant}/bookings",
                "POST /v1/{tenant}/admin/bookings",
            ];
            let routes = routes
                .iter()
                .filter(|operation| some_routes.contains(&operation.name().as_str()));
            let calls = routes.map(|operation| {
                let mut call = operation.call(&api, &known());
                call.token = Some(token.clone());
                call
            });
            let calls: Vec<Call> = calls.collect();
            for some in calls.chunks(8) {
                let replies = try_join_all(some.iter().map(|call| call.send(&world))).await?;
                for (call, reply) in some.iter().zip(&replies) {
                    check(&world, &format!("{} {claim} {text:?}", call.path), reply);
                }
            }
        }
    }
    let after: String = world.sql.query_one(UNTOUCHED, &[&world.role]).await?.get(0);
    assert_eq!(before, after);
    Ok(())
}
