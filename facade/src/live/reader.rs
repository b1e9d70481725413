//! The one task that reads for all viewers. It begins with the first one and ends with the last one; a database that is
//! away is asked again, from where it was, and the streams stay open meanwhile.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use tracing::{info, warn};
use uuid::Uuid;

use super::event::{self, Frame, Held, HeldSpan, SlotsChanged};
use super::hub::{Coming, Hub, Seat, Watch, Watched};
use crate::caller::Caller;
use crate::instant;
use crate::problem::Problem;

const FEED: &str = "
    select f.after, f.seen, f.reset, f.more, f.gone,
           s.service as slots_service, s.resource_id as slots_resource, s.from_ts, s.to_ts,
           h.service as held_service, h.resource_id as held_resource, h.starts_at, h.ends_at, h.expires_at, h.claims
    from booking_api.feed(tenants => $1, services => $2, after => $3, seen => $4) f
    cross join lateral (
        select coalesce(array_agg(x.service), '{}') as service, coalesce(array_agg(x.resource_id), '{}') as resource_id,
               coalesce(array_agg(x.from_ts), '{}') as from_ts, coalesce(array_agg(x.to_ts), '{}') as to_ts
        from unnest(f.slots) x) s
    cross join lateral (
        select coalesce(array_agg(x.service), '{}') as service, coalesce(array_agg(x.resource_id), '{}') as resource_id,
               coalesce(array_agg(x.starts_at), '{}') as starts_at, coalesce(array_agg(x.ends_at), '{}') as ends_at,
               coalesce(array_agg(x.expires_at), '{}') as expires_at, coalesce(array_agg(x.claims), '{}') as claims
        from unnest(f.held) x) h";

/// Between two reads that newcomers cause: meanwhile more of them come, and are served together.
const GATHER: Duration = Duration::from_millis(25);

/// How many services one call may ask for.
const WATCHED: usize = 10_000;

/// How many different ids are gone back to in one turn; after a restart all viewers come with a few.
const RESUMED: usize = 16;

/// How many reads of a thousand changes one id is gone back for; meanwhile nobody is told anything.
const CAUGHT_UP: usize = 8;

/// Where the reader is: the id of what it read last, and what it had beyond.
struct Place {
    after: String,
    seen: Vec<i64>,
}

/// What a call of SQL said.
struct News {
    place: Place,
    reset: bool,
    more: bool,
    /// What is unknown, or not for the public, by its place among what was asked for.
    gone: Vec<bool>,
    slots: Vec<Vec<SlotsChanged>>,
    held: Vec<Held>,
}

/// Ends the streams where the task ends before they do. Whoever looked comes back, and there is another one.
struct Reading {
    hub: Arc<Hub>,
    over: bool,
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.over {
            let mut room = self.hub.room();
            room.reading = false;
            room.coming.clear();
            room.services.clear();
        }
    }
}

/// Reads until nobody looks any more.
pub(super) async fn run(hub: Arc<Hub>) {
    let mut reading = Reading { hub, over: false };
    tokio::select! {
        () = read(&reading.hub) => {}
        () = keep_alive(&reading.hub) => {}
        () = reading.hub.ending.cancelled() => return,
    }
    reading.over = true;
    reading.hub.db.rest();
}

async fn keep_alive(hub: &Hub) {
    let mut ticks = interval(hub.settings.keep_alive);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let room = hub.room();
        let alive = event::alive(&room.after);
        for service in room.services.values() {
            let _ = service.news.send(alive.clone());
        }
    }
}

async fn read(hub: &Hub) {
    let mut place = None;
    let mut away = false;
    loop {
        let next = Instant::now() + hub.settings.interval;
        let coming = std::mem::take(&mut hub.room().coming);
        match turn(hub, &mut place, coming).await {
            Ok(()) if away => {
                info!("changes are read again");
                away = false;
            }
            Ok(()) => {}
            Err(problem) if !away => {
                warn!(status = %problem.status, "changes cannot be read");
                away = true;
            }
            Err(_) => {}
        }
        {
            let mut room = hub.room();
            room.services
                .retain(|_, service| service.news.receiver_count() > 0);
            if room.services.is_empty() && room.coming.is_empty() {
                // Under the lock: whoever comes now begins anew.
                room.reading = false;
                return;
            }
        }
        tokio::select! {
            () = sleep_until(next) => {}
            () = hub.called.notified() => sleep(GATHER).await,
        }
    }
}

/// One read for all who look and all who come; then those who were here before are told what they missed.
async fn turn(hub: &Hub, place: &mut Option<Place>, coming: Vec<Coming>) -> Result<(), Problem> {
    let mut watched: HashSet<Watch> = hub.room().services.keys().cloned().collect();
    let (coming, beyond): (Vec<_>, Vec<_>) = coming.into_iter().partition(|newcomer| {
        watched.contains(&newcomer.watch)
            || watched.len() < WATCHED && watched.insert(newcomer.watch.clone())
    });
    for newcomer in beyond {
        let _ = newcomer.answer.send(Err(Problem::unavailable(5)));
    }
    let watched: Vec<Watch> = watched.into_iter().collect();
    let gone = loop {
        let news = match feed(hub, &watched, place.as_ref()).await {
            Ok(news) => news,
            Err(problem) => {
                for newcomer in coming {
                    let _ = newcomer.answer.send(Err(problem.clone()));
                }
                return Err(problem);
            }
        };
        let News {
            place: now,
            reset,
            more,
            gone,
            slots,
            held,
        } = news;
        tell(
            hub,
            &watched,
            place.as_ref(),
            &now.after,
            reset,
            (&gone, slots, held),
        );
        *place = Some(now);
        if !more {
            break gone;
        }
    };
    let gone: HashMap<&Watch, bool> = watched.iter().zip(gone).collect();
    let mut resuming: HashMap<String, Vec<Coming>> = HashMap::new();
    let after = place.as_ref().map_or("", |place| place.after.as_str());
    for newcomer in coming {
        match &newcomer.last {
            _ if gone.get(&newcomer.watch) == Some(&true) => {
                let _ = newcomer.answer.send(Err(Problem::not_found()));
            }
            // Also with the id of what was read last: some of what came after it may have been told under the same id.
            Some(last) => {
                resuming.entry(last.clone()).or_default().push(newcomer);
            }
            None => seat(hub, newcomer, VecDeque::new(), after),
        }
    }
    catch_up(hub, resuming).await
}

/// Tells those who look what changed. Of several events only the last has the new id: whoever is cut in between hears all of
/// them again.
fn tell(
    hub: &Hub,
    watched: &[Watch],
    before: Option<&Place>,
    after: &str,
    reset: bool,
    (gone, slots, held): (&[bool], Vec<Vec<SlotsChanged>>, Vec<Held>),
) {
    let before = before.map(|place| place.after.as_str());
    let mut room = hub.room();
    room.after = after.to_owned();
    for (((watch, gone), slots), held) in watched.iter().zip(gone).zip(slots).zip(held) {
        if *gone {
            room.services.remove(watch);
            continue;
        }
        let Some(service) = room.services.get_mut(watch) else {
            room.services.insert(watch.clone(), Watched::new(held));
            continue;
        };
        let change = service.becomes(held);
        let mut frame = Frame::default();
        if reset {
            frame.push("reset", after, &Nothing {});
            frame.push("held", after, &service.held.all());
        } else {
            let last = slots.len() - usize::from(change.is_none() && !slots.is_empty());
            for (number, slots) in slots.iter().enumerate() {
                let id = if number == last {
                    after
                } else {
                    before.unwrap_or(after)
                };
                frame.push("slots", id, slots);
            }
            if let Some(change) = change {
                frame.push("held", after, &change);
            }
        }
        if let Some(frame) = frame.done() {
            let _ = service.news.send(frame);
        }
    }
}

/// The data of an event that says it all by its name.
#[derive(serde::Serialize)]
struct Nothing {}

/// Lets somebody in. From here on nothing is left out: whatever is told from now on they hear.
fn seat(hub: &Hub, newcomer: Coming, mut first: VecDeque<bytes::Bytes>, after: &str) {
    let mut room = hub.room();
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

/// Those who were here before, by the ids that they come with, first where there are most.
async fn catch_up(hub: &Hub, resuming: HashMap<String, Vec<Coming>>) -> Result<(), Problem> {
    let mut groups: Vec<_> = resuming.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    let later = groups.split_off(groups.len().min(RESUMED));
    for (last, group) in groups {
        let watched: HashSet<Watch> = group
            .iter()
            .map(|newcomer| newcomer.watch.clone())
            .collect();
        let watched: Vec<Watch> = watched.into_iter().collect();
        let mut missed: Vec<Frame> = watched.iter().map(|_| Frame::default()).collect();
        let mut place = Place {
            after: last.clone(),
            seen: Vec::new(),
        };
        let mut reads = 0;
        loop {
            let news = match feed(hub, &watched, Some(&place)).await {
                Ok(news) => news,
                Err(problem) => {
                    for newcomer in group {
                        let _ = newcomer.answer.send(Err(problem.clone()));
                    }
                    return Err(problem);
                }
            };
            for (frame, slots) in missed.iter_mut().zip(&news.slots) {
                if news.reset {
                    frame.push("reset", &news.place.after, &Nothing {});
                }
                for slots in slots {
                    frame.push("slots", &last, slots);
                }
            }
            place = news.place;
            reads += 1;
            if !news.more {
                break;
            }
            if reads == CAUGHT_UP {
                // To begin again is less than that. They go on from what everybody was told last.
                place.after = hub.room().after.clone();
                for frame in &mut missed {
                    *frame = Frame::default();
                    frame.push("reset", &place.after, &Nothing {});
                }
                break;
            }
        }
        let missed: HashMap<Watch, Option<bytes::Bytes>> = watched
            .into_iter()
            .zip(missed.into_iter().map(Frame::done))
            .collect();
        for newcomer in group {
            let first = missed.get(&newcomer.watch).cloned().flatten();
            seat(hub, newcomer, first.into_iter().collect(), &place.after);
        }
    }
    if !later.is_empty() {
        let mut room = hub.room();
        room.coming
            .extend(later.into_iter().flat_map(|(_, group)| group));
        hub.called.notify_one();
    }
    Ok(())
}

/// One call for all of them. It writes only where the epoch of the feed is still to be chosen.
async fn feed(hub: &Hub, watched: &[Watch], place: Option<&Place>) -> Result<News, Problem> {
    let tenants: Vec<&str> = watched.iter().map(|watch| watch.tenant.as_str()).collect();
    let services: Vec<&str> = watched.iter().map(|watch| watch.service.as_str()).collect();
    let after = place.map(|place| place.after.as_str());
    let seen = place.map(|place| place.seen.as_slice());
    let row = hub
        .db
        .write(
            &Caller::ITSELF,
            FEED,
            &[
                (&tenants, Type::TEXT_ARRAY),
                (&services, Type::TEXT_ARRAY),
                (&after, Type::TEXT),
                (&seen, Type::INT8_ARRAY),
            ],
        )
        .await
        // Nothing of a viewer's is in doubt: there is a next time.
        .map_err(|problem| match problem.status {
            StatusCode::SERVICE_UNAVAILABLE => Problem::unavailable(5),
            _ => problem,
        })?;
    Ok(News::read(&row, watched.len())?)
}

impl News {
    fn read(row: &Row, watched: usize) -> Result<Self, tokio_postgres::Error> {
        let mut gone = vec![false; watched];
        for number in row.try_get::<_, Vec<i32>>("gone")? {
            if let Some(gone) = gone.get_mut(number as usize - 1) {
                *gone = true;
            }
        }
        let mut slots: Vec<_> = (0..watched).map(|_| Vec::new()).collect();
        let resources: Vec<Option<Uuid>> = row.try_get("slots_resource")?;
        let from: Vec<Option<instant::Instant>> = row.try_get("from_ts")?;
        let to: Vec<Option<instant::Instant>> = row.try_get("to_ts")?;
        let of: Vec<i32> = row.try_get("slots_service")?;
        for (((number, resource_id), from), to) in of.into_iter().zip(resources).zip(from).zip(to) {
            if let Some(slots) = slots.get_mut(number as usize - 1) {
                slots.push(SlotsChanged {
                    resource_id,
                    from,
                    to,
                });
            }
        }
        let mut held: Vec<_> = (0..watched).map(|_| Vec::new()).collect();
        let resources: Vec<Option<Uuid>> = row.try_get("held_resource")?;
        let starts: Vec<instant::Instant> = row.try_get("starts_at")?;
        let ends: Vec<instant::Instant> = row.try_get("ends_at")?;
        let expires: Vec<instant::Instant> = row.try_get("expires_at")?;
        let claims: Vec<i32> = row.try_get("claims")?;
        let of: Vec<i32> = row.try_get("held_service")?;
        let spans = resources
            .into_iter()
            .zip(starts)
            .zip(ends)
            .zip(expires)
            .zip(claims);
        for (number, ((((resource_id, starts_at), ends_at), expires_at), count)) in
            of.into_iter().zip(spans)
        {
            if let Some(held) = held.get_mut(number as usize - 1) {
                held.push(HeldSpan {
                    resource_id,
                    starts_at,
                    ends_at,
                    expires_at,
                    count,
                });
            }
        }
        Ok(Self {
            place: Place {
                after: row
                    .try_get::<_, Option<String>>("after")?
                    .unwrap_or_default(),
                seen: row.try_get("seen")?,
            },
            reset: row.try_get("reset")?,
            more: row.try_get("more")?,
            gone,
            slots,
            held: held.into_iter().map(Held::from_iter).collect(),
        })
    }
}
