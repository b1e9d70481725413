//! `cases FILE...`: asks `available_slots` the cases of each file and ends with the line `N passed, N failed`.
use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use pg_booking_tests::{TestDb, cases};

#[derive(Parser)]
struct Arguments {
    /// JSON arrays of cases.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let database = TestDb::new("cases").await?;
    let mut client = database.connect().await?;
    let (mut passed, mut failed) = (0, 0);
    for file in &arguments.files {
        let outcome = cases::run_file(&mut client, file).await?;
        for (id, faults) in &outcome.failed {
            print!("{id}\n{faults}");
        }
        passed += outcome.passed;
        failed += outcome.failed.len();
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
