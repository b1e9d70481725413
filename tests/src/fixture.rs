//! The small world of `tests/isolation/fixture.sql`, for those who race in it or break something around it.
use anyhow::{Result, ensure};
use tokio_postgres::Client;

/// What makes it: the helpers, and `test.world()`, which begins anew.
pub const FIXTURE: &str = include_str!("../isolation/fixture.sql");

/// Makes that world in an empty database.
///
/// # Errors
/// When the server refuses.
pub async fn world(client: &Client) -> Result<()> {
    client.batch_execute(FIXTURE).await?;
    client.batch_execute("call test.world()").await?;
    Ok(())
}

/// The one text that a query gives.
///
/// # Errors
/// When the query fails.
pub async fn text(client: &Client, query: &str) -> Result<String> {
    Ok(client.query_one(query, &[]).await?.get(0))
}

/// That nothing in it is as it must never be.
///
/// # Errors
/// When something is.
pub async fn sound(client: &Client) -> Result<()> {
    let rows = client.query("select what from test.wrong", &[]).await?;
    let wrong: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
