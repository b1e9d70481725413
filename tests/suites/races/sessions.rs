//! One visitor in many tabs has what one visitor may have; one client with many sessions no more than its quota.
use std::collections::BTreeMap;

use anyhow::Result;

use super::world::{ALONE, World, tally};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_tabs_of_one_visitor_have_one_hold() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("tabs").await?;
    // Twelve visitors with five tabs each, for three of the pool.
    let calls: Vec<String> = (0..60)
        .map(|n| format!("select test.hold('visitor {}', '09:00', 'pool')", n % 12))
        .collect();
    let answers = world.race(&calls).await?;
    assert_eq!(
        tally(&answers),
        BTreeMap::from([
            ("held ann", 5),
            ("held ben", 5),
            ("held cem", 5),
            ("BK001", 45)
        ])
    );
    assert_eq!(world.number("select count(*) from booking.hold").await?, 3);
    // And who books in all of them at once has one booking.
    let booked = world
        .race(
            &calls
                .iter()
                .map(|call| {
                    call.replace("test.hold", "test.book_hold")
                        .replace(", 'pool'", "")
                })
                .collect::<Vec<_>>(),
        )
        .await?;
    assert_eq!(
        tally(&booked),
        BTreeMap::from([
            ("confirmed ann", 1),
            ("confirmed ben", 1),
            ("confirmed cem", 1),
            ("BK002", 57)
        ])
    );
    world.sound().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sessions_of_one_client_get_no_more_than_its_quota() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("quota").await?;
    world
        .run(
            "update booking.tenant set max_client_holds = 9, max_session_holds = 4;
             create function test.public_hold(client text, who text, clock text)
             returns text
             language plpgsql
             as $$
             begin
                perform set_config('booking.client', client, true);
                return coalesce((booking_api.try_hold('acme', 'room', test.at(clock), test.session(who))).code, 'held');
             end
             $$",
        )
        .await?;
    // Twenty-two starts of half an hour each; two clients with eleven sessions, then one session in eleven tabs.
    world
        .run("update booking.service set durations = '{30}' where slug = 'room'")
        .await?;
    let start = |n: usize| format!("{} minutes", 480 + 30 * n);
    let calls: Vec<String> = (0..22)
        .map(|n| {
            format!(
                "select test.public_hold('client {}', 'visitor {n}', '{}')",
                n % 2,
                start(n)
            )
        })
        .collect();
    let answers = world.race(&calls).await?;
    assert_eq!(
        tally(&answers),
        BTreeMap::from([("held", 18), ("BK008", 4)])
    );
    world.run("delete from booking.hold").await?;
    let calls: Vec<String> = (0..11)
        .map(|n| {
            format!(
                "select test.public_hold('client {n}', 'visitor', '{}')",
                start(n)
            )
        })
        .collect();
    let answers = world.race(&calls).await?;
    assert_eq!(tally(&answers), BTreeMap::from([("held", 4), ("BK008", 7)]));
    world.sound().await
}
