//! A long random walk of writes: what visitors, owners and jobs call, and plain statements of every kind on every table that
//! pages are derived from, alone, in transactions with savepoints, in sessions of whatever time zone. After each step no page
//! is wrong, and the upkeep changes no answer. The dice repeat themselves: a failure names the seed and the step.
use std::{collections::BTreeMap, sync::Mutex};

use anyhow::{Context, Result, anyhow, ensure};
use pg_booking_tests::Dice;
use tokio_postgres::SimpleQueryMessage;

use super::{world::World, writer::Writer};

/// How many kinds of steps there are, one of them being several in a transaction.
const KINDS: usize = 64;

/// For each kind, how many came to something, and how many did not.
type Happened = BTreeMap<&'static str, (usize, usize)>;

/// Whether a step came to something: rows that were changed, a call that was not refused. What a caller is told to expect is
/// no failure: bad values, constraints.
async fn run(world: &World, sql: &str) -> Result<bool> {
    let before = world.rows().await?;
    let messages = match world.client.simple_query(sql).await {
        Ok(messages) => messages,
        Err(error) => {
            world.client.batch_execute("rollback").await?;
            let code = error.code().context("no code")?.code();
            ensure!(
                ["22", "23", "BK005", "P0002"]
                    .iter()
                    .any(|class| code.starts_with(class)),
                "{error:?}"
            );
            return Ok(false);
        }
    };
    if sql.starts_with("call") || sql.starts_with("truncate") {
        return Ok(world.rows().await? != before);
    }
    let refused = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(row) if row.try_get("code").ok().flatten().is_some());
    let rows = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::CommandComplete(rows) if *rows > 0);
    Ok(messages.iter().any(rows) && !messages.iter().any(refused))
}

fn kinds(happened: &Happened) -> usize {
    happened.values().filter(|(done, _)| *done > 0).count()
}

/// So many steps, and on until each kind has come to something, here or in another walk: what never does shows nothing.
async fn walk(seed: u64, steps: u64, happened: &Mutex<Happened>) -> Result<()> {
    let world = World::new(&format!("walk_{seed}")).await?;
    let mut writer = Writer {
        world: &world,
        dice: Dice(seed),
    };
    let poisoned = |_| anyhow!("poisoned");
    for number in 0..4 * steps {
        if number >= steps && kinds(&*happened.lock().map_err(poisoned)?) == KINDS {
            break;
        }
        let step = writer.step();
        let (mut kind, mut sql) = (step.kind, step.sql.clone());
        if !step.alone && !step.upkeep && writer.dice.roll(5) == 0 {
            let (undone, after) = (writer.step(), writer.step());
            if !undone.alone && !after.alone {
                kind = "several in a transaction";
                sql = format!(
                    "begin; savepoint s; {}; rollback to s; {sql}; {}; commit",
                    undone.sql, after.sql
                );
            }
        }
        let zone = writer.dice.of(&[
            "UTC",
            "Asia/Tokyo",
            "America/Los_Angeles",
            "Pacific/Kiritimati",
        ]);
        world
            .client
            .batch_execute(&format!("set timezone = '{zone}'"))
            .await?;
        let context = || format!("seed {seed}, step {number}, in {zone}: {sql}");
        let before = match step.upkeep {
            true => Some(world.answers().await?),
            false => None,
        };
        let done = run(&world, &sql).await.with_context(context)?;
        {
            let mut happened = happened.lock().map_err(poisoned)?;
            let (came, not) = happened.entry(kind).or_default();
            *(if done { came } else { not }) += 1;
        }
        let drift = world.drift("").await?;
        ensure!(drift.is_empty(), "{}\n{drift:#?}", context());
        if let Some(before) = before {
            ensure!(
                world.answers().await? == before,
                "other answers after {}",
                context()
            );
        }
    }
    Ok(())
}

/// A number from the environment: WALK_STEPS and WALK_SEED look for more than a test has time for.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

#[tokio::test]
async fn whatever_is_written_no_page_is_wrong() -> Result<()> {
    let (steps, seed) = (number("WALK_STEPS", 400), number("WALK_SEED", 1));
    let happened = Mutex::new(Happened::new());
    // Some kinds of write seldom find what they need: further walks give them their chance.
    for round in seed..seed + 3 {
        tokio::try_join!(
            walk(2 * round, steps, &happened),
            walk(2 * round + 1, steps, &happened)
        )?;
        if happened
            .lock()
            .is_ok_and(|happened| kinds(&happened) == KINDS)
        {
            break;
        }
    }
    let happened = happened.into_inner()?;
    println!("done and not: {happened:#?}");
    assert_eq!(kinds(&happened), KINDS);
    Ok(())
}
