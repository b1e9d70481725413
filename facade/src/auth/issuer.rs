//! Where public keys come from, and how they stay known. One task reads them: at the start, now and then, and when a token
//! names a key that is not known, but never twice within the pause. So keys are rotated without a restart, whoever invents
//! key ids makes us ask no more often than that, and a token with a known key never waits. While the issuer is away the keys
//! that are known go on to count; what it has withdrawn counts no more, be it all of them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::jwks::KeySet;
use super::refused::Refused;
use super::settings::Settings;
use super::source::Source;

/// After a failure it is tried again sooner than it would be otherwise.
const AGAIN: Duration = Duration::from_secs(30);

/// An issuer whose keys are read by a task that ends with this.
pub(super) struct Issuer {
    known: watch::Receiver<Known>,
    wanted: Arc<Notify>,
    _reader: AbortOnDropHandle<()>,
}

/// What is known after so many readings.
#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    /// The end of the pause after the last reading.
    rested: Option<Instant>,
}

impl Issuer {
    /// None is set up: none.
    pub(super) fn new(settings: &Settings) -> Result<Option<Self>, Box<dyn std::error::Error>> {
        let Some(place) = &settings.jwks_url else {
            return Ok(None);
        };
        let source = Source::new(place)?;
        if settings.jwt_audience.is_empty() && settings.jwt_issuer.is_empty() {
            warn!(
                "every token of this issuer is accepted, whatever it was made for: set BOOKING_JWT_AUDIENCE, unless \
                 the issuer is this site's alone"
            );
        }
        let (publish, known) = watch::channel(Known::default());
        let wanted = Arc::new(Notify::new());
        let reader = Reader {
            source,
            publish,
            wanted: Arc::clone(&wanted),
            refresh: settings.jwks_refresh,
            pause: settings.jwks_pause,
        };
        Ok(Some(Self {
            known,
            wanted,
            _reader: AbortOnDropHandle::new(tokio::spawn(reader.run())),
        }))
    }

    /// The key with this id for this algorithm. One that is not known is asked for, and waited for if the issuer may be asked.
    pub(super) async fn key(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, Refused> {
        let mut known = self.known.clone();
        let first = known.borrow_and_update().clone();
        match first.find(id, algorithm) {
            Err(Refused::UnknownKey | Refused::IssuerAway) => {}
            found => return found,
        }
        if first.rested.is_none_or(|rested| rested <= Instant::now()) {
            self.wanted.notify_one();
            // As long as a reading takes, which is bounded. The reader cannot be gone: it ends with us.
            let _ = known.changed().await;
        }
        known.borrow().find(id, algorithm)
    }
}

impl Known {
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Refused> {
        match &self.keys {
            Some(keys) => keys.find(id, algorithm).cloned(),
            None => Err(Refused::IssuerAway),
        }
    }
}

struct Reader {
    source: Source,
    publish: watch::Sender<Known>,
    wanted: Arc<Notify>,
    refresh: Duration,
    pause: Duration,
}

impl Reader {
    async fn run(self) {
        loop {
            let read = self.source.read().await;
            let next = match &read {
                Ok(_) => self.refresh,
                Err(reason) => {
                    warn!(
                        reason,
                        "the keys of the issuer cannot be read; those that are known count"
                    );
                    self.refresh.min(AGAIN)
                }
            };
            self.publish.send_modify(|known| {
                if let Ok(keys) = read {
                    let had_some = known.keys.as_ref().map(|keys| !keys.is_empty());
                    match (keys.is_empty(), had_some) {
                        // Said once, not at each reading.
                        (true, None | Some(true)) => warn!(
                            "the issuer publishes no public key to verify signatures with (RSA of 2048 bits or more, EC, \
                             Ed25519): no token of its own counts until it does"
                        ),
                        (false, None | Some(false)) => info!("the keys of the issuer are known"),
                        _ => {}
                    }
                    known.keys = Some(Arc::new(keys));
                }
                known.rested = Some(Instant::now() + self.pause);
            });
            // Whoever asked for this reading while it was under way has it now.
            let _ = self.wanted.notified().now_or_never();
            sleep(self.pause).await;
            tokio::select! {
                () = self.wanted.notified() => {}
                () = sleep(next.saturating_sub(self.pause)) => {}
            }
        }
    }
}
