//! `POST holds/many`.
use anyhow::Result;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, monday, monday_at, session, time};

const PATH: &str = "/v1/acme/holds/many";

fn body(hours: &[i64], session: &str) -> Value {
    let starts: Vec<_> = hours.iter().map(|hour| time(monday_at(*hour))).collect();
    json!({"service": "haircut", "starts_at": starts, "session_id": session})
}

#[tokio::test]
async fn several_starts_are_held_together_in_time_order() -> Result<()> {
    let world = World::new("hold_many").await?;
    let answer = world.post(PATH, body(&[14, 9, 11], &session())).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    let holds = answer.body["holds"].as_array().cloned().unwrap_or_default();
    let starts: Vec<_> = holds.iter().map(|hold| hold["starts_at"].clone()).collect();
    assert_eq!(starts, [9, 11, 14].map(|hour| time(monday_at(hour))));
    assert_eq!(holds[0]["resources"], json!([world.chair().await?]));
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(world.slots(monday()).await?.len(), 5);
    Ok(())
}

#[tokio::test]
async fn none_is_held_if_one_is_taken_and_the_answer_says_which() -> Result<()> {
    let world = World::new("hold_many").await?;
    for hour in [10, 12] {
        assert_eq!(world.hold(monday_at(hour), &session()).await?.status, 201);
    }
    let answer = world.post(PATH, body(&[9, 10, 12], &session())).await?;
    assert_eq!(answer.outcome(), (409, Some("BK001")));
    assert_eq!(
        answer.body["refused"],
        json!([
            {"starts_at": time(monday_at(10)), "code": "BK001"},
            {"starts_at": time(monday_at(12)), "code": "BK001"},
        ])
    );
    assert_eq!(world.slots(monday()).await?.len(), 6);

    let closed = world.post(PATH, body(&[9, 20], &session())).await?;
    assert_eq!(closed.outcome(), (422, Some("BK003")));
    assert_eq!(
        closed.body["refused"],
        json!([{"starts_at": time(monday_at(20)), "code": "BK003"}])
    );
    Ok(())
}

#[tokio::test]
async fn a_list_that_makes_no_sense_is_bad_input() -> Result<()> {
    let world = World::new("hold_many").await?;
    let mine = session();
    let many: Vec<i64> = (0..101).collect();
    for (body, code) in [
        (body(&[], &mine), "22004"),
        (body(&[9, 9], &mine), "22023"),
        (body(&many, &mine), "54000"),
        (body(&[9], "short"), "22023"),
    ] {
        let answer = world.post(PATH, body.clone()).await?;
        assert_eq!(answer.outcome(), (400, Some(code)), "{body}: {answer:?}");
    }
    let unnamed = json!({"service": "haircut", "starts_at": [null], "session_id": mine});
    assert_eq!(world.post(PATH, unnamed).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn an_unknown_tenant_service_or_resource_is_404() -> Result<()> {
    let world = World::new("hold_many").await?;
    let mine = session();
    let unknown = world
        .post("/v1/nobody/holds/many", body(&[9], &mine))
        .await?;
    let mut service = body(&[9], &mine);
    service["service"] = json!("nothing");
    let mut resource = body(&[9], &mine);
    resource["resource"] = json!(Uuid::new_v4());
    for body in [service, resource] {
        let answer = world.post(PATH, body).await?;
        assert_eq!(
            (answer.status, answer.stable_body()),
            (404, unknown.stable_body())
        );
    }
    Ok(())
}
