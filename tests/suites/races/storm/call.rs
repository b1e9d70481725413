//! One call of a storm in a transaction of its own, in whatever isolation level, and what came of it.
use anyhow::Result;
use pg_booking_tests::Dice;
use tokio_postgres::{Client, error::SqlState};
use uuid::Uuid;

/// What a client was told. A refusal has a code; a failure that its caller may try again is none of the engine's.
pub struct Answer {
    pub bookings: Vec<Uuid>,
    pub hold: Option<Uuid>,
    pub code: Option<String>,
}

/// Runs one call in a transaction of its own, in some isolation level; now and then in a savepoint that is rolled back. None
/// where it came to nothing, so or by a failure that callers are told to expect. (A second call after the savepoint would be
/// one too many: who waited for the first waits for the end of the transaction, and may have what the second wants.)
pub async fn call(client: &mut Client, dice: &mut Dice, query: &str) -> Result<Option<Answer>> {
    let level = dice.of(&[
        "read committed",
        "read committed",
        "read committed",
        "repeatable read",
        "serializable",
    ]);
    let (savepoint, undone) = [
        ("", false),
        ("; savepoint s", false),
        ("; savepoint s", true),
    ][[0, 0, 0, 1, 1, 2][dice.roll(6)]];
    let outcome: Result<Option<Answer>, tokio_postgres::Error> = async {
        let transaction = client.transaction().await?;
        transaction
            .batch_execute(&format!(
                "set transaction isolation level {level}{savepoint}"
            ))
            .await?;
        let row = transaction.query_opt(query, &[]).await?;
        if undone {
            transaction.batch_execute("rollback to s").await?;
        }
        transaction.commit().await?;
        Ok(row.filter(|_| !undone).map(|row| Answer {
            bookings: row
                .try_get("booking_id")
                .map(|id: Option<Uuid>| id.into_iter().collect())
                .or_else(|_| row.try_get("bookings"))
                .unwrap_or_default(),
            hold: row.try_get("hold_id").ok().flatten(),
            code: row.try_get("code").ok().flatten(),
        }))
    }
    .await;
    match outcome {
        Ok(answer) => Ok(answer),
        // Another snapshot, or three seconds in a queue: on a busy machine a caller meets both.
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::LOCK_NOT_AVAILABLE)
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(anyhow::Error::new(error).context(query.to_owned())),
    }
}
