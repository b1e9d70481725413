//! Many visitors at once.
use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{World, monday, monday_at, session, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_visitors_who_hold_one_slot_at_once_one_gets_it() -> Result<()> {
    let world = World::new("races").await?;
    let mut visitors = JoinSet::new();
    for _ in 0..200 {
        let body =
            json!({"service": "haircut", "starts_at": time(monday_at(9)), "session_id": session()});
        let request = world
            .http
            .post(format!("{}/v1/acme/holds", world.url))
            .json(&body);
        visitors.spawn(async move {
            let response = request.send().await?;
            let status = response.status().as_u16();
            let body: serde_json::Value = response.json().await?;
            anyhow::Ok((status, body["code"].as_str().unwrap_or_default().to_owned()))
        });
    }
    let mut outcomes: BTreeMap<(u16, String), u32> = BTreeMap::new();
    while let Some(outcome) = visitors.join_next().await {
        *outcomes.entry(outcome??).or_default() += 1;
    }
    assert_eq!(
        outcomes,
        BTreeMap::from([((201, String::new()), 1), ((409, "BK001".to_owned()), 199)])
    );
    assert_eq!(world.slots(monday()).await?.len(), 7);
    let row = world
        .sql
        .query_one("select count(*) from booking.claim", &[])
        .await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}
