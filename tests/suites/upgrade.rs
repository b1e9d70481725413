//! From every version that was released to this one: with data in it, by ALTER EXTENSION UPDATE and by restoring a dump. What
//! comes out is, object by object, what a fresh installation has, passes the same tests and answers the same.
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    TestDb,
    data::{answers, run},
    regress::REGRESS,
    upgrade::{NEVER, at, catalog, difference, released, sql, updated},
};
use tokio_postgres::Client;

/// From where: what was released, and what never was.
fn versions() -> Result<Vec<String>> {
    Ok([vec![NEVER.to_owned()], released()?].concat())
}

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

#[tokio::test]
async fn an_update_leaves_what_a_fresh_installation_has() -> Result<()> {
    let new = TestDb::new("fresh").await?;
    let fresh = catalog(&new.connect().await?).await?;
    ensure!(
        fresh.len() > 3000,
        "the catalog says little: {}",
        fresh.len()
    );
    for version in versions()? {
        let old = updated(&version, "updated").await?;
        let found = difference(&fresh, &catalog(&old.connect().await?).await?);
        ensure!(found.is_empty(), "from {version}:\n{}", found.join("\n"));
    }
    Ok(())
}

#[tokio::test]
async fn whatever_an_update_forgets_is_found() -> Result<()> {
    let db = TestDb::new("forgetful").await?;
    let client = db.connect().await?;
    let fresh = catalog(&client).await?;
    for forgotten in [
        "comment on function booking.hold(uuid, uuid, timestamptz, text, interval, uuid, interval, int) is 'Holds.'",
        "comment on column booking.claim.unit is 'Unit.'",
        "comment on constraint claim_no_overlap on booking.claim is null",
        "grant execute on function booking.new_token() to public",
        "revoke all on function booking.new_token() from postgres",
        "grant usage on type booking.slotmap to public",
        "grant usage on schema booking_api to public",
        "alter function booking.new_token() stable",
        "alter function booking.release(uuid, uuid, text) set lock_timeout = '1s'",
        "alter function booking.public_services(text) security invoker",
        "alter function booking.check_slug(text) parallel restricted",
        "create or replace function booking.check_slug(slug text) returns boolean immutable parallel safe return true",
        "alter table booking.hold alter column seats drop default",
        "alter table booking.hold alter column client set not null",
        "alter table booking.hold add column extra int",
        "alter table booking.booking drop constraint booking_price_positive",
        "alter table booking.hold set (fillfactor = 90)",
        "alter table booking.claim disable row level security",
        "alter type booking.booking_result add attribute extra int",
        "drop index booking.hold_service",
        "drop policy member_read on booking.claim",
        "alter policy member_read on booking.claim using (true)",
        "alter table booking.booking disable trigger user",
        "alter operator booking.+ (booking.slotmap, booking.slotmap) set (restrict = none); alter operator booking.= (booking.slotmap, booking.slotmap) set (restrict = neqsel)",
        "alter operator family booking.slotmap_ops using gist drop operator 3 (booking.slotmap, booking.slotmap)",
        "alter extension pg_booking drop function booking.new_token()",
        "delete from pg_init_privs where objoid = 'booking.claim'::regclass",
        "update pg_extension set extconfig = extconfig[2:], extcondition = extcondition[2:] where extname = 'pg_booking'",
        "create function pg_temp.extra() returns event_trigger language plpgsql as 'begin end'; create event trigger extra on ddl_command_start execute function pg_temp.extra()",
    ] {
        client
            .batch_execute(&format!("begin; {forgotten}"))
            .await
            .with_context(|| forgotten.to_owned())?;
        let found = difference(&fresh, &catalog(&client).await?);
        client.batch_execute("rollback").await?;
        ensure!(!found.is_empty(), "not seen: {forgotten}");
    }
    Ok(())
}

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

#[tokio::test]
async fn an_update_gives_the_site_what_is_new_and_dumps_its_grants() -> Result<()> {
    let version = versions()?.swap_remove(0);
    let db = at(&version, "granted").await?;
    let client = db.connect().await?;
    let [web, member, owner] = ["web", "member", "owner"].map(|kind| format!("{}_{kind}", db.name));
    client
        .batch_execute(&format!(
            "create role {web}; create role {member}; create role {owner};
             insert into booking.tenant (slug, name) values ('t', 'T');
             select booking.grant_access('{web}', '{member}', owner_role => '{owner}');
             alter extension pg_booking update;
             set role {web};
             select * from booking_api.services('t');
             reset role"
        ))
        .await?;
    // Of the site's roles nothing is written down as the extension's own, nor is anything PUBLIC's.
    let recorded: i64 = client
        .query_one(
            "select count(*)
             from pg_init_privs i
             cross join lateral aclexplode(i.initprivs) a
             where i.objoid >= 16384 and a.grantee in (0, $1::text::regrole, $2::text::regrole, $3::text::regrole)
                and pg_describe_object(i.classoid, i.objoid, i.objsubid) ~ 'booking'",
            &[&web, &member, &owner],
        )
        .await?
        .get(0);
    assert_eq!(recorded, 0);
    // So a dump has them, and none of a role that is gone.
    let dump = |db: &TestDb| -> Result<String> {
        let output = Command::new(db.server.bindir.join("pg_dump"))
            .args([
                "-h",
                &db.server.host,
                "-p",
                &db.server.port.to_string(),
                "-U",
                "postgres",
            ])
            .args(["--schema-only", &db.name])
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let granted = format!("GRANT ALL ON FUNCTION booking_api.services(tenant text) TO {web}");
    assert!(
        dump(&db)?.contains(&granted),
        "{granted} is not in the dump"
    );
    client
        .batch_execute(&format!(
            "reassign owned by {owner} to postgres; drop owned by {web}, {member}, {owner};
             drop role {web}; drop role {member}; drop role {owner}"
        ))
        .await?;
    let left: Vec<String> = dump(&db)?
        .lines()
        .filter(|line| {
            line.starts_with("GRANT") || line.starts_with("REVOKE") && line.contains("FROM \"")
        })
        .map(str::to_owned)
        .collect();
    assert!(left.is_empty(), "{left:?}");
    Ok(())
}

/// The regress suite, on a database that was updated from the oldest version there is: one function a file, by `build.rs`.
mod regress {
    use super::{Path, REGRESS, Result, released, updated};
    use pg_booking_tests::upgrade::NEVER;

    fn run(name: &str) -> Result<()> {
        let oldest = released()?.first().cloned().unwrap_or(NEVER.to_owned());
        let database = tokio::runtime::Runtime::new()?.block_on(updated(&oldest, name))?;
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("updated");
        REGRESS.run_in(name, &scratch, &database)
    }

    include!(concat!(env!("OUT_DIR"), "/regress.rs"));
}
