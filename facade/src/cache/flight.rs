//! One query for all who ask the same at the same time. Whoever comes first asks the database, and all who come before its
//! answer wait for that. If the first one hangs up, the next takes over. An error is told to all who waited and not kept.

use std::future::Future;
use std::time::Duration;

use moka::future::Cache;
use sha2::{Digest, Sha256};
use tokio_postgres::types::private::BytesMut;

use super::Answer;
use crate::db::Param;
use crate::problem::Problem;

/// What is kept at most, in bytes: some hundred months of a busy calendar.
const ROOM: u64 = 64 << 20;

/// The queries that are under way, and the answers that are kept.
#[derive(Clone)]
pub struct Flights {
    answers: Cache<[u8; 32], Answer>,
}

impl Flights {
    /// Answers are kept for so long; zero: not at all.
    pub fn new(kept: Duration) -> Self {
        let answers = Cache::builder()
            .max_capacity(ROOM)
            .weigher(|_, answer: &Answer| {
                u32::try_from(answer.body.len() + 128).unwrap_or(u32::MAX)
            })
            .time_to_live(kept)
            .build();
        Self { answers }
    }

    /// The answer to a query, by this or by whoever asked the same before, at the same state of what viewers were told.
    pub async fn join(
        &self,
        told: u64,
        sql: &str,
        params: &[Param<'_>],
        read: impl Future<Output = Result<Answer, Problem>>,
    ) -> Result<Answer, Problem> {
        let key = key(told, sql, params)?;
        self.answers
            .try_get_with(key, read)
            .await
            .map_err(|problem| (*problem).clone())
    }
}

/// What the database would be asked, byte by byte: requests that differ in anything that it sees share nothing.
fn key(told: u64, sql: &str, params: &[Param<'_>]) -> Result<[u8; 32], Problem> {
    let mut hash = Sha256::new();
    hash.update(told.to_le_bytes());
    hash.update((sql.len() as u64).to_le_bytes());
    hash.update(sql);
    for (value, ty) in params {
        let mut bytes = BytesMut::new();
        let null = value
            .to_sql_checked(ty, &mut bytes)
            .map_err(|_| Problem::internal())?;
        hash.update([matches!(null, tokio_postgres::types::IsNull::Yes).into()]);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tokio::sync::Notify;
    use tokio::task::yield_now;
    use tokio_postgres::types::Type;

    use super::*;

    fn answer(text: &str) -> Result<Answer, Problem> {
        Ok(Answer::new(text.into()))
    }

    #[test]
    fn a_key_is_all_that_is_asked() {
        let of = |sql: &str, a: Option<&str>, b: Option<&str>| {
            key(0, sql, &[(&a, Type::TEXT), (&b, Type::TEXT)]).unwrap()
        };
        let one = of("q", Some("ab"), Some("c"));
        assert_eq!(one, of("q", Some("ab"), Some("c")));
        for other in [
            of("r", Some("ab"), Some("c")),
            of("q", Some("a"), Some("bc")),
            of("q", Some("ab"), None),
            of("q", Some("ab"), Some("")),
        ] {
            assert_ne!(one, other);
        }
        assert_ne!(key(1, "q", &[]).unwrap(), key(2, "q", &[]).unwrap());
    }

    #[tokio::test]
    async fn nothing_is_kept_unless_that_is_wanted() {
        for (kept, asked) in [(Duration::ZERO, 2), (Duration::from_secs(5), 1)] {
            let (flights, count) = (Flights::new(kept), AtomicUsize::new(0));
            for _ in 0..2 {
                let read = async {
                    count.fetch_add(1, SeqCst);
                    answer("a")
                };
                flights.join(0, "q", &[], read).await.unwrap();
            }
            assert_eq!(count.load(SeqCst), asked);
        }
    }

    #[tokio::test]
    async fn an_error_is_shared_and_not_kept() {
        let flights = Flights::new(Duration::from_secs(5));
        let failed = flights
            .join(0, "q", &[], async { Err(Problem::unavailable(1)) })
            .await;
        assert_eq!(failed.unwrap_err(), Problem::unavailable(1));
        assert!(
            flights
                .join(0, "q", &[], async { answer("a") })
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn who_waits_for_somebody_who_hangs_up_is_answered() {
        let flights = Arc::new(Flights::new(Duration::ZERO));
        let never = Arc::new(Notify::new());
        let first = tokio::spawn({
            let (flights, never) = (flights.clone(), never.clone());
            async move {
                let read = async {
                    never.notified().await;
                    answer("first")
                };
                flights.join(0, "q", &[], read).await
            }
        });
        yield_now().await;
        let second = tokio::spawn({
            let flights = flights.clone();
            async move { flights.join(0, "q", &[], async { answer("second") }).await }
        });
        yield_now().await;
        assert!(!second.is_finished());
        first.abort();
        let answered = tokio::time::timeout(Duration::from_secs(10), second).await;
        assert_eq!(answered.unwrap().unwrap().unwrap().body, "second");
    }
}
