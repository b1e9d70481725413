//! What several may have at once: a limit is kept whoever races past it, a class opens once and fills to its last seat, identical
//! units go to as many as there are.
use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::world::{ALONE, World, tally, visitors};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_one_over_several_resources_sells_one() -> Result<()> {
    let _alone = ALONE.lock().await;
    for (call, won) in [("hold", "held"), ("book", "confirmed")] {
        let world = World::new("limit").await?;
        world
            .run(
                "insert into booking.service_limit (tenant_id, service_id, period, max_count)
                 select tenant_id, service_id, 'day', 1 from booking.service where slug in ('pool', 'room')",
            )
            .await?;
        // The pool at times that do not overlap, and the room: each has its one.
        let calls: Vec<String> = (0..120)
            .map(|n| {
                let clock = ["09:00", "10:00", "11:00", "12:00"][n % 4];
                let service = ["pool", "pool", "room"][n % 3];
                format!("select test.{call}('visitor {n}', '{clock}', '{service}')")
            })
            .collect();
        let answers = world.race(&calls).await?;
        let winners = answers.iter().filter(|answer| answer.starts_with(won));
        assert_eq!(winners.count(), 2, "{:?}", tally(&answers));
        let refused = answers.iter().filter(|answer| *answer == "BK004");
        assert_eq!(refused.count(), 118, "{:?}", tally(&answers));
        world.sound().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twin_first_bookers_meet_in_one_class_and_it_fills_to_the_last_seat() -> Result<()> {
    let _alone = ALONE.lock().await;
    for (call, won) in [("hold", "held"), ("book", "confirmed")] {
        let world = World::new("class").await?;
        world
            .run("update booking.service set seats = 12 where slug in ('pool', 'visit')")
            .await?;
        // Eight are one class, of one of three teachers.
        let first = |who: &str| format!("test.{call}({who}, '09:00', 'pool')");
        let answers = world.race(&visitors(8, first)).await?;
        ensure!(
            tally(&answers).len() == 1 && answers[0].starts_with(won),
            "{:?}",
            tally(&answers)
        );
        // Of a hundred more 28 get in, into three classes of twelve.
        let more = |who: &str| format!("test.{call}({who} || ' more', '09:00', 'pool')");
        let answers = world.race(&visitors(100, more)).await?;
        assert_eq!(tally(&answers).get("BK001"), Some(&72));
        let full = "select count(*) from (select from booking.claim group by sitting_id, resource_id having count(*) = 12) s";
        assert_eq!(world.number(full).await?, 3);
        // Ann is taken now; a class of her in the room can't be.
        let answers = world
            .race(&visitors(4, |who| {
                format!("test.{call}({who}, '09:30', 'visit')")
            }))
            .await?;
        assert_eq!(tally(&answers), BTreeMap::from([("BK001", 4)]));
        // Ann in the room: two sittings, the same seats in both.
        let answers = world
            .race(&visitors(40, |who| {
                format!("test.{call}({who}, '14:00', 'visit')")
            }))
            .await?;
        assert_eq!(tally(&answers).get("BK001"), Some(&28));
        let split = "select count(*) from (
            select from booking.claim where sitting_id is not null
            group by coalesce(booking_id, hold_id) having count(distinct seat) <> 1) s";
        assert_eq!(world.number(split).await?, 0);
        world.sound().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_units_go_to_as_many_as_there_are() -> Result<()> {
    let _alone = ALONE.lock().await;
    for (call, won) in [("hold", "held desk"), ("book", "confirmed desk")] {
        let world = World::new("units").await?;
        world
            .run("update booking.resource set capacity = 40 where slug = 'desk'")
            .await?;
        let answers = world
            .race(&visitors(100, |who| {
                format!("test.{call}({who}, '09:00', 'desk')")
            }))
            .await?;
        assert_eq!(tally(&answers), BTreeMap::from([(won, 40), ("BK001", 60)]));
        assert_eq!(
            world
                .number("select count(distinct unit) from booking.claim where unit <= 40")
                .await?,
            40
        );
        world.sound().await?;
    }
    Ok(())
}
