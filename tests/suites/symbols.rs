//! The library and the catalog agree: what the one exports the other declares, and the reverse.
use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    TestDb,
    upgrade::{released, sql},
};

/// The functions that the library exports for SQL.
fn exported(library: &Path) -> Result<BTreeSet<String>> {
    let run = Command::new("nm")
        .args(["--dynamic", "--defined-only", "--format=posix"])
        .arg(library)
        .output()
        .context("nm, of binutils")?;
    ensure!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let names = String::from_utf8(run.stdout)?;
    Ok(names
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| name.ends_with("_wrapper") && !name.starts_with("pg_finfo_"))
        .map(str::to_owned)
        .collect())
}

#[tokio::test]
async fn every_exported_function_is_declared_and_the_reverse() -> Result<()> {
    let database = TestDb::new("symbols").await?;
    let client = database.connect().await?;
    let folder: String = client
        .query_one(
            "select setting from pg_config where name = 'PKGLIBDIR'",
            &[],
        )
        .await?
        .get(0);
    let exported = exported(&Path::new(&folder).join("pg_booking.so"))?;
    let declared: BTreeSet<String> = client
        .query(
            "select prosrc from pg_proc where probin = '$libdir/pg_booking'",
            &[],
        )
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(!declared.is_empty());
    // What only an older version names stays for those who have not updated yet.
    let mut older = String::new();
    for version in released()? {
        older += &fs::read_to_string(sql().join(format!("released/pg_booking--{version}.sql")))?;
    }
    let undeclared: Vec<_> = exported
        .difference(&declared)
        .filter(|name| !older.contains(&format!("'{name}'")))
        .collect();
    let missing: Vec<_> = declared.difference(&exported).collect();
    assert!(
        undeclared.is_empty() && missing.is_empty(),
        "in the library only: {undeclared:?}; in sql/ only: {missing:?}"
    );
    Ok(())
}

/// What the kernel declares, by name, without a comment.
const SILENT: &str = "
    select p.oid::regprocedure::text
    from pg_proc as p
    where p.probin = '$libdir/pg_booking' and obj_description(p.oid, 'pg_proc') is null
    union all
    select o.oid::regoperator::text
    from pg_operator as o
    where o.oprnamespace = 'booking'::regnamespace and obj_description(o.oid, 'pg_operator') is null
    union all
    select format('%s to %s', c.castsource::regtype, c.casttarget::regtype)
    from pg_cast as c
    where 'booking.slotmap'::regtype in (c.castsource, c.casttarget) and obj_description(c.oid, 'pg_cast') is null
    union all
    select p.oid::regprocedure::text
    from pg_aggregate as a
    join pg_proc as p on p.oid = a.aggfnoid
    where p.pronamespace = 'booking'::regnamespace and obj_description(p.oid, 'pg_proc') is null
    union all
    select 'slotmap'
    where obj_description('booking.slotmap'::regtype, 'pg_type') is null";

/// Those that PostgreSQL may not run in parallel workers, or evaluate once for all rows.
const ATTRIBUTES: &str = "
    select p.oid::regprocedure::text
    from pg_proc as p
    where p.probin = '$libdir/pg_booking' and (p.proparallel <> 's' or p.provolatile = 'v')";

#[tokio::test]
async fn every_declaration_has_a_comment_and_is_pure() -> Result<()> {
    let database = TestDb::new("symbols").await?;
    let client = database.connect().await?;
    for query in [SILENT, ATTRIBUTES] {
        let rows = client.query(query, &[]).await?;
        let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(found.is_empty(), "{found:?}\nby{query}");
    }
    Ok(())
}
