//! The availability cases: our own, and the shared ones where they lie beside the repository.
use std::{fs, path::PathBuf};

use anyhow::Result;
use pg_booking_tests::{TestDb, cases};
use serde_json::json;

fn files() -> Result<Vec<PathBuf>> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in [here.join("cases"), here.join("../../shared/cases")] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            files.push(entry?.path());
        }
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files)
}

#[tokio::test]
async fn every_case_is_answered_as_it_expects() -> Result<()> {
    let database = TestDb::new("cases").await?;
    let mut client = database.connect().await?;
    let files = files()?;
    assert!(!files.is_empty());
    for file in files {
        let outcome = cases::run_file(&mut client, &file).await?;
        let report: String = outcome
            .failed
            .iter()
            .map(|(id, faults)| format!("{id}\n{faults}"))
            .collect();
        assert!(outcome.failed.is_empty(), "{}\n{report}", file.display());
        assert!(outcome.passed > 0, "{}: no case", file.display());
    }
    Ok(())
}

/// One Monday, 9 to 11: two slots.
fn monday(expectation: &str, value: serde_json::Value) -> serde_json::Value {
    let mut case = json!({
        "id": "monday", "zone": "UTC", "weekly": [{"dow": 1, "from": "09:00", "to": "11:00"}],
        "duration_min": 60, "interval_min": 60, "range": ["2025-06-16T00:00:00Z", "2025-06-17T00:00:00Z"],
    });
    case[expectation] = value;
    case
}

#[tokio::test]
async fn the_runner_tells_right_from_wrong() -> Result<()> {
    let database = TestDb::new("cases_runner").await?;
    let mut client = database.connect().await?;
    let right = [
        monday(
            "expected_starts",
            json!(["2025-06-16T09:00:00Z", "2025-06-16T12:00:00+02:00"]),
        ),
        monday(
            "expected_ends",
            json!(["2025-06-16T10:00:00Z", "2025-06-16T11:00:00Z"]),
        ),
        monday("expected_days", json!(["2025-06-16"])),
        monday("expected_count", json!(2)),
    ];
    let wrong = [
        monday("expected_starts", json!(["2025-06-16T09:00:00Z"])),
        monday(
            "expected_starts",
            json!(["2025-06-16T10:00:00Z", "2025-06-16T09:00:00Z"]),
        ),
        monday("expected_ends", json!([])),
        monday("expected_days", json!(["2025-06-16", "2025-06-17"])),
        monday("expected_count", json!(3)),
        monday("expected_mood", json!("sunny")),
        monday("note", json!("expects nothing")),
        json!({"id": "no case at all"}),
        json!({"id": "refused", "zone": "Mars/Olympus", "duration_min": 60,
               "range": ["2025-06-16T00:00:00Z", "2025-06-17T00:00:00Z"], "expected_starts": []}),
    ];
    let all = wrong.len();
    let outcome = cases::run_all(&mut client, right.iter().cloned().chain(wrong).collect()).await?;
    assert_eq!(
        (outcome.passed, outcome.failed.len()),
        (right.len(), all),
        "{:?}",
        outcome.failed
    );
    let left: i64 = client
        .query_one("select count(*) from booking.tenant", &[])
        .await?
        .get(0);
    assert_eq!(left, 0, "a case left rows behind");
    Ok(())
}
