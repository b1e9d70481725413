//! What is in a database, and what it answers: for tests that take it somewhere else.
use std::process::Command;

use anyhow::{Result, ensure};

use crate::{Server, TestDb};

/// Runs a program of the server under test on a database of it.
///
/// # Errors
/// When it fails, or says anything.
pub fn run(server: &Server, program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(server.bindir.join(program))
        .args([
            "-h",
            &server.host,
            "-p",
            &server.port.to_string(),
            "-U",
            "postgres",
        ])
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success() && output.stderr.is_empty(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A digest of every table that users fill. The version of a row counts locks, and loading takes some.
///
/// # Errors
/// When the server refuses.
pub async fn contents(db: &TestDb) -> Result<Vec<(String, String)>> {
    let client = db.connect().await?;
    let tables = client
        .query(
            "select t::regclass::text
             from pg_extension, unnest(extconfig) t
             where extname = 'pg_booking'
             order by 1",
            &[],
        )
        .await?;
    let mut digests = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        let digest = client
            .query_one(
                &format!(
                    "select count(*) || ' ' || coalesce(md5(string_agg(r::text, '' order by r::text)), '')
                     from (select to_jsonb(t) - 'version' as r from {table} t) t"
                ),
                &[],
            )
            .await?;
        digests.push((table, digest.get(0)));
    }
    Ok(digests)
}

/// What all services offer in the next three weeks, at one instant for both.
///
/// # Errors
/// When the server refuses.
pub async fn answers(db: &TestDb, as_of: &str) -> Result<(i64, String)> {
    let row = db
        .connect()
        .await?
        .query_one(
            &format!(
                "select count(*), md5(string_agg(a::text, '' order by a::text))
                 from booking.service s
                 cross join lateral booking.available_slots(
                    s.tenant_id, s.service_id, '{as_of}', timestamptz '{as_of}' + interval '21 days',
                    each_resource => true, holds => 'mark', as_of => '{as_of}') a"
            ),
            &[],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}
