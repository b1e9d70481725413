//! Availability cases from a JSON file. Each is a small world (one schedule, one resource, one service), a question to
//! `available_slots` and what it must answer: `expected_starts`, `expected_ends` (RFC 3339, in this order), `expected_days`
//! (local dates with any slot) or `expected_count`. It is asked three ways that must not differ: nothing stored; pages
//! stored; pages stored first and the facts written afterwards. Nothing is committed.
use std::{fmt::Debug, fmt::Write, fs, path::Path};

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_postgres::{Client, Transaction, types::Json};
use uuid::Uuid;

/// One case as it stands in the file. What is not known is ignored, unless it says what is expected.
#[derive(Debug, Deserialize)]
struct Case {
    now: Option<DateTime<Utc>>,
    zone: String,
    /// `{dow, from, to}`, 0 is Sunday.
    #[serde(default)]
    weekly: Vec<Value>,
    /// `{date, windows: [[from, to], ...]}`, no window is closed.
    #[serde(default)]
    overrides: Vec<Value>,
    /// `[from, to]`
    #[serde(default)]
    busy: Vec<Value>,
    duration_min: i32,
    interval_min: Option<i32>,
    #[serde(default)]
    buffer_before_min: i32,
    #[serde(default)]
    buffer_after_min: i32,
    #[serde(default)]
    min_notice_min: i32,
    grain_min: Option<i32>,
    range: [DateTime<Utc>; 2],
    expected_starts: Option<Vec<DateTime<Utc>>>,
    expected_ends: Option<Vec<DateTime<Utc>>>,
    expected_days: Option<Vec<NaiveDate>>,
    expected_count: Option<usize>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// How many passed, and what is wrong with the others.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Cases whose every expectation was met, every way.
    pub passed: usize,
    /// The id of each other case and what was wrong.
    pub failed: Vec<(String, String)>,
}

/// Runs all cases of a file.
///
/// # Errors
/// When the file is not a JSON array or the connection is lost; a case that fails is no error.
pub async fn run_file(client: &mut Client, path: &Path) -> Result<Outcome> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let cases: Vec<Value> =
        serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    run_all(client, cases).await
}

/// Runs all cases of an array.
///
/// # Errors
/// When the connection is lost.
pub async fn run_all(client: &mut Client, cases: Vec<Value>) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for (position, value) in cases.into_iter().enumerate() {
        let id = value["id"]
            .as_str()
            .map_or_else(|| format!("case {position} without an id"), str::to_owned);
        let transaction = client.transaction().await?;
        match run_case(transaction, value).await {
            Ok(faults) if faults.is_empty() => outcome.passed += 1,
            Ok(faults) => outcome.failed.push((id, faults)),
            Err(error) => outcome.failed.push((id, format!("  {error:#}\n"))),
        }
    }
    Ok(outcome)
}

/// What is wrong with a case: nothing, or a line or more. Dropping the transaction rolls it back.
async fn run_case(mut transaction: Transaction<'_>, value: Value) -> Result<String> {
    let case: Case = serde_json::from_value(value).context("not a case")?;
    let mut faults = case.unknown_expectations();
    let world = World::create(&transaction, &case)
        .await
        .context("making the world")?;

    let on_demand = transaction.savepoint("on_demand").await?;
    world
        .state_facts(&on_demand, &case)
        .await
        .context("stating the facts")?;
    match world.ask(&on_demand, &case).await {
        Ok(answer) => faults += &case.judge("on demand", &answer),
        Err(error) => return Ok(format!("{faults}  on demand: {error:#}\n")),
    }
    world
        .store_pages(&on_demand, &case)
        .await
        .context("recompute")?;
    faults += &case.judge(
        "stored",
        &world.ask(&on_demand, &case).await.context("stored")?,
    );
    on_demand.rollback().await?;

    world
        .store_pages(&transaction, &case)
        .await
        .context("recompute of an empty world")?;
    world
        .state_facts(&transaction, &case)
        .await
        .context("stating the facts after the pages")?;
    faults += &case.judge(
        "kept",
        &world.ask(&transaction, &case).await.context("kept")?,
    );
    Ok(faults)
}

struct World {
    tenant: Uuid,
    schedule: Uuid,
    resource: Uuid,
    service: Uuid,
}

struct Slot {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    day: NaiveDate,
}

impl World {
    async fn create(transaction: &Transaction<'_>, case: &Case) -> Result<Self> {
        let world = Self {
            tenant: Uuid::new_v4(),
            schedule: Uuid::new_v4(),
            resource: Uuid::new_v4(),
            service: Uuid::new_v4(),
        };
        let (tenant, zone) = (&world.tenant, &case.zone);
        let requirement = Uuid::new_v4();
        transaction
            .execute(
                "insert into booking.tenant (tenant_id, slug, name, zone) values ($1, 'case', 'case', $2)",
                &[tenant, zone],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.schedule (tenant_id, schedule_id, name, zone) values ($1, $2, 'hours', $3)",
                &[tenant, &world.schedule, zone],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.resource (tenant_id, resource_id, slug, name, zone, grain, schedule_id)
                 values ($1, $2, 'resource', 'resource', $3, $4, $5)",
                &[tenant, &world.resource, zone, &case.grain_min.unwrap_or(15), &world.schedule],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.service (tenant_id, service_id, slug, name, zone, durations, step,
                     buffer_before, buffer_after, min_notice)
                 values ($1, $2, 'service', 'service', $3, $4, $5, $6, $7, make_interval(mins => $8))",
                &[
                    tenant,
                    &world.service,
                    zone,
                    &vec![case.duration_min],
                    &case.interval_min,
                    &case.buffer_before_min,
                    &case.buffer_after_min,
                    &case.min_notice_min,
                ],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.service_requirement (tenant_id, service_id, requirement_id) values ($1, $2, $3)",
                &[tenant, &world.service, &requirement],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
                 values ($1, $2, $3, $4)",
                &[tenant, &world.service, &requirement, &world.resource],
            )
            .await?;
        Ok(world)
    }

    async fn state_facts(&self, transaction: &Transaction<'_>, case: &Case) -> Result<()> {
        transaction
            .execute(
                r#"insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
                   select $1, $2, coalesce(nullif(w.dow, 0), 7), w."from", w."to"
                   from jsonb_to_recordset($3) w (dow smallint, "from" time, "to" time)"#,
                &[&self.tenant, &self.schedule, &Json(&case.weekly)],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
                 select $1, $2, daterange(o.date, o.date + 1), (w ->> 0)::time, (w ->> 1)::time
                 from jsonb_to_recordset($3) o (date date, windows jsonb)
                 left join lateral jsonb_array_elements(o.windows) w on true",
                &[&self.tenant, &self.schedule, &Json(&case.overrides)],
            )
            .await?;
        transaction
            .execute(
                "insert into booking.busy_window (tenant_id, resource_id, span)
                 select $1, $2, tstzrange((b ->> 0)::timestamptz, (b ->> 1)::timestamptz)
                 from jsonb_array_elements($3) b",
                &[&self.tenant, &self.resource, &Json(&case.busy)],
            )
            .await?;
        Ok(())
    }

    async fn store_pages(&self, transaction: &Transaction<'_>, case: &Case) -> Result<()> {
        let [from, to] = &case.range;
        transaction
            .execute(
                "select booking.recompute($1, $2, $3, $4)",
                &[&self.tenant, &self.resource, from, to],
            )
            .await?;
        Ok(())
    }

    async fn ask(&self, transaction: &Transaction<'_>, case: &Case) -> Result<Vec<Slot>> {
        let [from, to] = &case.range;
        let as_of = case
            .now
            .map_or_else(|| "0001-01-01T00:00:00Z".parse(), Ok)?;
        let rows = transaction
            .query(
                "select starts_at, ends_at, timezone($6, starts_at)::date
                 from booking.available_slots(tenant => $1, service => $2, from_ts => $3, to_ts => $4, as_of => $5)",
                &[&self.tenant, &self.service, from, to, &as_of, &case.zone],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Slot {
                    starts_at: row.try_get(0)?,
                    ends_at: row.try_get(1)?,
                    day: row.try_get(2)?,
                })
            })
            .collect()
    }
}

impl Case {
    /// An expectation that nobody here understands must not pass for met, nor a case that expects nothing.
    fn unknown_expectations(&self) -> String {
        let mut faults = String::new();
        for name in self.rest.keys().filter(|name| name.starts_with("expected")) {
            let _ = writeln!(faults, "  {name}: unknown expectation");
        }
        let known = [
            self.expected_starts.is_some(),
            self.expected_ends.is_some(),
            self.expected_days.is_some(),
            self.expected_count.is_some(),
        ];
        if faults.is_empty() && !known.contains(&true) {
            faults.push_str("  expects nothing\n");
        }
        faults
    }

    fn judge(&self, way: &str, answer: &[Slot]) -> String {
        let mut faults = String::new();
        if let Some(expected) = &self.expected_starts {
            let got: Vec<_> = answer.iter().map(|slot| slot.starts_at).collect();
            faults += &difference(way, "expected_starts", expected, &got);
        }
        if let Some(expected) = &self.expected_ends {
            let got: Vec<_> = answer.iter().map(|slot| slot.ends_at).collect();
            faults += &difference(way, "expected_ends", expected, &got);
        }
        if let Some(expected) = &self.expected_days {
            let mut got: Vec<_> = answer.iter().map(|slot| slot.day).collect();
            got.dedup();
            faults += &difference(way, "expected_days", expected, &got);
        }
        if let Some(expected) = self
            .expected_count
            .filter(|expected| *expected != answer.len())
        {
            let _ = writeln!(
                faults,
                "  {way}: expected_count: {expected}, got {}",
                answer.len()
            );
        }
        faults
    }
}

/// What is missing and what is extra, or nothing.
fn difference<T: PartialEq + Debug>(way: &str, name: &str, expected: &[T], got: &[T]) -> String {
    let mut faults = String::new();
    if expected == got {
        return faults;
    }
    let (missing, extra) = (without(expected, got), without(got, expected));
    let _ = writeln!(
        faults,
        "  {way}: {name}: {} expected, {} got",
        expected.len(),
        got.len()
    );
    for (what, items) in [("missing", &missing), ("extra", &extra)] {
        for item in items.iter().take(20) {
            let _ = writeln!(faults, "    {what} {item:?}");
        }
        if items.len() > 20 {
            let _ = writeln!(faults, "    {what} {} more", items.len() - 20);
        }
    }
    if missing.is_empty() && extra.is_empty() {
        let _ = writeln!(faults, "    the order or a repetition differs: got {got:?}");
    }
    faults
}

fn without<'a, T: PartialEq>(these: &'a [T], those: &[T]) -> Vec<&'a T> {
    these.iter().filter(|item| !those.contains(item)).collect()
}
