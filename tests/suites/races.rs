//! Many clients at once on real connections, in the world of `tests/isolation/fixture.sql`: one slot has one winner, a pool as
//! many as it has members, a loser leaves nothing behind, nobody deadlocks. `storm` is everything at once. Two or three
//! clients step by step are `tests/isolation`; the same over HTTP is `tests/http/races.rs`.
use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::TestDb;
use tokio::{sync::Mutex, time};
use tokio_postgres::Client;

mod shared;
mod storm;

const FIXTURE: &str = include_str!("../isolation/fixture.sql");
/// An advisory lock behind which the clients of a race line up.
const GATE: i64 = 7;

/// One after the other: each takes most of the connections there are.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The database of a race, and a client that watches.
struct World {
    db: TestDb,
    watch: Client,
}

impl World {
    async fn new(name: &str) -> Result<Self> {
        let db = TestDb::new(name).await?;
        let watch = db.connect().await?;
        watch.batch_execute(FIXTURE).await?;
        watch.batch_execute("call test.world()").await?;
        Ok(Self { db, watch })
    }

    async fn run(&self, script: &str) -> Result<()> {
        Ok(self.watch.batch_execute(script).await?)
    }

    async fn number(&self, query: &str) -> Result<i64> {
        Ok(self.watch.query_one(query, &[]).await?.get(0))
    }

    /// The rows of a query of one text column.
    async fn texts(&self, query: &str) -> Result<Vec<String>> {
        let rows = self.watch.query(query, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Connects a client for each query, lets all go at once, and returns their answers in the order of the queries.
    async fn race(&self, queries: &[String]) -> Result<Vec<String>> {
        let clients = try_join_all(queries.iter().map(|_| self.db.connect())).await?;
        self.run(&format!("select pg_advisory_lock({GATE})"))
            .await?;
        let waiting =
            "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'";
        let open = async {
            while self.number(waiting).await? < queries.len() as i64 {
                time::sleep(Duration::from_millis(10)).await;
            }
            self.run(&format!("select pg_advisory_unlock({GATE})"))
                .await
        };
        let race = try_join_all(clients.iter().zip(queries).map(async |(client, query)| {
            client
                .batch_execute(&format!("select pg_advisory_lock_shared({GATE})"))
                .await?;
            anyhow::Ok(client.query_one(query, &[]).await?.get(0))
        }));
        let (answers, opened) = tokio::join!(race, open);
        opened?;
        answers
    }

    /// Whatever was raced: nothing is wrong, and nobody deadlocked.
    async fn sound(&self) -> Result<()> {
        let wrong = self.texts("select what from test.wrong").await?;
        ensure!(wrong.is_empty(), "{wrong:#?}");
        let log = self.db.log()?;
        ensure!(!log.contains("deadlock detected"), "{log}");
        Ok(())
    }
}

/// So many times the same call, each by a visitor of its own.
fn visitors(count: usize, call: impl Fn(&str) -> String) -> Vec<String> {
    (0..count)
        .map(|n| format!("select {}", call(&format!("'visitor {n}'"))))
        .collect()
}

/// How often each answer came.
fn tally(answers: &[String]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.as_str()).or_default() += 1;
    }
    tally
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_to_lapsed_holds_at_once_neither_waits_for_ever_nor_shares() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("lapsed").await?;
    for round in 0..8 {
        // Three of the pool and two halves of the room, all lapsed; their owners and as many strangers want them.
        world
            .run(&format!(
                "delete from booking.hold;
                 do $$
                 begin
                    perform test.hold('visitor ' || n, '09:00', 'pool') from generate_series(0, 2) n;
                    perform test.hold('visitor 3', '09:00'), test.hold('visitor 4', '10:00');
                 end
                 $$;
                 update booking.hold set expires_at = now() - interval '{round} hours'"
            ))
            .await?;
        let calls: Vec<String> = (0..36)
            .map(|n| match n % 6 {
                0..=2 => format!("select test.hold('visitor {n}', '09:00', 'pool')"),
                3 => format!("select test.hold('visitor {n}', '09:30')"),
                4 => format!("select test.hold('visitor {n}', '09:30', minutes => 90)"),
                _ => format!("select test.book('visitor {n}', '09:30', 'pool')"),
            })
            .collect();
        let answers = world.race(&calls).await?;
        assert_eq!(tally(&answers).get("held room"), Some(&1), "{answers:?}");
        world.sound().await?;
        // Of a pool of three with overlapping slots three have something.
        let taken = "select count(distinct resource_id) from booking.claim c
            left join booking.hold h using (tenant_id, hold_id)
            where c.booking_id is not null or h.expires_at > now()";
        assert_eq!(world.number(taken).await?, 4, "{answers:?}");
        world
            .run("delete from booking.hold; select test.cancel(customer ->> 'name', '09:30') from booking.booking where status = 'confirmed'; delete from booking.booking")
            .await?;
    }
    Ok(())
}

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
async fn late_heartbeats_and_who_takes_their_slots_agree_on_who_has_them() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("beats").await?;
    for _ in 0..6 {
        world
            .run(
                "delete from booking.hold;
                 do $$
                 begin
                    perform test.hold_many('visitor ' || n, '09:00 11:00', 'pool') from generate_series(0, 2) n;
                    perform test.hold_many('visitor 3', '09:00 11:00');
                 end
                 $$;
                 update booking.hold set expires_at = now() - interval '1 minute'",
            )
            .await?;
        // Each of the four in three tabs, and a dozen strangers.
        let calls: Vec<String> = (0..24)
            .map(|n| match n {
                0..12 => format!("select test.beat('visitor {}')", n % 4),
                12..16 => format!("select test.hold_many('visitor {n}', '08:30 10:30', 'pool')"),
                16..20 => format!("select test.hold('visitor {n}', '09:30', minutes => 120)"),
                _ => format!("select test.hold('visitor {n}', '11:00', 'pool')"),
            })
            .collect();
        let answers = world.race(&calls).await?;
        world.sound().await?;
        // The last tab of each says what is so.
        for visitor in 0..4 {
            let says = answers[visitor..12]
                .iter()
                .step_by(4)
                .any(|answer| answer.contains("live"));
            let has = world
                .number(&format!(
                    "select count(*) from booking.hold
                     where expires_at > now() and session_hash = booking.session_hash(test.session('visitor {visitor}'))"
                ))
                .await?;
            assert_eq!(says, has > 0, "{answers:?}");
        }
    }
    Ok(())
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
