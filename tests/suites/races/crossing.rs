//! What takes several at once, in orders that cross: people and rooms, starts, series. It is had whole or not at all, and nobody
//! waits for somebody who waits for them.
use anyhow::{Result, ensure};

use super::world::{ALONE, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_and_bookings_of_all_that_shares_a_pool_never_lock_each_other_up() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("mixed").await?;
    for round in 0..4 {
        let calls: Vec<String> = (0..64)
            .map(|n| {
                let service = ["pool", "pool", "ann", "all", "visit", "tidy", "room"][n % 7];
                let call = ["hold", "book"][(n / 7) % 2];
                let clock = ["09:00", "09:30", "10:00"][(n / 14) % 3];
                format!("select test.{call}('visitor {round} {n}', '{clock}', '{service}')")
            })
            .collect();
        let answers = world.race(&calls).await?;
        // Everybody got an answer, and the first of the pool were served.
        ensure!(
            answers
                .iter()
                .filter(|answer| *answer != "BK001" && *answer != "BK003")
                .count()
                >= 3,
            "{answers:?}"
        );
        world.sound().await?;
        world
            .run("delete from booking.hold; select test.cancel(customer ->> 'name', to_char(lower(span) at time zone 'UTC', 'HH24:MI')) from booking.booking where status = 'confirmed'")
            .await?;
        assert_eq!(world.number("select count(*) from booking.claim").await?, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_starts_at_once_cross_and_nobody_has_half_of_them() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("several").await?;
    let mut several = 0;
    for round in 0..4 {
        let calls: Vec<String> = (0..64)
            .map(|n| {
                let service = ["visit", "all", "room", "pool", "ann", "visit", "desk"][n % 7];
                let clocks = [
                    "09:00 11:00 13:00",
                    "13:00 10:30 09:00",
                    "08:30 11:00 12:30",
                ][(n / 7) % 3];
                match n % 8 {
                    7 => {
                        format!("select test.book('visitor {round} {n}', '11:00', '{service}')")
                    }
                    6 => {
                        format!("select test.hold('visitor {round} {n}', '09:00', '{service}')")
                    }
                    _ => format!(
                        "select test.hold_many('visitor {round} {n}', '{clocks}', '{service}')"
                    ),
                }
            })
            .collect();
        let answers = world.race(&calls).await?;
        world.sound().await?;
        several += answers
            .iter()
            .filter(|answer| answer.contains(", ") && !answer.contains("BK"))
            .count();
        let parts = "select count(*) from (
            select session_hash from booking.hold group by session_hash having count(*) = 2) h";
        assert_eq!(world.number(parts).await?, 0, "{answers:?}");
        world
            .run("delete from booking.hold; select test.cancel(customer ->> 'name', '11:00') from booking.booking where status = 'confirmed'")
            .await?;
        assert_eq!(world.number("select count(*) from booking.claim").await?, 0);
    }
    ensure!(several >= 2, "only {several} had all that they asked for");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_that_cross_are_booked_whole_or_not_and_never_lock_each_other_up() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("series").await?;
    for round in 0..3 {
        let calls: Vec<String> = (0..48)
            .map(|n| {
                let who = format!("visitor {round} {n}");
                let service = ["visit", "all", "room", "pool", "ann", "pool"][n % 6];
                let clock = ["09:00", "08:30", "11:00", "10:30"][n / 6 % 4];
                let mode = ["all", "skip"][n / 3 % 2];
                match n % 8 {
                    7 => format!("select test.book('{who}', '11:00', '{service}')"),
                    6 => format!("select test.hold_many('{who}', '13:00 09:00', '{service}')"),
                    _ => {
                        format!("select test.series('{who}', '{clock}', 4, '{service}', '{mode}')")
                    }
                }
            })
            .collect();
        let answers = world.race(&calls).await?;
        world.sound().await?;
        // Whole: nobody who wanted all has some.
        let whole = answers
            .iter()
            .enumerate()
            .filter(|(n, answer)| {
                n % 8 < 6 && n / 3 % 2 == 0 && answer.matches("confirmed").count() == 4
            })
            .count();
        let some = answers
            .iter()
            .enumerate()
            .filter(|(n, answer)| {
                n % 8 < 6 && n / 3 % 2 == 0 && (1..4).contains(&answer.matches("confirmed").count())
            })
            .count();
        assert_eq!(some, 0, "{answers:?}");
        ensure!(
            whole
                + answers
                    .iter()
                    .filter(|answer| answer.contains("confirmed"))
                    .count()
                > 0,
            "{answers:?}"
        );
        let series = "select count(*) from (
            select from booking.booking
            where series_id is not null
            group by series_id
            having count(distinct customer ->> 'name') > 1 or count(distinct service_id) > 1) s";
        assert_eq!(world.number(series).await?, 0);
        world
            .run(
                "delete from booking.hold;
                 select count(c.status)
                 from (
                    select distinct on (coalesce(series_id, booking_id)) tenant_id, booking_id
                    from booking.booking
                    where status = 'confirmed'
                    order by coalesce(series_id, booking_id)) b
                 cross join lateral booking.cancel_series(b.tenant_id, b.booking_id) c",
            )
            .await?;
        assert_eq!(world.number("select count(*) from booking.claim").await?, 0);
        world.sound().await?;
    }
    Ok(())
}
