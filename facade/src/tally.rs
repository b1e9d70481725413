//! What a request did, for its line in the log and for what it is told if it takes too long: who asked, how long the database
//! took, whether the body is there. It goes along with the request's
//! task, so that neither handlers nor extractors have to hand it on.

use std::future::Future;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

tokio::task_local! {
    static TALLY: Arc<Tally>;
}

/// What one request did so far.
#[derive(Default)]
pub struct Tally {
    caller: OnceLock<&'static str>,
    reads: AtomicBool,
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

/// Reads the body, before which nothing of what a request asks for is begun.
pub async fn reading<T>(body: impl Future<Output = T>) -> T {
    let reads = |now| {
        let _ = TALLY.try_with(|tally| tally.reads.store(now, Ordering::Relaxed));
    };
    reads(true);
    let body = body.await;
    reads(false);
    body
}

/// Whether the body is not there yet.
pub fn waits_for_body() -> bool {
    TALLY
        .try_with(|tally| tally.reads.load(Ordering::Relaxed))
        .unwrap_or_default()
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
