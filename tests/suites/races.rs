//! Many clients at once on real connections: one slot has one winner, a pool as many as it has members, nobody deadlocks,
//! and after a storm of all writes nothing overlaps, is lost or has drifted. Two or three clients step by step are
//! `tests/isolation`; the same over HTTP is `tests/http/races.rs`.
use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use pg_booking_tests::TestDb;
use tokio_postgres::Client;

/// Three rooms, `one` of the first and `pool` of all, always open; and a function for each kind of client.
const WORLD: &str = "
    insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
    insert into booking.schedule (tenant_id, schedule_id, name, zone)
    values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 's', 'Europe/Berlin');
    insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
    select '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', d, '00:00', '24:00'
    from generate_series(1, 7) d;
    insert into booking.resource (tenant_id, resource_id, slug, name, schedule_id)
    select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n,
        '00000000-0000-0000-0000-00000000000a'
    from generate_series(1, 3) n;
    select booking.put_service('00000000-0000-0000-0000-000000000001', 'one', 'One', array[60],
        array['00000000-0000-0000-0000-000000000001']::uuid[], step => 30, buffer_after => 30);
    select booking.put_service('00000000-0000-0000-0000-000000000001', 'pool', 'Pool', array[60],
        array(select resource_id from booking.resource), step => 30);
    select booking.recompute('00000000-0000-0000-0000-000000000001', null, '2100-01-01', '2100-01-20');

    create function hold_code(slug text, n int) returns text language sql as $$
        select coalesce(r.code, 'won')
        from booking.service s
        cross join lateral booking.try_hold(s.tenant_id, s.service_id, '2100-01-04 09:00', 'session-' || lpad(n::text, 12, '0')) r
        where s.slug = hold_code.slug $$;
    create function book_code(slug text, n int) returns text language sql as $$
        select coalesce(r.code, 'won')
        from booking.service s
        cross join lateral booking.try_book(s.tenant_id, service => s.service_id, starts_at => '2100-01-04 09:00') r
        where s.slug = book_code.slug $$;

    -- One random write of a client with a session of its own; the code it got, or what it did.
    create function random_write(n int) returns text language plpgsql as $$
    declare
        c_tenant constant uuid := '00000000-0000-0000-0000-000000000001';
        v_session text := 'session-' || lpad(n::text, 12, '0');
        v_resource uuid := ('00000000-0000-0000-0000-00000000000' || 1 + floor(random() * 3)::int)::uuid;
        v_service uuid;
        v_start timestamptz := timestamptz '2100-01-04' + floor(random() * 10 * 48) * interval '30 min';
        v_key uuid;
    begin
        select service_id into v_service from booking.service order by slug offset floor(random() * 2) limit 1;
        case floor(random() * 14)
            when 0, 1, 2 then
                return (booking.try_hold(c_tenant, v_service, v_start, v_session)).code;
            when 3, 4 then
                select hold_id into v_key from booking.hold
                where session_hash = booking.session_hash(v_session) order by random() limit 1;
                return (booking.try_book(c_tenant, coalesce(v_key, c_tenant), v_session)).code;
            when 5, 6 then
                return (booking.try_book(c_tenant, service => v_service, starts_at => v_start)).code;
            when 7, 8 then
                select booking_id into v_key from booking.booking where status = 'confirmed' order by random() limit 1;
                return (booking.try_cancel(c_tenant, coalesce(v_key, (select booking_id from booking.booking limit 1)))).code;
            when 9 then
                update booking.hold set expires_at = now() where session_hash = booking.session_hash(v_session);
                return 'lapsed';
            when 10 then
                insert into booking.busy_window (tenant_id, resource_id, span)
                values (c_tenant, v_resource, tstzrange(v_start, v_start + interval '20 min'));
                return 'busy';
            when 11 then
                delete from booking.busy_window where busy_window_id = (
                    select busy_window_id from booking.busy_window order by random() limit 1);
                return 'not busy';
            when 12 then
                if random() < 0.5 then
                    insert into booking.schedule_override (tenant_id, schedule_id, dates)
                    values (c_tenant, '00000000-0000-0000-0000-00000000000a', daterange(v_start::date, v_start::date + 1));
                else
                    delete from booking.schedule_override where schedule_id = '00000000-0000-0000-0000-00000000000a';
                end if;
                return 'rules';
            else
                perform booking.recompute(c_tenant, v_resource, v_start, v_start + interval '3 days');
                return 'recomputed';
        end case;
    exception when no_data_found then
        return 'nothing to cancel';
    end $$;
";

async fn world(name: &str) -> Result<(TestDb, Client)> {
    let db = TestDb::new(name).await?;
    let client = db.connect().await?;
    client.batch_execute(WORLD).await?;
    Ok((db, client))
}

/// Connects so many clients, then lets all call `function(service, n)` at once: how often each answer came.
async fn race(
    db: &TestDb,
    function: &str,
    service: &str,
    clients: i32,
) -> Result<BTreeMap<String, usize>> {
    let connected = try_join_all((0..clients).map(|_| db.connect())).await?;
    let query = format!("select {function}('{service}', $1)");
    let answers = try_join_all((0..clients).zip(&connected).map(async |(n, client)| {
        let row = client.query_one(&query, &[&n]).await?;
        anyhow::Ok(row.get::<_, String>(0))
    }))
    .await?;
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer).or_default() += 1;
    }
    Ok(counts)
}

fn counts(won: usize, lost: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([("won".into(), won), ("BK001".into(), lost)])
}

async fn number(client: &Client, query: &str) -> Result<i64> {
    Ok(client.query_one(query, &[]).await?.get(0))
}

fn no_deadlock(db: &TestDb) -> Result<()> {
    let log = db.log()?;
    ensure!(!log.contains("deadlock detected"), "{log}");
    Ok(())
}

// One after the other: each takes most of the connections there are.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_holds_of_one_slot_one_wins() -> Result<()> {
    let _alone = ALONE.lock().await;
    let (db, client) = world("races").await?;
    assert_eq!(race(&db, "hold_code", "one", 200).await?, counts(1, 199));
    assert_eq!(
        number(&client, "select count(*) from booking.hold").await?,
        1
    );
    assert_eq!(
        number(&client, "select count(*) from booking.claim").await?,
        1
    );
    no_deadlock(&db)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_holds_in_a_pool_of_three_three_win_each_another_member() -> Result<()> {
    let _alone = ALONE.lock().await;
    let (db, client) = world("races").await?;
    assert_eq!(race(&db, "hold_code", "pool", 200).await?, counts(3, 197));
    assert_eq!(
        number(&client, "select count(*) from booking.hold").await?,
        3
    );
    let members = "select count(distinct resource_id) from booking.claim";
    assert_eq!(number(&client, members).await?, 3);
    no_deadlock(&db)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_direct_bookings_as_many_win_as_there_are_members() -> Result<()> {
    let _alone = ALONE.lock().await;
    for (service, members) in [("one", 1), ("pool", 3)] {
        let (db, client) = world("races").await?;
        assert_eq!(
            race(&db, "book_code", service, 200).await?,
            counts(members, 200 - members)
        );
        let rows = "select (select count(*) from booking.booking) * 1000000
            + (select count(distinct resource_id) from booking.claim where booking_id is not null) * 1000
            + (select count(*) from booking.hold)";
        assert_eq!(number(&client, rows).await?, members as i64 * 1_001_000);
        assert_eq!(
            number(&client, "select count(*) from booking.verify()").await?,
            0
        );
        no_deadlock(&db)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_all_writes_leaves_nothing_wrong() -> Result<()> {
    let _alone = ALONE.lock().await;
    let (db, client) = world("storm").await?;
    let connected = try_join_all((0..24).map(|_| db.connect())).await?;
    try_join_all((0..24i32).zip(&connected).map(async |(n, client)| {
        for _ in 0..60 {
            client.query_one("select random_write($1)", &[&n]).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    ensure!(
        number(&client, "select count(*) from booking.booking").await? > 50,
        "few bookings"
    );
    for (what, query) in [
        (
            "overlapping claims",
            "select count(*) from booking.claim a join booking.claim b
                on a.resource_id = b.resource_id and a.unit = b.unit and a.span && b.span and a.id < b.id",
        ),
        ("drift", "select count(*) from booking.verify()"),
        (
            "bookings without their claims, or claims of cancelled ones",
            "select count(*) from booking.booking b
                where (b.status = 'confirmed') <> exists (
                    select from booking.claim c join booking.booking_resource r using (tenant_id, booking_id, resource_id, unit)
                    where c.booking_id = b.booking_id and c.span @> b.span)",
        ),
        (
            "miscounted members",
            "select count(*) from booking.requirement_resource m
                where m.booked <> (
                    select count(*) from booking.booking_resource r join booking.booking b using (tenant_id, booking_id)
                    where b.service_id = m.service_id and r.resource_id = m.resource_id and b.status = 'confirmed')",
        ),
    ] {
        assert_eq!(number(&client, query).await?, 0, "{what}");
    }
    client.batch_execute("call booking.roll()").await?;
    assert_eq!(
        number(&client, "select count(*) from booking.verify()").await?,
        0
    );
    no_deadlock(&db)
}
