//! What a call leaves, and how it fails: what every test here asks.
use anyhow::{Context, Result};
use tokio_postgres::Client;

/// Rows that a call could leave behind, and those that are wrong.
pub const LEFT: &str = "select format('%s holds, %s claims, %s bookings, %s assigned, %s events, %s counted, wrong: %s',
    (select count(*) from booking.hold), (select count(*) from booking.claim), (select count(*) from booking.booking),
    (select count(*) from booking.booking_resource), (
        select count(*) from booking.booking_event where kind <> 'refused'),
    (select sum(booked) from booking.requirement_resource), (select string_agg(what, '; ') from test.wrong))";

/// The SQLSTATE with which a statement fails, or "done".
pub async fn code(client: &Client, query: &str) -> Result<String> {
    match client.batch_execute(query).await {
        Ok(()) => Ok("done".to_owned()),
        Err(error) => Ok(error
            .code()
            .with_context(|| format!("{query}: {error:?}"))?
            .code()
            .to_owned()),
    }
}
