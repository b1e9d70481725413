//! Makes a world in a transaction, asks the engine and the oracle, and says where they differ. Next: `take`.
use std::{collections::BTreeMap, fmt::Write};

use anyhow::{Context, Result};
use tokio_postgres::{Client, Transaction};

use super::{
    clock::text,
    hours::Hours,
    rule::{Row, Rule},
    take,
    world::World,
};

/// How often each thing happened, so that a run that tests nothing is seen.
#[derive(Debug, Default)]
pub struct Tally(pub BTreeMap<String, u64>);

impl Tally {
    pub fn count(&mut self, what: &str) {
        self.add(what, 1);
    }

    pub fn add(&mut self, what: &str, often: u64) {
        *self.0.entry(what.to_owned()).or_default() += often;
    }
}

/// What the engine gets wrong in a world, if anything. Nothing is committed.
///
/// # Errors
/// When the world cannot be made, or the connection is lost.
pub async fn check(
    client: &mut Client,
    world: &World,
    tally: &mut Tally,
) -> Result<Option<String>> {
    let mut transaction = client.transaction().await?;
    let fault = in_transaction(&mut transaction, world, tally).await;
    transaction.rollback().await?;
    fault
}

async fn in_transaction(
    transaction: &mut Transaction<'_>,
    world: &World,
    tally: &mut Tally,
) -> Result<Option<String>> {
    let run = async |what: &'static str, script: String| {
        transaction.batch_execute(&script).await.context(what)
    };
    run("making the world", world.skeleton()).await?;
    if world.pages_first {
        run("storing pages of an empty world", world.recompute()).await?;
    }
    run("stating the facts", world.facts()).await?;
    let hours = Hours::of(world)?;
    let rule = Rule {
        world,
        hours: &hours,
    };
    if !world.pages_first {
        if let Some(fault) = ask(transaction, &rule, "on demand", tally).await? {
            return Ok(Some(fault));
        }
        run("storing pages", world.recompute()).await?;
    }
    if let Some(fault) = ask(transaction, &rule, "stored", tally).await? {
        return Ok(Some(fault));
    }
    if let Some(fault) = take::all(transaction, world, &hours, tally).await? {
        return Ok(Some(fault));
    }
    let drift = format!("select count(*) from booking.verify('{}')", world.tenant);
    let drift: i64 = transaction.query_one(&drift, &[]).await?.get(0);
    Ok((drift > 0).then(|| format!("{drift} pages have drifted")))
}

/// Asks all questions of a world.
pub async fn ask(
    transaction: &Transaction<'_>,
    rule: &Rule<'_>,
    way: &str,
    tally: &mut Tally,
) -> Result<Option<String>> {
    for question in &rule.world.questions {
        let query = rule.world.ask(question);
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        // Once more where the clock passed an edge meanwhile.
        for _ in 0..3 {
            let records = match transaction.query(&query, &[]).await {
                Ok(records) => records,
                Err(error) if error.as_db_error().is_some() => {
                    return Ok(Some(format!("{way}: {error:?}\n{query}")));
                }
                Err(error) => return Err(error.into()),
            };
            let (clock, rows) = match rule.world.answer(&records) {
                Ok(answer) => answer,
                Err(wrong) => return Ok(Some(format!("{way}: {wrong}\n{query}"))),
            };
            got = rows;
            expected = rule.list(question, question.as_of.unwrap_or(clock.floor() as i64))?;
            let later = rule.list(question, question.as_of.unwrap_or(clock.ceil() as i64))?;
            if expected == later {
                break;
            }
        }
        let ordered = got.is_sorted_by_key(|row| row.starts_at);
        got.sort();
        if expected != got || !ordered {
            return Ok(Some(difference(way, &query, ordered, &expected, &got)));
        }
        tally.count("questions");
        tally.add("rows", got.len() as u64);
        tally.add(
            "rows held",
            got.iter().filter(|row| row.status == "held").count() as u64,
        );
        tally.add("questions answered by none", u64::from(got.is_empty()));
    }
    Ok(None)
}

fn difference(way: &str, query: &str, ordered: bool, expected: &[Row], got: &[Row]) -> String {
    let mut fault = format!("{way}: {} rows expected, {} got", expected.len(), got.len());
    if !ordered {
        fault += ", not in time order";
    }
    for (what, rows, others) in [("missing", expected, got), ("extra", got, expected)] {
        for row in rows.iter().filter(|row| !others.contains(row)).take(8) {
            let _ = write!(fault, "\n  {what} {} {row:?}", text(row.starts_at));
        }
    }
    let _ = write!(fault, "\n{query}");
    fault
}
