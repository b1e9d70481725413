//! Other ways to write the peer of the slot queries. Not part of a plain `make bench`: whoever knows a faster one adds it
//! here, and if it is the fastest, `slots` takes it.
use anyhow::Result;

use crate::{
    measure::pairs,
    report::Report,
    slots::{Question, answer},
    world::{World, session},
};

/// Their names, their SQL, and up to how many resources they are bearable.
const PEERS: [(&str, &str, usize); 5] = [
    ("sweep", include_str!("../sql/peers/sweep.sql"), 200),
    ("starts", include_str!("../sql/peers/starts.sql"), 200),
    ("pairs", include_str!("../sql/peers/pairs.sql"), 200),
    ("plain", include_str!("../sql/peers/plain.sql"), 200),
    ("rows", include_str!("../sql/peers/rows.sql"), 50),
];

/// The rows.
pub async fn run(world: &World, report: &mut Report) -> Result<()> {
    let db = world.copy("peers").await?;
    let client = session(&db).await?;
    report.group("ways to write the peer", "available_slots", "peers/*.sql");
    for members in [1, 50, 200] {
        let question = Question::new(&client, &format!("of-{members}"), 30).await?;
        let ours = question.ours(&client).await?;
        for (name, sql, most) in PEERS {
            if members > most {
                continue;
            }
            let peer = question.peer_as(&client, sql).await?;
            let (ours, peer) = pairs(report.runs, &ours, &peer, answer).await?;
            report.row(&format!("{name}, any of {members}"), &ours, &peer, None);
        }
    }
    Ok(())
}
