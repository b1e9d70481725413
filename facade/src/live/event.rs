//! What is sent, in the format of server-sent events. axum's own `Event` belongs to one response; these are encoded once,
//! for every viewer of a service.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::instant::Instant;

/// `event: slots`: starts that may have come or gone, `from <= starts_at < to`, so ask for these again. Both null: any.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct SlotsChanged {
    /// Only with this resource; null: with any
    pub resource_id: Option<Uuid>,
    /// The first start
    pub from: Option<Instant>,
    /// After the last one
    pub to: Option<Instant>,
}

/// What live holds keep of a resource, with buffers.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HeldSpan {
    /// Null where it is not public
    pub resource_id: Option<Uuid>,
    /// Where it begins
    pub starts_at: Instant,
    /// Where it ends
    pub ends_at: Instant,
    /// Until when, unless it is renewed; of several the last
    pub expires_at: Instant,
    /// How many units or seats
    pub count: i32,
}

/// `event: held`: how what is held has changed. The first one of a stream has `all`: forget what was held before.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct HeldChanged {
    /// These are all
    pub all: bool,
    /// Held now
    pub added: Vec<HeldSpan>,
    /// Held for another time, or of another count
    pub renewed: Vec<HeldSpan>,
    /// Held no longer
    pub gone: Vec<HeldSpan>,
}

type Span = (Instant, Instant, Option<Uuid>);

/// All that is held of a service.
#[derive(Debug, Default, PartialEq)]
pub struct Held(BTreeMap<Span, HeldSpan>);

impl FromIterator<HeldSpan> for Held {
    fn from_iter<I: IntoIterator<Item = HeldSpan>>(spans: I) -> Self {
        let mut held = Self::default();
        spans.into_iter().for_each(|span| held.insert(span));
        held
    }
}

impl Held {
    /// Takes a span up.
    pub fn insert(&mut self, span: HeldSpan) {
        let key = (span.starts_at, span.ends_at, span.resource_id);
        self.0.insert(key, span);
    }

    /// What a viewer hears first.
    pub fn all(&self) -> HeldChanged {
        HeldChanged {
            all: true,
            added: self.0.values().cloned().collect(),
            ..HeldChanged::default()
        }
    }

    /// What became of it; `None` if nothing did. A renewal and a lapse write nothing, so only this shows them.
    pub fn became(&self, now: &Self) -> Option<HeldChanged> {
        let mut change = HeldChanged::default();
        for (key, span) in &now.0 {
            match self.0.get(key) {
                None => change.added.push(span.clone()),
                Some(before) if before != span => change.renewed.push(span.clone()),
                Some(_) => {}
            }
        }
        let gone = self.0.iter().filter(|(key, _)| !now.0.contains_key(key));
        change.gone.extend(gone.map(|(_, span)| span.clone()));
        (change != HeldChanged::default()).then_some(change)
    }
}

/// Some events that go out together.
#[derive(Default)]
pub struct Frame(BytesMut);

impl Frame {
    /// Adds an event.
    pub fn push(&mut self, event: &str, id: &str, data: &impl Serialize) {
        // Its data are numbers, ids and times: this cannot fail, and has no line break.
        let data = serde_json::to_string(data).unwrap_or_default();
        let _ = write!(self.0, "event: {event}\nid: {id}\ndata: {data}\n\n");
    }

    /// Adds `event: reset`, which says it all by its name.
    pub fn reset(&mut self, id: &str) {
        self.push("reset", id, &Nothing {});
    }

    /// The bytes, if there are any; from here on they are shared.
    pub fn done(self) -> Option<Bytes> {
        (!self.0.is_empty()).then(|| self.0.freeze())
    }
}

#[derive(Serialize)]
struct Nothing {}

/// A sign of life. Without data nobody is told, and its id is remembered all the same: whoever looks at a quiet service does
/// not fall behind.
pub fn alive(id: &str) -> Bytes {
    format!(": alive\nid: {id}\n\n").into()
}

/// After how many milliseconds to come back where the stream ends: not all at once.
pub fn retry(viewer: usize) -> Bytes {
    const RETRY: [&[u8]; 8] = [
        b"retry: 1000\n\n",
        b"retry: 1250\n\n",
        b"retry: 1500\n\n",
        b"retry: 1750\n\n",
        b"retry: 2000\n\n",
        b"retry: 2250\n\n",
        b"retry: 2500\n\n",
        b"retry: 2750\n\n",
    ];
    Bytes::from_static(RETRY[viewer % RETRY.len()])
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    fn span(hour: u32, expires: u32, count: i32) -> HeldSpan {
        let at = |hour| Instant(Utc.with_ymd_and_hms(2100, 1, 4, hour, 0, 0).unwrap());
        HeldSpan {
            resource_id: None,
            starts_at: at(hour),
            ends_at: at(hour + 1),
            expires_at: at(expires),
            count,
        }
    }

    #[test]
    fn what_is_held_is_added_renewed_and_gone() {
        let before: Held = [
            span(9, 1, 1),
            span(10, 1, 1),
            span(11, 1, 2),
            span(12, 1, 1),
        ]
        .into_iter()
        .collect();
        let now: Held = [
            span(9, 1, 1),
            span(10, 2, 1),
            span(11, 1, 1),
            span(13, 1, 1),
        ]
        .into_iter()
        .collect();
        let change = before.became(&now).unwrap();
        assert_eq!(change.added, [span(13, 1, 1)]);
        assert_eq!(change.renewed, [span(10, 2, 1), span(11, 1, 1)]);
        assert_eq!(change.gone, [span(12, 1, 1)]);
        assert!(!change.all);
        assert_eq!(now.became(&now), None);
        assert_eq!(now.all().added.len(), 4);
    }

    #[test]
    fn a_frame_is_made_of_events_with_their_ids() {
        let mut frame = Frame::default();
        assert_eq!(Frame::default().done(), None);
        let changed = SlotsChanged {
            resource_id: None,
            from: None,
            to: None,
        };
        frame.push("slots", "e-1", &changed);
        frame.reset("e-2");
        assert_eq!(
            frame.done().unwrap(),
            "event: slots\nid: e-1\ndata: {\"resource_id\":null,\"from\":null,\"to\":null}\n\n\
             event: reset\nid: e-2\ndata: {}\n\n"
        );
    }
}
