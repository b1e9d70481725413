//! The README's SQL is true: each `sql` block is run, in order and in one session, and prints what the block after it says.
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    TestDb,
    readme::{blocks, trimmed},
};

/// Stands between what two blocks print.
const MARK: &str = "-- next block --";

#[tokio::test]
async fn the_queries_of_the_readme_print_what_it_says() -> Result<()> {
    let blocks = blocks();
    let mut script = String::from("set timezone = 'Europe/Berlin';\n");
    let mut expected = Vec::new();
    for (index, (language, body)) in blocks.iter().enumerate() {
        if *language == "sql" {
            script.push_str(&format!("{body}\n\\echo {MARK}\n"));
            expected.push(match blocks.get(index + 1) {
                Some(("text", output)) => trimmed(output),
                _ => String::new(),
            });
        }
    }
    ensure!(
        expected.iter().filter(|output| !output.is_empty()).count() >= 3,
        "the README shows no results"
    );

    let db = TestDb::new("readme").await?;
    // As in a database that does not have it yet.
    db.connect()
        .await?
        .batch_execute("drop extension pg_booking cascade; drop extension btree_gist")
        .await?;
    let mut psql = Command::new(db.server.bindir.join("psql"))
        .args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", &db.url("postgres")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    psql.stdin
        .take()
        .context("no stdin")?
        .write_all(script.as_bytes())?;
    let output = psql.wait_with_output()?;
    ensure!(output.status.success(), "psql gave up");
    let printed = String::from_utf8(output.stdout)?;
    let printed: Vec<String> = printed
        .split(MARK)
        .map(trimmed)
        .take(expected.len())
        .collect();
    assert_eq!(printed, expected);
    Ok(())
}
