//! What a request did, for its line in the log: who asked, and how long the database took. It goes along with the request's
//! task, so that neither handlers nor extractors have to hand it on.

use std::future::Future;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

tokio::task_local! {
    static TALLY: Arc<Tally>;
}

/// What one request did so far.
#[derive(Default)]
pub struct Tally {
    caller: OnceLock<&'static str>,
    calls: AtomicU64,
    waited_us: AtomicU64,
    called_us: AtomicU64,
}

impl Tally {
    /// Runs a request whose doings go here.
    pub async fn of<T>(self: Arc<Self>, request: impl Future<Output = T>) -> T {
        TALLY.scope(self, request).await
    }

    /// The kind of whoever asks: visitor, signed-in, service; - where nobody looked.
    pub fn caller(&self) -> &'static str {
        self.caller.get().copied().unwrap_or("-")
    }

    /// Calls of the database.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Microseconds that a connection was waited for.
    pub fn waited_us(&self) -> u64 {
        self.waited_us.load(Ordering::Relaxed)
    }

    /// Microseconds that the database took.
    pub fn called_us(&self) -> u64 {
        self.called_us.load(Ordering::Relaxed)
    }
}

/// It is known who asks.
pub fn asked_by(kind: &'static str) {
    let _ = TALLY.try_with(|tally| tally.caller.set(kind));
}

/// A connection was waited for.
pub fn waited(elapsed: Duration) {
    let _ = TALLY.try_with(|tally| add(&tally.waited_us, elapsed));
}

/// The database was asked.
pub fn called(elapsed: Duration) {
    let _ = TALLY.try_with(|tally| {
        tally.calls.fetch_add(1, Ordering::Relaxed);
        add(&tally.called_us, elapsed);
    });
}

fn add(sum: &AtomicU64, elapsed: Duration) {
    sum.fetch_add(elapsed.as_micros() as u64, Ordering::Relaxed);
}
