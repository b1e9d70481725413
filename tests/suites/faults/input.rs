//! Input that nobody expects: each has a code of its own, what may be said comes back as it was, and what is over is over.
use anyhow::{Result, ensure};
use pg_booking_tests::{
    TestDb,
    fixture::{text, world},
};

use super::left::{LEFT, code};

#[tokio::test]
async fn input_that_nobody_expects_is_refused_by_its_own_code_and_leaves_nothing() -> Result<()> {
    let db = TestDb::new("input").await?;
    let client = db.connect().await?;
    world(&client).await?;
    let before = text(&client, LEFT).await?;
    let book = |customer: &str| {
        format!(
            "select booking.book(test.id(1), null, null, test.service('room'), test.at('09:00'), customer => {customer})"
        )
    };
    let hold = |session: &str, start: &str, rest: &str| {
        format!("select booking.hold(test.id(1), test.service('room'), {start}, {session}{rest})")
    };
    let mut wrong = Vec::new();
    let (session, nine) = ("test.session('a')", "test.at('09:00')");
    for (query, expected) in [
        // Customers.
        (book("jsonb_build_object('name', repeat('x', 10000000))"), "54000"),
        (book("jsonb_build_object('name', repeat('x', 65536))"), "54000"),
        (book(r#"'{"name": "\u0000"}'"#), "22P05"),
        (book(r#"'{"name": "\ud800"}'"#), "22P02"),
        (book(r#"'{"name": "\udc00\ud800"}'"#), "22P02"),
        (book("'{\"name\": \"a raw \u{1} one\"}'"), "22P02"),
        (book("'[]'"), "22023"),
        (book("'\"Ada\"'"), "22023"),
        (book("'null'"), "22023"),
        (book("'{'"), "22P02"),
        // Sessions.
        (hold("null", nine, ""), "22004"),
        (hold("''", nine, ""), "22023"),
        (hold("repeat('x', 15)", nine, ""), "22023"),
        (hold("repeat('x', 10000000)", nine, ""), "22023"),
        (hold("E'\\xff' || repeat('x', 20)", nine, ""), "22021"),
        // Starts.
        (hold(session, "null", ""), "22004"),
        (hold(session, "'infinity'", ""), "22008"),
        (hold(session, "'-infinity'", ""), "22008"),
        (hold(session, "'4714-11-24 00:00:00+00 BC'", ""), "22008"),
        (hold(session, "'294276-12-31 23:59:59+00'", ""), "22008"),
        (hold(session, "now() - interval '1 day'", ""), "BK003"),
        (hold(session, "test.at('09:00:00.000001')", ""), "BK003"),
        (hold(session, "test.at('03:00')", ""), "BK003"),
        // Lengths, life times, seats.
        (hold(session, nine, ", '0'"), "22023"),
        (hold(session, nine, ", '-1 hours'"), "22023"),
        (hold(session, nine, ", '1 minute'"), "22023"),
        (hold(session, nine, ", '1 microsecond'"), "22023"),
        (hold(session, nine, ", '178000000 years'"), "22023"),
        (hold(session, nine, ", ttl => '0'"), "22023"),
        (hold(session, nine, ", ttl => '-1 hours'"), "22023"),
        (hold(session, nine, ", ttl => '178000000 years'"), "22023"),
        (hold(session, nine, ", seats => 0"), "22023"),
        (hold(session, nine, ", seats => -1"), "22023"),
        (hold(session, nine, ", seats => 2"), "22023"),
        (hold(session, nine, ", seats => 2147483647"), "22023"),
        // Who is not there.
        (hold(session, nine, ", resource => test.id(0)"), "P0002"),
        ("select booking.hold(test.id(0), test.service('room'), test.at('09:00'), test.session('a'))".to_owned(), "P0002"),
        ("select booking.hold(null, null, null, null)".to_owned(), "P0002"),
        ("select booking.book(test.id(1), test.id(0), test.session('a'))".to_owned(), "BK002"),
        ("select booking.book(test.id(1), test.id(0))".to_owned(), "BK002"),
        ("select booking.book(test.id(1))".to_owned(), "22004"),
        ("select booking.cancel(test.id(1), test.id(0))".to_owned(), "P0002"),
        ("select booking.cancel(test.id(1), null)".to_owned(), "P0002"),
        ("select booking.release(test.id(1), test.id(0), test.session('a'))".to_owned(), "BK002"),
    ] {
        let short: String = query.chars().take(200).collect();
        let told = code(&client, &query).await?;
        if told != expected {
            wrong.push(format!("{told} instead of {expected}: {short}"));
        }
        assert_eq!(text(&client, LEFT).await?, before, "{short}");
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn what_a_customer_may_be_called_comes_back_as_it_was() -> Result<()> {
    let db = TestDb::new("names").await?;
    let client = db.connect().await?;
    world(&client).await?;
    // Control characters, a joined emoji, right to left, what HTML and SQL mean something by, and as long as may be.
    let long = "ü".repeat(32_000);
    for (n, name) in [
        "\u{1}\u{7f}\u{85}\u{9f}\t\r\n",
        "👩‍👩‍👧 \u{1d7d8} \u{10ffff}",
        "\u{202e}שלום\u{202c}",
        "<script>'; drop table booking.booking; --</script> %s $1 \\ \\u0000",
        "",
        &long,
    ]
    .into_iter()
    .enumerate()
    {
        let customer = serde_json::json!({"name": name, "email": format!(" A{n}@Example.ORG ")});
        let row = client
            .query_one(
                &format!(
                    "select k.customer, k.customer_key
                     from booking.book(test.id(1), null, null, test.service('room'), test.at('{} hours'), customer => $1) b
                     cross join lateral (
                        select * from booking.booking k where k.booking_id = b.booking_id offset 0) k",
                    9 + n
                ),
                &[&customer],
            )
            .await;
        // The row is not visible to the statement that makes it.
        ensure!(row.is_err());
        let row = client
            .query_one(
                "select customer, customer_key from booking.booking where customer = $1",
                &[&customer],
            )
            .await?;
        assert_eq!(row.get::<_, serde_json::Value>(0), customer);
        assert_eq!(row.get::<_, String>(1), format!("a{n}@example.org"));
    }
    Ok(())
}

#[tokio::test]
async fn the_past_is_not_booked_and_nothing_is_cancelled_twice() -> Result<()> {
    let db = TestDb::new("states").await?;
    let client = db.connect().await?;
    world(&client).await?;
    client
        .batch_execute("select test.book('a', '09:00')")
        .await?;
    let before = text(&client, LEFT).await?;
    let book = |start: &str| {
        format!("select booking.book(test.id(1), null, null, test.service('room'), {start})")
    };
    for start in [
        "date_trunc('hour', now()) - interval '1 day'",
        "date_trunc('hour', now())",
        "'2000-01-03 09:00+00'",
    ] {
        assert_eq!(code(&client, &book(start)).await?, "BK003", "{start}");
    }
    assert_eq!(text(&client, LEFT).await?, before);
    let cancel = "select booking.cancel(test.id(1), booking_id) from booking.booking";
    assert_eq!(code(&client, cancel).await?, "done");
    let after = text(&client, LEFT).await?;
    assert_eq!(code(&client, cancel).await?, "BK005");
    assert_eq!(
        text(&client, "select (booking.try_cancel(test.id(1), booking_id)).detail ->> 'status' from booking.booking").await?,
        "cancelled"
    );
    assert_eq!(text(&client, LEFT).await?, after);
    // Free at once, for somebody else.
    assert_eq!(
        text(&client, "select test.book('b', '09:00')").await?,
        "confirmed room"
    );
    Ok(())
}
