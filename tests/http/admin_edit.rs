//! `/v1/{tenant}/admin/...`: services, resources, hours, busy times and members are created, changed, listed and deleted.
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::admin::{ask, shop};
use crate::world::{Answer, World, monday};

async fn owner(world: &World, method: Method, path: &str, body: Value) -> Result<Answer> {
    ask(world, "owner", method, &format!("admin/{path}"), body).await
}

async fn get(world: &World, path: &str) -> Result<Value> {
    let answer = owner(world, Method::GET, path, Value::Null).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(answer.body)
}

/// The id of what was written.
async fn put(world: &World, method: Method, path: &str, body: Value) -> Result<String> {
    let answer = owner(world, method, path, body).await?;
    assert!(matches!(answer.status, 200 | 201), "{path} {answer:?}");
    Ok(answer.text("id").to_owned())
}

async fn delete(world: &World, path: &str) -> Result<u16> {
    Ok(owner(world, Method::DELETE, path, Value::Null)
        .await?
        .status)
}

#[tokio::test]
async fn an_owner_sets_up_a_stay_from_nothing() -> Result<()> {
    let world = shop("admin_edit").await?;
    let flat = put(
        &world,
        Method::POST,
        "resources",
        json!({"slug": "flat", "name": "Flat", "public": false}),
    )
    .await?;
    let service = json!({"slug": "nights", "name": "Nights", "kind": "stay", "min_length": 2, "max_length": 7,
                         "check_in": "15:00", "check_out": "11:00", "price": 80.5, "currency": "EUR",
                         "requirements": [{"resources": [flat]}]});
    let id = put(&world, Method::POST, "services", service).await?;

    let shown = get(&world, "services/nights").await?;
    assert_eq!(shown["service_id"], id.as_str());
    assert_eq!(
        (&shown["kind"], &shown["check_in"], &shown["price"]),
        (&json!("stay"), &json!("15:00:00"), &json!(80.5))
    );
    assert_eq!(
        shown["requirements"][0]["resources"][0]["resource_id"],
        flat.as_str()
    );

    put(
        &world,
        Method::PATCH,
        "services/nights",
        json!({"price": null, "currency": null, "min_notice": "P1D", "active": false}),
    )
    .await?;
    let shown = get(&world, &format!("services/{id}")).await?;
    assert_eq!(
        (&shown["price"], &shown["min_notice"], &shown["active"]),
        (&Value::Null, &json!("1 day"), &json!(false))
    );
    assert_eq!(shown["name"], "Nights");

    let listed = get(&world, "services?max=1").await?;
    assert_eq!(listed["items"][0]["slug"], "haircut");
    let next = listed["next"].as_str().unwrap_or_default();
    let listed = get(&world, &format!("services?after={next}")).await?;
    assert_eq!(
        (&listed["items"][0]["slug"], &listed["next"]),
        (&json!("nights"), &Value::Null)
    );

    let answer = owner(&world, Method::DELETE, "services/nights", Value::Null).await?;
    assert_eq!((answer.status, answer.text("outcome")), (200, "deleted"));
    assert_eq!(delete(&world, "services/nights").await?, 404);
    Ok(())
}

#[tokio::test]
async fn hours_follow_what_an_owner_writes() -> Result<()> {
    let world = shop("admin_edit").await?;
    let day = monday().date_naive().to_string();
    let schedule = put(
        &world,
        Method::PUT,
        "resources/chair/hours",
        json!({"hours": "Mo-Fr 09:00-11:00"}),
    )
    .await?;
    assert_eq!(world.slots(monday()).await?.len(), 2);

    let rules = format!("schedules/{schedule}/rules");
    let rule = json!({"weekday": 1, "opens": "22:00", "closes": "24:00", "valid_from": day});
    let id = put(&world, Method::POST, &rules, rule).await?;
    assert_eq!(world.slots(monday()).await?.len(), 4);
    put(
        &world,
        Method::PUT,
        &format!("{rules}/{id}"),
        json!({"weekday": 1, "opens": "23:00", "closes": "24:00"}),
    )
    .await?;
    assert_eq!(world.slots(monday()).await?.len(), 3);
    let listed = get(&world, &rules).await?;
    let set: Vec<_> = listed["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|rule| rule["rule_id"] == id.as_str())
        .collect();
    assert_eq!(
        (&set[0]["closes"], &set[0]["valid_from"]),
        (&json!("24:00:00"), &Value::Null)
    );

    let overrides = format!("schedules/{schedule}/overrides");
    let id = put(
        &world,
        Method::POST,
        &overrides,
        json!({"from": day, "reason": "closed"}),
    )
    .await?;
    assert_eq!(world.slots(monday()).await?.len(), 0);
    put(
        &world,
        Method::PUT,
        &format!("{overrides}/{id}"),
        json!({"from": day, "opens": "09:00", "closes": "10:00"}),
    )
    .await?;
    assert_eq!(world.slots(monday()).await?.len(), 1);
    let listed = get(&world, &format!("{overrides}?from={day}")).await?;
    assert_eq!(
        (&listed["items"][0]["from"], &listed["items"][0]["opens"]),
        (&json!(day), &json!("09:00:00"))
    );
    assert_eq!(delete(&world, &format!("{overrides}/{id}")).await?, 204);
    assert_eq!(delete(&world, &format!("{overrides}/{id}")).await?, 404);

    let busy = json!({"resource": "chair", "starts_at": format!("{day}T09:00:00Z"), "ends_at": format!("{day}T10:00:00Z")});
    let id = put(&world, Method::POST, "busy-windows", busy.clone()).await?;
    assert_eq!(world.slots(monday()).await?.len(), 2);
    let listed = get(&world, "busy-windows?resource=chair").await?;
    assert_eq!(listed["items"][0]["starts_at"], busy["starts_at"]);
    assert_eq!(delete(&world, &format!("busy-windows/{id}")).await?, 204);
    assert_eq!(world.slots(monday()).await?.len(), 3);

    assert_eq!(get(&world, "schedules").await?["items"][0]["rules"], 6);
    let refused = owner(
        &world,
        Method::DELETE,
        &format!("schedules/{schedule}"),
        Value::Null,
    )
    .await?;
    assert_eq!(refused.outcome(), (409, Some("23503")));
    assert!(refused.text("hint").contains("first"), "{refused:?}");
    assert_eq!(get(&world, "verify").await?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_has_bookings_is_switched_off_and_what_is_in_use_stays() -> Result<()> {
    let world = shop("admin_edit").await?;
    let place = put(
        &world,
        Method::POST,
        "locations",
        json!({"slug": "east", "name": "East"}),
    )
    .await?;
    put(
        &world,
        Method::PATCH,
        "resources/chair",
        json!({"location_id": place}),
    )
    .await?;
    assert_eq!(
        get(&world, "locations").await?["items"][0]["resources"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(delete(&world, &format!("locations/{place}")).await?, 409);
    assert_eq!(delete(&world, "resources/chair").await?, 409);
    put(
        &world,
        Method::PATCH,
        "resources/chair",
        json!({"location_id": null}),
    )
    .await?;
    assert_eq!(delete(&world, &format!("locations/{place}")).await?, 204);

    let booked =
        json!({"service": "haircut", "starts_at": crate::world::time(crate::world::monday_at(9))});
    assert_eq!(
        owner(&world, Method::POST, "bookings", booked)
            .await?
            .status,
        201
    );
    let answer = owner(&world, Method::DELETE, "services/haircut", Value::Null).await?;
    assert_eq!(
        (answer.status, answer.text("outcome")),
        (200, "deactivated")
    );
    assert_eq!(
        world.get("/v1/acme/services").await?.body["services"],
        json!([])
    );
    Ok(())
}

#[tokio::test]
async fn members_come_and_go_but_the_last_owner_stays() -> Result<()> {
    let world = shop("admin_edit").await?;
    let refused = owner(
        &world,
        Method::PUT,
        "members/owner",
        json!({"role": "viewer"}),
    )
    .await?;
    assert_eq!(refused.outcome(), (409, Some("23001")));
    assert_eq!(
        owner(&world, Method::PUT, "members/ada", json!({"role": "owner"}))
            .await?
            .status,
        204
    );
    assert_eq!(
        owner(&world, Method::DELETE, "members/owner", Value::Null)
            .await?
            .status,
        204
    );
    let members = ask(&world, "ada", Method::GET, "admin/members", Value::Null).await?;
    let names: Vec<_> = members.body["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|member| member["user_id"].clone())
        .collect();
    assert_eq!(names, [json!("ada"), json!("manager"), json!("viewer")]);
    assert_eq!(
        ask(&world, "owner", Method::GET, "admin/members", Value::Null)
            .await?
            .status,
        404
    );
    Ok(())
}

#[tokio::test]
async fn what_makes_no_sense_is_400_in_words_that_help() -> Result<()> {
    let world = shop("admin_edit").await?;
    let schedule = put(&world, Method::POST, "schedules", json!({"name": "S"})).await?;
    let rules = format!("schedules/{schedule}/rules");
    for (method, path, body, words) in [
        (
            Method::PATCH,
            "services/haircut",
            json!({"colour": 1, "version": 2}),
            "\"colour\", \"version\"",
        ),
        (
            Method::PATCH,
            "services/haircut",
            json!({"seats": "5"}),
            "seats has to be a JSON number",
        ),
        (
            Method::PATCH,
            "services/haircut",
            json!({"min_notice": "soon"}),
            "min_notice",
        ),
        (
            Method::PATCH,
            "services/haircut",
            json!({"name": null}),
            "name cannot be null",
        ),
        (
            Method::PATCH,
            "services/haircut",
            json!({"price": 5}),
            "price has currency",
        ),
        (
            Method::PATCH,
            "services/haircut",
            json!({"step": 7}),
            "off the grain",
        ),
        (Method::PATCH, "services/haircut", json!([]), "object"),
        (Method::POST, "services", json!({"slug": "x"}), "name"),
        (
            Method::POST,
            "services",
            json!({"slug": "A b", "name": "A", "durations": [60]}),
            "slug form",
        ),
        (Method::POST, "resources", json!({"slug": "x"}), "name"),
        (
            Method::POST,
            "resources",
            json!({"slug": "x", "name": "X", "grain": 7}),
            "grain known",
        ),
        (
            Method::POST,
            "resources",
            json!({"slug": "x", "name": "X", "zone": "Mars"}),
            "Mars",
        ),
        (
            Method::POST,
            rules.as_str(),
            json!({"weekday": 9, "opens": "09:00", "closes": "10:00"}),
            "weekday",
        ),
        (
            Method::POST,
            rules.as_str(),
            json!({"weekday": 1, "opens": "noon", "closes": "10:00"}),
            "noon",
        ),
        (
            Method::POST,
            rules.as_str(),
            json!({"weekday": 1, "opens": "10:00", "closes": "09:00"}),
            "midnight",
        ),
        (
            Method::PUT,
            "resources/chair/hours",
            json!({"hours": "always"}),
            "always",
        ),
        (
            Method::PUT,
            "members/ada",
            json!({"role": "king"}),
            "role known",
        ),
        (Method::GET, "services?max=5000", Value::Null, "5000"),
        (Method::GET, "busy-windows?after=x", Value::Null, "cursor"),
        (Method::GET, "services?colour=red", Value::Null, "colour"),
    ] {
        let answer = owner(&world, method, path, body.clone()).await?;
        assert_eq!(answer.status, 400, "{path} {body} {answer:?}");
        let said = format!("{} {}", answer.text("detail"), answer.text("hint"));
        assert!(said.contains(words), "{path} {body}: {said}");
    }
    for (path, body) in [
        (
            "resources",
            json!({"slug": "x", "name": "X", "schedule_id": "00000000-0000-4000-8000-000000000000"}),
        ),
        (
            "busy-windows",
            json!({"resource": "nobody", "starts_at": "2100-01-04T09:00:00Z", "ends_at": "2100-01-04T10:00:00Z"}),
        ),
    ] {
        assert_eq!(
            owner(&world, Method::POST, path, body).await?.status,
            404,
            "{path}"
        );
    }
    Ok(())
}
