//! One slot that many want: it has one winner, and nobody loses to somebody who lost.
use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::world::{ALONE, World, tally, visitors};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_holds_of_one_slot_one_wins() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("one_hold").await?;
    let answers = world
        .race(&visitors(200, |who| format!("test.hold({who}, '09:00')")))
        .await?;
    assert_eq!(
        tally(&answers),
        BTreeMap::from([("held room", 1), ("BK001", 199)])
    );
    // The losers left no row, and it is the winner's.
    let winner = answers.iter().position(|answer| answer == "held room");
    let rows =
        "select (select count(*) from booking.claim) * 10 + (select count(*) from booking.hold)";
    assert_eq!(world.number(rows).await?, 11);
    assert_eq!(
        world
            .number(&format!(
                "select count(*) from booking.hold
                 where session_hash = booking.session_hash(test.session('visitor {}'))",
                winner.unwrap_or_default()
            ))
            .await?,
        1
    );
    world.sound().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_direct_bookings_of_one_slot_one_wins() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("one_booking").await?;
    let answers = world
        .race(&visitors(200, |who| format!("test.book({who}, '09:00')")))
        .await?;
    assert_eq!(
        tally(&answers),
        BTreeMap::from([("confirmed room", 1), ("BK001", 199)])
    );
    let rows = "select (select count(*) from booking.booking) * 100 + (select count(*) from booking.claim) * 10
        + (select count(*) from booking.hold)";
    assert_eq!(world.number(rows).await?, 110);
    world.sound().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_in_a_pool_of_three_each_winner_gets_another_member() -> Result<()> {
    let _alone = ALONE.lock().await;
    let hold = |who: &str| format!("test.hold({who}, '09:00', 'pool')");
    let book = |who: &str| format!("test.book({who}, '09:00', 'pool')");
    let won: [(&str, Vec<String>, [&str; 3]); 2] = [
        (
            "pool_holds",
            visitors(200, hold),
            ["held ann", "held ben", "held cem"],
        ),
        (
            "pool_bookings",
            visitors(200, book),
            ["confirmed ann", "confirmed ben", "confirmed cem"],
        ),
    ];
    for (name, calls, winners) in won {
        let world = World::new(name).await?;
        let answers = world.race(&calls).await?;
        let mut expected = BTreeMap::from(winners.map(|winner| (winner, 1)));
        expected.insert("BK001", 197);
        assert_eq!(tally(&answers), expected);
        assert_eq!(world.number("select count(*) from booking.claim").await?, 3);
        world.sound().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_holds_that_overlap_in_part_only_those_lose_who_overlap_a_winner() -> Result<()> {
    let _alone = ALONE.lock().await;
    for (call, won) in [("hold", "held room"), ("book", "confirmed room")] {
        let world = World::new("partly").await?;
        // Every start from 08:00 to 12:00 with every length, twice.
        let wishes: Vec<(i32, i32)> = (0..72)
            .map(|n| (480 + n % 9 * 30, 30 + n / 9 % 4 * 30))
            .collect();
        let calls: Vec<String> = wishes
            .iter()
            .enumerate()
            .map(|(n, (start, minutes))| {
                format!(
                    "select test.{call}('visitor {n}', '{start} minutes', minutes => {minutes})"
                )
            })
            .collect();
        let answers = world.race(&calls).await?;
        let winners: Vec<&(i32, i32)> = wishes
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| *answer == won)
            .map(|(wish, _)| wish)
            .collect();
        for ((start, minutes), answer) in wishes.iter().zip(&answers) {
            ensure!(
                answer == won
                    || winners.iter().any(
                        |(other, length)| other < &(start + minutes) && *start < other + length
                    ),
                "{start}+{minutes} was refused ({answer}) though nobody has it: {winners:?}"
            );
        }
        assert_eq!(
            world.number("select count(*) from booking.claim").await?,
            winners.len() as i64
        );
        world.sound().await?;
    }
    Ok(())
}
