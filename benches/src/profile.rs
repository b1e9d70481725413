//! Where the time of a slot query goes: the functions that it calls, by what each takes itself, as the server counts. The
//! counting costs a little, most where calls are many; functions that are inlined count with their caller.
use anyhow::Result;
use tokio_postgres::Client;

use crate::{
    slots::Question,
    world::{World, session},
};

/// Prints a table for one resource and one for a pool.
pub async fn run(world: &World, runs: usize) -> Result<()> {
    let db = world.copy("profile").await?;
    let client = session(&db).await?;
    for members in [1, 200] {
        profile(&client, members, runs).await?;
    }
    Ok(())
}

async fn profile(client: &Client, members: usize, runs: usize) -> Result<()> {
    let question = Question::new(client, &format!("of-{members}"), 30).await?;
    let query = question.ours(client).await?;
    client.batch_execute("set track_functions = 'all'").await?;
    // The first runs plan; what they took is forgotten.
    for run in 0..runs + 10 {
        if run == 10 {
            client
                .batch_execute("select pg_stat_force_next_flush()")
                .await?;
            client.batch_execute("select pg_stat_reset()").await?;
        }
        query.run().await?;
    }
    client
        .batch_execute("select pg_stat_force_next_flush()")
        .await?;
    client.batch_execute("set track_functions = 'none'").await?;
    let rows = client
        .query(
            "select funcname::text, calls::float8, self_time, sum(self_time) over ()
            from pg_stat_user_functions
            where schemaname = 'booking'
            order by self_time desc
            limit 15",
            &[],
        )
        .await?;
    println!(
        "\n{:<58} {:>9} {:>9} {:>9}",
        format!("functions, any of {members}, 30 days"),
        "calls",
        "self ms",
        "share"
    );
    for row in rows {
        let (name, calls, time, all): (String, f64, f64, f64) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let runs = runs as f64;
        println!(
            "{name:<58} {:9.1} {:9.3} {:8.1}%",
            calls / runs,
            time / runs,
            100.0 * time / all
        );
    }
    Ok(())
}
