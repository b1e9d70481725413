//! Holds and bookings: how long a call takes when one, two, eight and thirty-two clients make them, beside the same rows by
//! plain INSERTs; one slot that sixty-four want; heartbeats. Read `shop` first.
use anyhow::Result;

use crate::report::Report;

/// A hold beside one INSERT.
mod bare;
/// Who calls.
mod caller;
/// The same calls by many clients.
mod calls;
/// A heartbeat beside one UPDATE.
mod heartbeat;
/// One slot that many want.
mod hot_slot;
/// A database of writes.
mod shop;

use caller::Work;
use shop::Shop;

/// The rows.
pub async fn run(report: &mut Report) -> Result<()> {
    let shop = Shop::new().await?;
    report.group("writes, a call", "pg_booking", "plain INSERTs");
    shop.compare(report, Work::Hold, "hold").await?;
    shop.compare(report, Work::BookHold, "book what is held")
        .await?;
    shop.compare(report, Work::Book, "book directly").await?;
    shop.bare(report).await?;
    shop.heartbeat(report).await?;
    shop.hot_slot(report).await
}
