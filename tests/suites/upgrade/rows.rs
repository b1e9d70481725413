//! What was entered in an older version is there after an update, and after a dump was restored into this one.
use std::{fs, path::Path};

use anyhow::{Result, ensure};
use pg_booking_tests::{
    TestDb,
    data::{answers, run},
    upgrade::{NEVER, at, catalog, difference, sql},
};
use tokio_postgres::Client;

use super::versions;

/// The columns that every table had for users' data; the version of a row counts locks.
async fn columns(client: &Client) -> Result<Vec<(String, String)>> {
    let rows = client
        .query(
            "select a.attrelid::regclass::text, string_agg(quote_ident(a.attname), ', ' order by a.attnum)
             from pg_extension e
             cross join lateral unnest(e.extconfig) t (relation)
             join pg_attribute a on a.attrelid = t.relation and a.attnum > 0 and not a.attisdropped
             where e.extname = 'pg_booking' and a.attname <> 'version'
             group by 1
             order by 1",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// How many rows there are of each, and a digest of what they say in those columns.
async fn digests(client: &Client, columns: &[(String, String)]) -> Result<Vec<String>> {
    let mut digests = Vec::new();
    for (table, columns) in columns {
        let row = client
            .query_one(
                &format!(
                    "select format('{table}: %s %s', count(*), md5(string_agg(r::text, '' order by r::text)))
                     from (select {columns} from {table}) r"
                ),
                &[],
            )
            .await?;
        digests.push(row.get(0));
    }
    Ok(digests)
}

/// What was there, and what was offered at an instant.
struct Before {
    columns: Vec<(String, String)>,
    digests: Vec<String>,
    as_of: String,
    offered: (i64, String),
}

/// Fills a database as people did with that version: by the demo that came with it.
async fn fill(db: &TestDb, version: &str) -> Result<Before> {
    let demo = if version == NEVER {
        sql().join("demo.sql")
    } else {
        sql().join(format!("released/demo--{version}.sql"))
    };
    let quiet = ["-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"];
    let demo = demo.display().to_string();
    run(
        &db.server,
        "psql",
        &[&quiet[..], &["-d", &db.name, "-f", &demo]].concat(),
    )?;
    let client = db.connect().await?;
    let as_of: String = client.query_one("select now()::text", &[]).await?.get(0);
    let columns = columns(&client).await?;
    let before = Before {
        digests: digests(&client, &columns).await?,
        offered: answers(db, &as_of).await?,
        columns,
        as_of,
    };
    ensure!(
        before.offered.0 > 500,
        "{version} offers little: {:?}",
        before.offered
    );
    Ok(before)
}

/// Everything is there, says the same, and differs in nothing from what a computation from scratch gives.
async fn check(db: &TestDb, before: &Before, how: &str) -> Result<()> {
    let client = db.connect().await?;
    assert_eq!(
        digests(&client, &before.columns).await?,
        before.digests,
        "{how}"
    );
    for pages in ["as they came", "rolled"] {
        assert_eq!(
            answers(db, &before.as_of).await?,
            before.offered,
            "{how}, pages {pages}"
        );
        let drift = client.query("select * from booking.verify()", &[]).await?;
        assert!(drift.is_empty(), "{how}, pages {pages}: {drift:?}");
        client.batch_execute("call booking.roll()").await?;
    }
    let slots = client
        .query(
            "select (booking.book(s.tenant_id, service => s.service_id, starts_at => a.starts_at)).status
             from booking.service s
             cross join lateral (
                select * from booking.available_slots(s.tenant_id, s.service_id, now(), now() + interval '20 days')
                order by starts_at desc limit 1) a",
            &[],
        )
        .await?;
    assert!(!slots.is_empty(), "{how}: nothing can be booked");
    Ok(())
}

#[tokio::test]
async fn what_was_entered_survives_an_update() -> Result<()> {
    for version in versions()? {
        let db = at(&version, "filled").await?;
        let before = fill(&db, &version).await?;
        let client = db.connect().await?;
        client
            .batch_execute("alter extension pg_booking update")
            .await?;
        check(&db, &before, &format!("{version}, updated")).await?;
        let new = TestDb::new("fresh").await?;
        let fresh = catalog(&new.connect().await?).await?;
        let found = difference(&fresh, &catalog(&client).await?);
        ensure!(found.is_empty(), "from {version}:\n{}", found.join("\n"));
    }
    Ok(())
}

#[tokio::test]
async fn a_dump_of_an_older_version_restores_into_this_one() -> Result<()> {
    for version in versions()? {
        let db = at(&version, "older").await?;
        let before = fill(&db, &version).await?;
        let copy = TestDb::copy("newer", "pg_booking_none", "select").await?;
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.dump", db.name));
        let path = file.display().to_string();
        run(
            &db.server,
            "pg_dump",
            &["--format", "custom", "--file", &path, &db.name],
        )?;
        run(
            &db.server,
            "pg_restore",
            &["--exit-on-error", "--dbname", &copy.name, &path],
        )?;
        fs::remove_file(file)?;
        check(&copy, &before, &format!("{version}, restored")).await?;
    }
    Ok(())
}
