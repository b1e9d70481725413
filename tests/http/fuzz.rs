//! Whatever a fuzzer makes of `/openapi.json`: schemathesis, with all its checks, as a visitor and as the owner of the tenant;
//! with names that nobody has, and with those of the shop.
//! `FUZZ_EXAMPLES` says how many requests a route gets at most; `make fuzz` asks for more.
use std::env;

use anyhow::{Result, ensure};
use pg_booking_tests::cluster::bin;
use tokio::task::spawn_blocking;

use crate::world::World;

async fn fuzz(world: &World, settings: &str, token: Option<String>) -> Result<()> {
    let examples = env::var("FUZZ_EXAMPLES").unwrap_or_else(|_| "15".into());
    let mut command = bin("schemathesis");
    command
        .arg("--config-file")
        .arg(format!(
            "{}/fuzz/{settings}.toml",
            env!("CARGO_MANIFEST_DIR")
        ))
        .args(["run", &format!("{}/openapi.json", world.url)])
        .args(["--checks", "all", "--no-color", "--workers", "2"])
        .args(["--generation-database", "none", "--max-examples", &examples]);
    if let Some(seed) = env::var("FUZZ_SEED").ok().filter(|seed| !seed.is_empty()) {
        command.args(["--seed", &seed]);
    }
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let ended = spawn_blocking(move || command.output()).await??;
    let said = String::from_utf8_lossy(&ended.stdout);
    println!("{said}");
    ensure!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_asked_of_nobody_goes_wrong() -> Result<()> {
    let world = World::new("fuzz").await?;
    fuzz(&world, "schemathesis", None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_visitor_sends_goes_wrong() -> Result<()> {
    let world = World::new("fuzz").await?;
    fuzz(&world, "known", None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_an_owner_sends_goes_wrong() -> Result<()> {
    let world = World::new("fuzz").await?;
    world
        .sql
        .execute(
            "insert into booking.member (tenant_id, user_id, role) select tenant_id, 'owner', 'owner' from booking.tenant",
            &[],
        )
        .await?;
    let token = world.token("owner")?;
    fuzz(&world, "known", Some(token)).await
}
