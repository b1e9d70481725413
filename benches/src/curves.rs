//! Growth: of resources, of the days that are read, of slots a day. That of the history is in `history`.
use anyhow::Result;

use crate::{
    report::Report,
    slots::row,
    world::{World, forget_pages, session, verify},
};

/// The rows.
pub async fn run(world: &World, report: &mut Report) -> Result<()> {
    let db = world.copy("curves").await?;
    let client = session(&db).await?;

    report.group(
        "growth with resources, 30 days",
        "available_slots",
        "tstzmultirange",
    );
    for members in [1, 10, 50, 200, 1000] {
        let name = format!("resources: any of {members}");
        row(report, &client, &name, &format!("of-{members}"), 30).await?;
    }

    report.group(
        "growth with days, any of 50",
        "available_slots",
        "tstzmultirange",
    );
    for days in [30, 60, 365] {
        row(
            report,
            &client,
            &format!("horizon: {days} days"),
            "of-50",
            days,
        )
        .await?;
    }
    forget_pages(&client).await?;
    row(
        report,
        &client,
        "horizon: 365 days, 60 of them stored",
        "of-50",
        365,
    )
    .await?;

    report.group(
        "growth with the grain, any of 50, 30 days",
        "available_slots",
        "tstzmultirange",
    );
    client
        .batch_execute(include_str!("../sql/grains.sql"))
        .await?;
    verify(&client).await?;
    client.batch_execute("vacuum analyze").await?;
    for (minutes, slug) in [(15, "of-50"), (5, "grain-5"), (1, "grain-1")] {
        row(
            report,
            &client,
            &format!("grain: {minutes} minutes"),
            slug,
            30,
        )
        .await?;
    }
    Ok(())
}
