//! The versions that there were: what is frozen in `sql/released`, and one that never was, made of a part of what is here, so
//! that the way from an older version to this one can be walked before anything is released.
use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use tokio_postgres::Client;

use crate::{Server, TestDb};

/// Everything that the catalog says about the extension.
const CATALOG: &str = include_str!("../upgrade/catalog.sql");
/// What the version that never was goes without, by number: most of the public surface.
const LATER: std::ops::RangeInclusive<u32> = 89..=94;
/// Its name: before everything that was.
pub const NEVER: &str = "0.0.0";

/// The folder of the catalog files.
#[must_use]
pub fn sql() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql")
}

/// The released versions, oldest first.
///
/// # Errors
/// When the folder cannot be read, or has a script of something else than a version.
pub fn released() -> Result<Vec<String>> {
    let mut versions = Vec::new();
    for entry in fs::read_dir(sql().join("released")).into_iter().flatten() {
        let name = entry?.file_name();
        let version = name.to_str().and_then(|name| {
            name.strip_prefix("pg_booking--")?
                .strip_suffix(".sql")
                .map(str::to_owned)
        });
        if let Some(version) = version {
            let numbers: Vec<u32> = version
                .split('.')
                .map(str::parse)
                .collect::<Result<_, _>>()
                .with_context(|| version.clone())?;
            versions.push((numbers, version));
        }
    }
    versions.sort();
    Ok(versions.into_iter().map(|(_, version)| version).collect())
}

/// Installs the version that never was beside the others on the server under test, and the way from it to this one.
///
/// # Errors
/// When the folder of the server cannot be written.
pub async fn install_never(server: &Server) -> Result<()> {
    let client = server.connect("postgres").await?;
    let row = client
        .query_one(
            "select (select setting from pg_config where name = 'SHAREDIR'),
                (select default_version from pg_available_extensions where name = 'pg_booking')",
            &[],
        )
        .await?;
    let (share, version): (String, String) = (row.get(0), row.get(1));
    let mut parts: Vec<PathBuf> = fs::read_dir(sql())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    parts.sort();
    let (mut install, mut upgrade) = (
        String::new(),
        "set local search_path = pg_catalog, booking, pg_temp;\n".to_owned(),
    );
    for part in parts {
        let name = part.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.get(..2)?.parse::<u32>().ok());
        match number {
            Some(number) if LATER.contains(&number) => upgrade += &fs::read_to_string(part)?,
            Some(_) => install += &fs::read_to_string(part)?,
            None => (),
        }
    }
    upgrade += "select booking.grant_after_update();\n";
    for (name, script) in [
        (format!("pg_booking--{NEVER}.sql"), install),
        (format!("pg_booking--{NEVER}--{version}.sql"), upgrade),
    ] {
        // Whoever reads it meanwhile reads all of it.
        let path = Path::new(&share).join("extension").join(name);
        let new = path.with_extension(format!("new{:?}", std::thread::current().id()));
        fs::write(&new, script)?;
        fs::rename(new, path)?;
    }
    Ok(())
}

/// A database with the extension as a version had it.
///
/// # Errors
/// When it cannot be installed.
pub async fn at(version: &str, name: &str) -> Result<TestDb> {
    if version == NEVER {
        install_never(&Server::from_env()?).await?;
    }
    let create = format!("create extension pg_booking version '{version}' cascade");
    TestDb::copy(name, &format!("pg_booking_{version}"), &create).await
}

/// A database in which a version was updated to this one before anything was in it.
///
/// # Errors
/// When it cannot be installed or updated.
pub async fn updated(version: &str, name: &str) -> Result<TestDb> {
    if version == NEVER {
        install_never(&Server::from_env()?).await?;
    }
    let create = format!(
        "create extension pg_booking version '{version}' cascade; alter extension pg_booking update"
    );
    TestDb::copy(name, &format!("pg_booking_{version}_updated"), &create).await
}

/// What the catalog of a database says about the extension, one line for each thing, in order.
///
/// # Errors
/// When it cannot be read.
pub async fn catalog(client: &Client) -> Result<Vec<String>> {
    client
        .batch_execute("set search_path = pg_catalog; set timezone = 'UTC'")
        .await?;
    let mut lines: Vec<String> = client
        .query(CATALOG, &[])
        .await?
        .iter()
        .map(|row| format!("{}: {}", row.get::<_, &str>(0), row.get::<_, &str>(1)))
        .collect();
    lines.sort();
    Ok(lines)
}

/// What only one of two catalogs says.
#[must_use]
pub fn difference(fresh: &[String], other: &[String]) -> Vec<String> {
    let only = |mark: char, these: &[String], those: &[String]| -> Vec<String> {
        these
            .iter()
            .filter(|line| those.binary_search(line).is_err())
            .map(|line| format!("{mark} {line}"))
            .collect()
    };
    [only('-', fresh, other), only('+', other, fresh)].concat()
}
