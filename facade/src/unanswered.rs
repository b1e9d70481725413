//! What becomes of a connection whose caller hangs up before the database has answered: it goes back to the pool when the server
//! is done with it, so that nobody else waits for an answer that nobody wants. Beside [`crate::db`].

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio::runtime::Handle;

/// A call under way. Dropped before [`Unanswered::answered`], it keeps the connection for as long as the call takes.
pub struct Unanswered {
    client: Option<Arc<Object>>,
    limit: Duration,
}

impl Unanswered {
    /// A call that takes so long at most.
    pub fn new(client: Arc<Object>, limit: Duration) -> Self {
        let client = Some(client);
        Self { client, limit }
    }

    /// It is over.
    pub fn answered(&mut self) {
        self.client = None;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let Some((client, runtime)) = self.client.take().zip(Handle::try_current().ok()) else {
            return;
        };
        let limit = self.limit;
        runtime.spawn(async move {
            // Answered after all that was sent before.
            let idle = tokio::time::timeout(limit, client.batch_execute("")).await;
            if !matches!(idle, Ok(Ok(()))) {
                throw_away(client);
            }
        });
    }
}

/// Closes a connection that is of no more use.
pub fn throw_away(client: Arc<Object>) {
    if let Some(client) = Arc::into_inner(client) {
        drop(Object::take(client));
    }
}
