//! `/v1/{tenant}/admin/...`: who may. Every route of the description is asked by everybody; a new one needs a line in [`ROUTES`].
use std::collections::BTreeSet;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Every owner's route: what it wants, and which role it takes.
const ROUTES: [(&str, &str, &str); 42] = [
    ("bookings", "", "customer"),
    ("admin_services", "", "viewer"),
    ("admin_service", "", "viewer"),
    (
        "admin_create_service",
        r#"{"slug": "trim", "name": "Trim", "durations": [30]}"#,
        "manager",
    ),
    ("admin_change_service", r#"{"name": "Cut"}"#, "manager"),
    ("admin_delete_service", "", "manager"),
    (
        "admin_create_requirement",
        r#"{"resources": ["ID"]}"#,
        "manager",
    ),
    (
        "admin_replace_requirement",
        r#"{"resources": ["ID"]}"#,
        "manager",
    ),
    ("admin_delete_requirement", "", "manager"),
    ("admin_resources", "", "viewer"),
    (
        "admin_put_resource",
        r#"{"slug": "chair", "name": "Chair"}"#,
        "manager",
    ),
    ("admin_change_resource", r#"{"capacity": 2}"#, "manager"),
    ("admin_delete_resource", "", "manager"),
    (
        "admin_put_hours",
        r#"{"hours": "Mo-Fr 09:00-17:00"}"#,
        "manager",
    ),
    ("admin_locations", "", "viewer"),
    (
        "admin_put_location",
        r#"{"slug": "here", "name": "Here"}"#,
        "manager",
    ),
    ("admin_change_location", r#"{"name": "There"}"#, "manager"),
    ("admin_delete_location", "", "manager"),
    ("admin_schedules", "", "viewer"),
    ("admin_create_schedule", r#"{"name": "Summer"}"#, "manager"),
    ("admin_change_schedule", r#"{"name": "Winter"}"#, "manager"),
    ("admin_delete_schedule", "", "manager"),
    ("admin_rules", "", "viewer"),
    (
        "admin_create_rule",
        r#"{"weekday": 1, "opens": "09:00", "closes": "10:00"}"#,
        "manager",
    ),
    (
        "admin_replace_rule",
        r#"{"weekday": 1, "opens": "09:00", "closes": "10:00"}"#,
        "manager",
    ),
    ("admin_delete_rule", "", "manager"),
    ("admin_overrides", "", "viewer"),
    (
        "admin_create_override",
        r#"{"from": "2100-01-04"}"#,
        "manager",
    ),
    (
        "admin_replace_override",
        r#"{"from": "2100-01-04"}"#,
        "manager",
    ),
    ("admin_delete_override", "", "manager"),
    ("admin_busy_windows", "", "viewer"),
    ("admin_create_busy_window", BUSY, "manager"),
    ("admin_replace_busy_window", BUSY, "manager"),
    ("admin_delete_busy_window", "", "manager"),
    ("admin_members", "", "viewer"),
    ("admin_put_member", r#"{"role": "viewer"}"#, "owner"),
    ("admin_delete_member", "", "owner"),
    (
        "admin_book",
        r#"{"service": "haircut", "starts_at": "2100-01-04T09:00:00Z"}"#,
        "manager",
    ),
    (
        "admin_hold",
        r#"{"service": "haircut", "starts_at": "2100-01-04T09:00:00Z"}"#,
        "manager",
    ),
    (
        "admin_explain",
        "?service=haircut&starts_at=2100-01-04T09:00:00Z",
        "viewer",
    ),
    ("admin_recompute", "", "manager"),
    ("admin_verify", "", "viewer"),
];
const BUSY: &str = r#"{"resource": "chair", "starts_at": "2100-01-04T09:00:00Z", "ends_at": "2100-01-04T10:00:00Z"}"#;
/// Those of one booking or hold.
const STEPS: [(&str, &str); 10] = [
    ("admin_approve", ""),
    ("admin_decline", r#"{"reason": "no"}"#),
    ("admin_complete", ""),
    ("admin_no_show", ""),
    ("admin_cancel", ""),
    (
        "admin_reschedule",
        r#"{"starts_at": "2100-01-04T09:00:00Z"}"#,
    ),
    ("admin_reassign", r#"{"from_resource": "chair"}"#),
    ("admin_record_payment", r#"{"reference": "pi_1"}"#),
    ("admin_extend_hold", ""),
    ("admin_release", ""),
];

/// The shop with members: `viewer`, `manager` and `owner`, and `stranger`, who owns another.
pub async fn shop(name: &str) -> Result<World> {
    let world = World::new(name).await?;
    world
        .sql
        .batch_execute(
            "insert into booking.member (tenant_id, user_id, role)
             select tenant_id, r, r from booking.tenant, unnest('{viewer,manager,owner}'::text[]) r;
             insert into booking.tenant (slug, name) values ('other', 'Other');
             insert into booking.member (tenant_id, user_id, role)
             select tenant_id, 'stranger', 'owner' from booking.tenant where slug = 'other'",
        )
        .await?;
    Ok(world)
}

/// What somebody who has signed in gets.
pub async fn ask(
    world: &World,
    sub: &str,
    method: Method,
    path: &str,
    body: Value,
) -> Result<Answer> {
    let mut request = world
        .request(method, &format!("/v1/acme/{path}"))
        .bearer_auth(world.token(sub)?);
    if !body.is_null() {
        request = request.json(&body);
    }
    world.send(request).await
}

/// All owner's routes: operation, method, address.
async fn described(world: &World) -> Result<Vec<(String, Method, String)>> {
    let api = world.get("/openapi.json").await?.body;
    let mut all = Vec::new();
    for (path, operations) in api["paths"].as_object().context("paths")? {
        for (method, operation) in operations.as_object().context("operations")? {
            if operation["tags"][0] == "owner" {
                let id = operation["operationId"].as_str().context("operationId")?;
                all.push((id.to_owned(), method.to_uppercase().parse()?, path.clone()));
            }
        }
    }
    Ok(all)
}

#[tokio::test]
async fn every_route_is_for_members_of_its_role_and_nobody_else() -> Result<()> {
    let world = shop("admin").await?;
    let mut unknown = BTreeSet::new();
    let described = described(&world).await?;
    assert_eq!(described.len(), ROUTES.len() + STEPS.len());
    for (operation, method, path) in described {
        let step = STEPS.iter().find(|(name, _)| *name == operation);
        let route = ROUTES.iter().find(|(name, ..)| *name == operation);
        let Some((wanted, least)) = route
            .map(|(_, wanted, least)| (*wanted, *least))
            .or(step.map(|(_, wanted)| (*wanted, "manager")))
        else {
            unknown.insert(operation);
            continue;
        };
        let chair = world.chair().await?;
        let (query, body) = if wanted.starts_with('?') {
            (wanted, "")
        } else {
            ("", wanted)
        };
        let path = path
            .replace("{tenant}", "acme")
            .replace("{service}", "haircut")
            .replace("{resource}", "chair")
            .replace("{user_id}", "new")
            .replace("{id}", "00000000-0000-4000-8000-000000000000")
            .replace("{schedule}", "00000000-0000-4000-8000-000000000000");
        let request = |token: Option<String>, address: &str| {
            let mut request = world.request(method.clone(), &format!("{address}{query}"));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if !body.is_empty() {
                request = request
                    .header("content-type", "application/json")
                    .body(body.replace("ID", &chair));
            }
            world.send(request)
        };
        let at = format!("{operation} {method} {path}");

        let nobody = request(None, &path).await?;
        assert_eq!(
            (nobody.status, nobody.header("www-authenticate")),
            (401, "Bearer"),
            "{at}"
        );
        let elsewhere = path.replace("acme", "none");
        for sub in ["stranger", "customer"] {
            let foreign = request(Some(world.token(sub)?), &path).await?;
            if least == "customer" {
                assert_eq!(
                    (foreign.status, &foreign.body["items"]),
                    (200, &json!([])),
                    "{at}"
                );
                continue;
            }
            assert_eq!(foreign.status, 404, "{at} {sub} {foreign:?}");
            let none = request(Some(world.token(sub)?), &elsewhere).await?;
            assert_eq!(foreign.stable_body(), none.stable_body(), "{at}");
        }
        for (sub, too_small) in [
            ("viewer", ["manager", "owner"].contains(&least)),
            ("manager", least == "owner"),
        ] {
            let answer = request(Some(world.token(sub)?), &path).await?;
            assert_eq!(answer.status == 403, too_small, "{at} {sub} {answer:?}");
            assert!(answer.status < 500, "{at} {sub} {answer:?}");
            if answer.status < 300 {
                assert_eq!(answer.header("cache-control"), "private, no-store", "{at}");
            }
        }
        let service = request(Some(world.service_token()?), &path).await?;
        assert!(
            ![401, 403].contains(&service.status) && service.status < 500,
            "{at} {service:?}"
        );
    }
    assert!(unknown.is_empty(), "new routes: {unknown:?}");
    Ok(())
}

#[tokio::test]
async fn a_role_that_is_too_small_is_told_which_one_is_needed() -> Result<()> {
    let world = shop("admin").await?;
    let answer = ask(
        &world,
        "viewer",
        Method::POST,
        "admin/schedules",
        json!({"name": "S"}),
    )
    .await?;
    assert_eq!(answer.status, 403);
    assert!(answer.text("detail").contains("manager"), "{answer:?}");
    let answer = ask(
        &world,
        "manager",
        Method::PUT,
        "admin/members/x",
        json!({"role": "viewer"}),
    )
    .await?;
    assert_eq!(answer.status, 403);
    assert!(answer.text("detail").contains("owner"), "{answer:?}");
    Ok(())
}
