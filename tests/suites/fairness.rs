//! Round robin among many clients at once: each member gets its share by weight, nobody waits for a member while another is as
//! good, and a member that somebody sits on keeps nobody from the others.
use std::{
    sync::atomic::{AtomicI32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::TestDb;
use tokio::sync::Mutex;
use tokio_postgres::Client;
use uuid::Uuid;

/// One after the other.
static ALONE: Mutex<()> = Mutex::const_new(());

const CLIENTS: usize = 32;

/// Four who are always there, for half an hour at a time; a start for each booking, so that all four are free for it.
const WORLD: &str = "
    create schema test;
    create function test.tenant() returns uuid language sql stable return (select tenant_id from booking.tenant);
    create function test.service() returns uuid language sql stable return (select service_id from booking.service);
    create function test.at(n int) returns timestamptz language sql immutable
    return timestamptz '2100-01-04 00:00+00' + n * interval '30 minutes';
    insert into booking.tenant (slug, name) values ('fair', 'Fair');
    insert into booking.resource (tenant_id, slug, name)
    select test.tenant(), 'm' || n, 'M' || n from generate_series(1, 4) n;
    select booking.put_service(test.tenant(), 'pool', 'Anyone', '{30}', array(select resource_id from booking.resource));
    select booking.recompute(test.tenant(), null, test.at(0), test.at(4100));";

/// How many bookings each member has, in the order of their names.
const SHARES: &str = "select count(b.booking_id)
    from booking.resource r left join booking.booking_resource b using (tenant_id, resource_id)
    group by r.slug order by r.slug";

async fn world(db: &TestDb, weights: [i32; 4]) -> Result<Client> {
    let watch = db.connect().await?;
    watch.batch_execute(WORLD).await?;
    for (n, weight) in (1..).zip(weights) {
        watch
            .execute(
                "update booking.requirement_resource m set weight = $2 from booking.resource r
                 where r.resource_id = m.resource_id and r.slug = 'm' || $1::int",
                &[&n, &weight],
            )
            .await?;
    }
    Ok(watch)
}

async fn shares(client: &Client) -> Result<Vec<i64>> {
    let rows = client.query(SHARES, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shares_are_those_of_the_weights() -> Result<()> {
    let _alone = ALONE.lock().await;
    for (bookings, weights) in [(2000, [1, 1, 1, 1]), (4000, [1, 1, 2, 4])] {
        let db = TestDb::new("shares").await?;
        let watch = world(&db, weights).await?;
        let next = AtomicI32::new(0);
        let begin = Instant::now();
        try_join_all((0..CLIENTS).map(async |client| {
            let connection = db.connect().await?;
            connection
                .batch_execute("set synchronous_commit = off")
                .await?;
            let book = connection
                .prepare("select (booking.book(test.tenant(), null, null, test.service(), test.at($1))).booking_id")
                .await?;
            let hold = connection
                .prepare("select (booking.hold(test.tenant(), test.service(), test.at($1), $2)).hold_id")
                .await?;
            let book_hold = connection
                .prepare("select (booking.book(test.tenant(), $1, $2)).booking_id")
                .await?;
            let session = format!("a session of client {client}");
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= bookings {
                    return anyhow::Ok(());
                }
                if client % 2 == 0 {
                    connection.query(&book, &[&n]).await?;
                } else {
                    let row = connection.query_one(&hold, &[&n, &session]).await?;
                    let hold: Uuid = row.get(0);
                    connection.query(&book_hold, &[&hold, &session]).await?;
                }
            }
        }))
        .await?;
        let shares = shares(&watch).await?;
        println!("{weights:?}: {shares:?} in {:?}", begin.elapsed());
        let all: i32 = weights.iter().sum();
        for (share, weight) in shares.iter().zip(weights) {
            let fair = f64::from(bookings) * f64::from(weight) / f64::from(all);
            ensure!(
                (*share as f64 - fair).abs() <= f64::from(bookings) / 100.0,
                "{weights:?}: {shares:?}"
            );
        }
        let drift: i64 = watch
            .query_one("select count(*) from booking.verify()", &[])
            .await?
            .get(0);
        assert_eq!(drift, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_somebody_sits_on_keeps_nobody_from_the_others() -> Result<()> {
    let _alone = ALONE.lock().await;
    let db = TestDb::new("sat_upon").await?;
    let watch = world(&db, [1, 1, 2, 4]).await?;
    let sits = db.connect().await?;
    let booked = async |n: i32| -> Result<(String, Duration)> {
        let begin = Instant::now();
        let id: Uuid = watch
            .query_one(
                "select (booking.book(test.tenant(), null, null, test.service(), test.at($1))).booking_id",
                &[&n],
            )
            .await?
            .get(0);
        let took = begin.elapsed();
        let who = "select r.slug from booking.booking_resource b join booking.resource r using (resource_id) where b.booking_id = $1";
        Ok((watch.query_one(who, &[&id]).await?.get(0), took))
    };
    // The first call plans.
    booked(4000).await?;
    sits.batch_execute(
        "begin; update booking.resource set version = version + 1 where slug = 'm2';
         update booking.requirement_resource set version = version + 1
         where resource_id = (select resource_id from booking.resource where slug = 'm2')",
    )
    .await?;
    // As long as he is hardly behind, nobody waits for him; then everybody does for a moment, and takes another.
    let mut waited = Vec::new();
    for n in 0..40 {
        let (who, took) = booked(n).await?;
        ensure!(who != "m2", "{n}: {who}");
        ensure!(took < Duration::from_millis(1500), "{n}: {took:?}");
        waited.push(took > Duration::from_millis(280));
    }
    ensure!(!waited[0], "{waited:?}");
    ensure!(waited[39], "{waited:?}");
    // Once he is back, what he missed is his.
    sits.batch_execute("rollback").await?;
    for n in 40..43 {
        assert_eq!(booked(n).await?.0, "m2");
    }
    Ok(())
}
