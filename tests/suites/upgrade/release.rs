//! Scripts that are released: they never change, `bin/release` freezes all there is, and each leads to the next.
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::upgrade::{released, sql};

#[test]
fn what_is_released_never_changes() -> Result<()> {
    let released = sql().join("released");
    let sums = released.join("SHA256SUMS");
    if !released.exists() {
        return Ok(());
    }
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet"])
        .stdin(Stdio::from(fs::File::open(&sums)?))
        .current_dir(sql())
        .output()?;
    ensure!(
        check.status.success(),
        "a released script is for good; a later version mends it: {}{}",
        String::from_utf8_lossy(&check.stdout),
        String::from_utf8_lossy(&check.stderr)
    );
    // And nothing is there without a sum.
    let known: BTreeSet<String> = fs::read_to_string(&sums)?
        .lines()
        .filter_map(|line| line.split_once("  ").map(|(_, file)| file.to_owned()))
        .collect();
    for entry in fs::read_dir(&released)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        ensure!(
            name == "SHA256SUMS" || known.contains(&format!("released/{name}")),
            "{name} has no checksum: bin/release freezes, nobody else"
        );
    }
    Ok(())
}

/// `bin/release` in a copy of this clone, without what git ignores.
fn release_in(copy: &Path, next: &str) -> Result<bool> {
    Ok(Command::new(copy.join("bin/release"))
        .arg(next)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?
        .success())
}

#[test]
fn a_release_freezes_what_is_here_and_moves_on() -> Result<()> {
    let root = sql().join("..");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    fs::create_dir(&copy)?;
    for entry in fs::read_dir(&root)? {
        let path = entry?.path();
        if !path.ends_with("target") && !path.ends_with(".git") {
            let copied = Command::new("cp")
                .arg("-r")
                .arg(&path)
                .arg(&copy)
                .status()?;
            ensure!(copied.success(), "{}", path.display());
        }
    }
    let now = default_version()?;
    ensure!(
        !release_in(&copy, "0.0.1")? && !release_in(&copy, "next")? && !release_in(&copy, &now)?,
        "released as something that does not come next"
    );
    ensure!(release_in(&copy, "998.0.0")?, "no release of {now}");
    let frozen = fs::read_to_string(copy.join(format!("sql/released/pg_booking--{now}.sql")))?;
    for part in fs::read_dir(sql())? {
        let part = part?.path();
        let name = part.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.as_bytes()[0].is_ascii_digit()) {
            ensure!(
                frozen.contains(&fs::read_to_string(&part)?),
                "{part:?} is not in the release"
            );
        }
    }
    // What leads from it is frozen with the next.
    let way = format!("pg_booking--{now}--998.0.0.sql");
    ensure!(release_in(&copy, "999.0.0")?, "no release of 998.0.0");
    let sums = fs::read_to_string(copy.join("sql/released/SHA256SUMS"))?;
    ensure!(
        sums.contains(&way) && sums.contains("released/demo--998.0.0.sql"),
        "{sums}"
    );
    let check = |copy: &Path| -> Result<bool> {
        Ok(Command::new("sha256sum")
            .args(["--check", "--strict", "--status", "released/SHA256SUMS"])
            .current_dir(copy.join("sql"))
            .status()?
            .success())
    };
    ensure!(check(&copy)?, "the checksums are of something else");
    fs::write(copy.join("sql").join(way), "-- Nothing.")?;
    ensure!(!check(&copy)?, "a changed script is not seen");
    fs::remove_dir_all(copy)?;
    Ok(())
}

/// What `create extension` creates.
fn default_version() -> Result<String> {
    let control = fs::read_to_string(sql().join("../extension/pg_booking.control"))?;
    let version = control
        .lines()
        .find_map(|line| line.strip_prefix("default_version = '")?.strip_suffix('\''));
    Ok(version.context("default_version")?.to_owned())
}

#[test]
fn every_release_has_a_way_to_the_next() -> Result<()> {
    let all = [released()?, vec![default_version()?]].concat();
    for pair in all.windows(2) {
        let script = format!("pg_booking--{}--{}.sql", pair[0], pair[1]);
        let text = fs::read_to_string(sql().join(&script)).with_context(|| script.clone())?;
        ensure!(
            text.trim_end()
                .ends_with("select booking.grant_after_update();"),
            "{script} leaves what is new to PUBLIC"
        );
    }
    Ok(())
}
