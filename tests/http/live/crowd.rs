//! Many who look, over one connection to the database, and how many there may be.
use std::time::Duration;

use anyhow::Result;
use futures_util::future::try_join_all;
use tokio::time::{sleep, timeout};

use super::view::{PATH, PATIENCE, View, hold_id, starts};
use crate::world::{World, monday_at, session, time};

/// How many connections read the feed.
async fn readers(world: &World) -> Result<i64> {
    let row = world
        .sql
        .query_one(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'booking-facade live'",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

#[tokio::test]
async fn one_connection_reads_for_all_and_none_when_nobody_looks() -> Result<()> {
    let world = World::with("live", |config| {
        config.live.keep_alive = Duration::from_millis(200)
    })
    .await?;
    assert_eq!(readers(&world).await?, 0);
    let mut views = try_join_all((0..20).map(|_| View::new(&world))).await?;
    hold_id(&world, 9, &session()).await?;
    for view in &mut views {
        assert_eq!(view.next_of("held").await?.data["added"][0]["count"], 1);
    }
    assert_eq!(readers(&world).await?, 1);
    // A connection that is ended is another one soon, and nobody's stream is.
    world
        .sql
        .execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'booking-facade live' and datname = current_database()", &[])
        .await?;
    hold_id(&world, 11, &session()).await?;
    for view in &mut views {
        assert_eq!(
            starts(&view.next_of("held").await?, "added"),
            [time(monday_at(11))]
        );
    }
    assert_eq!(readers(&world).await?, 1);
    drop(views);
    timeout(PATIENCE, async {
        while readers(&world).await? > 0 {
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    })
    .await??;
    // And begins again.
    View::new(&world).await?;
    Ok(())
}

#[tokio::test]
async fn five_hundred_hear_of_a_change_over_one_connection() -> Result<()> {
    let world = World::new("live").await?;
    let mut views = try_join_all((0..500).map(|_| View::new(&world))).await?;
    hold_id(&world, 9, &session()).await?;
    let heard = try_join_all(views.iter_mut().map(View::next)).await?;
    assert!(heard.iter().all(|event| *event == heard[0]));
    assert_eq!(starts(&heard[0], "added"), [time(monday_at(9))]);
    assert_eq!(readers(&world).await?, 1);
    Ok(())
}

#[tokio::test]
async fn there_is_room_for_so_many() -> Result<()> {
    let world = World::with("live", |config| {
        config.live.max_viewers = 2;
        config.live.keep_alive = Duration::from_millis(100);
    })
    .await?;
    let (_first, second) = (View::new(&world).await?, View::new(&world).await?);
    let full = world.get(PATH).await?;
    assert_eq!((full.status, full.header("retry-after")), (503, "5"));
    drop(second);
    timeout(PATIENCE, async {
        while View::new(&world).await.is_err() {}
    })
    .await?;
    Ok(())
}
