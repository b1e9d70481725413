//! What the site's roles may do: an update gives them what is new, and a dump has it.
use std::process::Command;

use anyhow::Result;
use pg_booking_tests::{TestDb, upgrade::at};

use super::versions;

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
