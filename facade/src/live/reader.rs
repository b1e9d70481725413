//! The one task that reads for all viewers. It begins with the first one and ends with the last one; a database that is
//! away is asked again, from where it was, and the streams stay open meanwhile. What it reads: [`super::news`]; whoever comes
//! back is told first what it missed: [`super::resume`].

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tracing::{info, warn};

use super::event::{self, Frame};
use super::hub::{Coming, Hub, Watch, Watched};
use super::news::{Mark, News, ServiceNews};
use super::resume::catch_up;
use crate::problem::Problem;

/// Between two reads that newcomers cause: meanwhile more of them come, and are served together.
const GATHER: Duration = Duration::from_millis(25);

/// How many services one call may ask for.
const WATCHED: usize = 10_000;

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
    let mut mark = None;
    let mut away = false;
    loop {
        let next = Instant::now() + hub.settings.interval;
        let coming = std::mem::take(&mut hub.room().coming);
        match turn(hub, &mut mark, coming).await {
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
async fn turn(hub: &Hub, mark: &mut Option<Mark>, coming: Vec<Coming>) -> Result<(), Problem> {
    let mut watched: HashSet<Watch> = hub.room().services.keys().cloned().collect();
    let (coming, beyond): (Vec<_>, Vec<_>) = coming.into_iter().partition(|newcomer| {
        watched.contains(&newcomer.watch)
            || watched.len() < WATCHED && watched.insert(newcomer.watch.clone())
    });
    for newcomer in beyond {
        let _ = newcomer.answer.send(Err(Problem::unavailable(5)));
    }
    let watched: Vec<Watch> = watched.into_iter().collect();
    let (gone, after) = match tell_all(hub, &watched, mark).await {
        Ok(told) => told,
        Err(problem) => {
            for newcomer in coming {
                let _ = newcomer.answer.send(Err(problem.clone()));
            }
            return Err(problem);
        }
    };
    let mut resuming: HashMap<String, Vec<Coming>> = HashMap::new();
    for newcomer in coming {
        match &newcomer.last {
            _ if gone.contains(&newcomer.watch) => {
                let _ = newcomer.answer.send(Err(Problem::not_found()));
            }
            // Also with the id of what was read last: some of what came after it may have been told under the same id.
            Some(last) => {
                resuming.entry(last.clone()).or_default().push(newcomer);
            }
            None => hub.seat(newcomer, VecDeque::new(), &after),
        }
    }
    catch_up(hub, resuming).await
}

/// Reads all that there is and tells it. Which services are not there, and the id of what came last.
async fn tell_all<'a>(
    hub: &Hub,
    watched: &'a [Watch],
    mark: &mut Option<Mark>,
) -> Result<(HashSet<&'a Watch>, String), Problem> {
    loop {
        let news = News::since(&hub.db, watched, mark.as_ref()).await?;
        let services = watched.iter().zip(&news.services);
        let gone = services
            .filter(|(_, service)| service.gone)
            .map(|(watch, _)| watch)
            .collect();
        let after = news.mark.after.clone();
        let before = mark.replace(news.mark).map(|mark| mark.after);
        let before = before.as_deref().unwrap_or(&after);
        tell(hub, watched, news.services, news.reset, before, &after);
        if !news.more {
            return Ok((gone, after));
        }
    }
}

/// Tells those who look what changed.
fn tell(
    hub: &Hub,
    watched: &[Watch],
    news: Vec<ServiceNews>,
    reset: bool,
    before: &str,
    after: &str,
) {
    let mut room = hub.room();
    room.after = after.to_owned();
    for (watch, news) in watched.iter().zip(news) {
        if news.gone {
            room.services.remove(watch);
            continue;
        }
        let Some(service) = room.services.get_mut(watch) else {
            // What changed before nobody was told, and whoever comes now reads once more.
            hub.told.fetch_add(1, Ordering::SeqCst);
            room.services.insert(watch.clone(), Watched::new(news.held));
            continue;
        };
        let frame = frame(service, news, reset, before, after);
        if let Some(frame) = frame.done() {
            hub.told.fetch_add(1, Ordering::SeqCst);
            let _ = service.news.send(frame);
        }
    }
}

/// What the viewers of a service are told. Of several events only the last has the new id: whoever is cut in between hears all
/// of them again.
fn frame(
    service: &mut Watched,
    news: ServiceNews,
    reset: bool,
    before: &str,
    after: &str,
) -> Frame {
    let mut frame = Frame::default();
    let held = service.becomes(news.held);
    if reset {
        frame.reset(after);
        frame.push("held", after, &service.held.all());
        return frame;
    }
    let mut slots = news.slots.iter().peekable();
    while let Some(changed) = slots.next() {
        let is_last = slots.peek().is_none() && held.is_none();
        frame.push("slots", if is_last { after } else { before }, changed);
    }
    if let Some(held) = held {
        frame.push("held", after, &held);
    }
    frame
}
