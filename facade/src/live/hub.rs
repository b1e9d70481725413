//! Who looks at what. A viewer has a bounded place in the news of its service: whoever falls behind is let go, and comes
//! back with the id of the last event it had. Next: [`super::reader`].

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::stream::{Stream, unfold};
use tokio::sync::{Notify, broadcast, oneshot};
use tokio_util::sync::CancellationToken;

use super::event::{self, Frame, Held};
use super::place::{Place, Places};
use super::reader;
use crate::client::Client;
use crate::config;
use crate::db::Db;
use crate::meter::{Busy, Meter};
use crate::problem::Problem;

/// How many frames a viewer may be behind: some eight seconds of a service in which something happens all the time.
const BEHIND: usize = 32;

/// What is looked at: a tenant and a service, as they were named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    /// Slug or id of the tenant
    pub tenant: String,
    /// Slug or id of the service
    pub service: String,
}

impl Watch {
    /// True where it can be a name at all. Nothing else reaches the question that is asked for everybody.
    fn is_name(&self) -> bool {
        [&self.tenant, &self.service].iter().all(|name| {
            (1..=63).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    }
}

/// The live views of this process.
#[derive(Clone)]
pub struct Live(pub(super) Arc<Hub>);

/// What viewers and the reader share.
pub(super) struct Hub {
    pub db: Db,
    pub settings: config::Live,
    /// The process ends.
    pub ending: CancellationToken,
    meter: Meter,
    /// Somebody came.
    pub called: Notify,
    /// How often viewers were told something.
    pub told: AtomicU64,
    places: Places,
    room: Mutex<Room>,
    viewers: AtomicUsize,
}

/// Everything behind the lock, which is held for moments.
#[derive(Default)]
pub(super) struct Room {
    pub coming: Vec<Coming>,
    pub services: HashMap<Watch, Watched>,
    /// The id of what was read last.
    pub after: String,
    pub reading: bool,
}

/// Somebody who wants to look.
pub(super) struct Coming {
    pub watch: Watch,
    /// The id of the last event they had, if they were here before.
    pub last: Option<String>,
    pub answer: oneshot::Sender<Result<Seat, Problem>>,
}

/// What they hear first, and where the rest comes from.
pub(super) struct Seat {
    pub first: VecDeque<Bytes>,
    pub news: broadcast::Receiver<Bytes>,
}

/// A service that somebody looks at.
pub(super) struct Watched {
    pub news: broadcast::Sender<Bytes>,
    pub held: Held,
    /// All that is held, as of some id: many come at once.
    all: Option<(String, Bytes)>,
}

impl Watched {
    pub fn new(held: Held) -> Self {
        Self {
            news: broadcast::channel(BEHIND).0,
            held,
            all: None,
        }
    }

    /// Takes note of what is held now; what that is to the viewers.
    pub fn becomes(&mut self, held: Held) -> Option<event::HeldChanged> {
        let change = self.held.became(&held)?;
        self.held = held;
        self.all = None;
        Some(change)
    }

    /// All that is held, as an event.
    pub fn all(&mut self, id: &str) -> Bytes {
        match &self.all {
            Some((of, bytes)) if of == id => bytes.clone(),
            _ => {
                let mut frame = Frame::default();
                frame.push("held", id, &self.held.all());
                let bytes = frame.done().unwrap_or_default();
                self.all = Some((id.to_owned(), bytes.clone()));
                bytes
            }
        }
    }
}

impl Live {
    pub(super) fn with(
        db: Db,
        settings: &config::Live,
        meter: Meter,
        ending: CancellationToken,
    ) -> Self {
        Self(Arc::new(Hub {
            db,
            settings: settings.clone(),
            ending,
            meter,
            called: Notify::new(),
            told: AtomicU64::new(0),
            places: Places::new(settings.max_viewers, settings.max_address_viewers),
            room: Mutex::default(),
            viewers: AtomicUsize::new(0),
        }))
    }

    /// Grows before viewers hear of a change: whatever was asked at a lower number may not know of it yet.
    pub fn told(&self) -> u64 {
        self.0.told.load(Ordering::SeqCst)
    }

    /// A place at a service, from the last event that was had, or from now on. 404 for what the public does not see, 503 where
    /// there is no place, or the database is away.
    pub async fn join(
        &self,
        client: Option<Client>,
        watch: Watch,
        last: Option<String>,
    ) -> Result<Viewer, Problem> {
        if !watch.is_name() {
            return Err(Problem::not_found());
        } else if self.0.ending.is_cancelled() {
            return Err(Problem::unavailable(1));
        }
        let place = self.0.places.take(client)?;
        let (answer, seat) = oneshot::channel();
        {
            let mut room = self.0.room();
            room.coming.push(Coming {
                watch,
                last,
                answer,
            });
            if !room.reading {
                room.reading = true;
                tokio::spawn(reader::run(Arc::clone(&self.0)));
            }
        }
        self.0.called.notify_one();
        let Seat { mut first, news } = seat.await.map_err(|_| Problem::unavailable(1))??;
        first.push_front(event::retry(self.0.viewers.fetch_add(1, Ordering::Relaxed)));
        Ok(Viewer {
            first,
            news,
            _place: place,
            _counted: self.0.meter.viewer(),
        })
    }
}

impl Hub {
    pub fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets somebody in. From here on nothing is left out: whatever is told from now on they hear.
    pub fn seat(&self, newcomer: Coming, mut first: VecDeque<Bytes>, after: &str) {
        let mut room = self.room();
        // Gone between two reads of one turn.
        let seat = match room.services.get_mut(&newcomer.watch) {
            Some(service) => {
                first.push_back(service.all(after));
                Ok(Seat {
                    first,
                    news: service.news.subscribe(),
                })
            }
            None => Err(Problem::not_found()),
        };
        let _ = newcomer.answer.send(seat);
    }
}

/// Somebody who looks.
pub struct Viewer {
    first: VecDeque<Bytes>,
    news: broadcast::Receiver<Bytes>,
    _place: Place,
    _counted: Busy,
}

impl Viewer {
    /// The body of the answer. It ends where the viewer fell behind, the service is gone, or the process ends.
    pub fn frames(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        unfold(self, |mut viewer| async move {
            let frame = match viewer.first.pop_front() {
                Some(frame) => frame,
                None => viewer.news.recv().await.ok()?,
            };
            Some((Ok(frame), viewer))
        })
    }
}
