//! Every route answers every caller as listed, and shows nothing that is not the caller's to see.
use anyhow::Result;

use super::{
    asked::{Days, known},
    listed::{CALLERS, listed},
    world::{HASHES, PRIVATE, token, world},
};
use crate::surface::operations;

#[tokio::test]
async fn every_route_answers_every_caller_as_listed_and_shows_nothing_private() -> Result<()> {
    let world = world().await?;
    let (routes, api) = operations(&world).await?;
    let mut secrets = vec![PRIVATE.to_owned()];
    for row in world.sql.query(HASHES, &[]).await? {
        secrets.extend([row.get(0), row.get(1)]);
    }
    let listed = listed();
    let mut days = Days::default();
    let mut wrong = Vec::new();
    let mut shown = 0;
    // To look at some of them only.
    let wanted = std::env::var("ROUTES").unwrap_or_default();
    for operation in routes.iter().filter(|one| one.path.starts_with(&wanted)) {
        let mut statuses = Vec::new();
        let mut owners = String::new();
        for caller in CALLERS {
            let known = known(&world, operation, caller, &mut days).await?;
            let mut call = operation.call(&api, &known);
            call.token = token(&world, caller)?;
            let reply = call.send(&world).await?;
            statuses.push(reply.status);
            if caller == "owner" {
                owners = reply.text.chars().take(200).collect();
            }
            // The foreigner is a customer here, who books, and knows what it is called.
            let seen = reply.seen().replace("zq7globex-owner", "");
            match caller {
                "visitor" | "stranger" | "customer" | "foreigner" => {
                    for secret in &secrets {
                        assert!(
                            !seen.contains(secret),
                            "{caller} sees {secret} at {call:?}: {seen}"
                        );
                    }
                }
                "viewer" | "manager" | "owner" => {
                    shown += usize::from(seen.contains("zq7acme"));
                    assert!(
                        !seen.contains("zq7globex"),
                        "{caller} sees another tenant at {call:?}: {seen}"
                    );
                    for hash in &secrets[1..] {
                        assert!(
                            !seen.contains(hash),
                            "{caller} sees a hash at {call:?}: {seen}"
                        );
                    }
                }
                _ => {}
            }
        }
        if listed.get(&operation.name()) != Some(&statuses) {
            let numbers: Vec<String> = statuses.iter().map(u16::to_string).collect();
            wrong.push(format!(
                "{:<6} {:<62} {}  to the owner: {owners}",
                operation.method,
                operation.path,
                numbers.join(" ")
            ));
        }
    }
    assert!(
        shown >= 9 || !wanted.is_empty(),
        "what is private is shown to members, or it would not be found elsewhere: {shown}"
    );
    assert!(wrong.is_empty(), "not as listed:\n{}", wrong.join("\n"));
    assert_eq!(listed.len(), routes.len(), "a route that is listed is gone");
    Ok(())
}
