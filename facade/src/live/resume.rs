//! Those who were here before are told what they missed, by the ids that they come with; then [`super::reader`] tells them what
//! everybody hears.

use std::collections::{HashMap, HashSet};

use super::event::Frame;
use super::hub::{Coming, Hub, Watch};
use super::news::{Mark, News};
use crate::problem::Problem;

/// How many different ids are gone back to in one turn; after a restart all viewers come with a few.
const RESUMED: usize = 16;

/// How many reads of a thousand changes one id is gone back for; meanwhile nobody is told anything.
const CAUGHT_UP: usize = 8;

/// By id, first where there are most.
pub(super) async fn catch_up(
    hub: &Hub,
    resuming: HashMap<String, Vec<Coming>>,
) -> Result<(), Problem> {
    let mut groups: Vec<_> = resuming.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    let later = groups.split_off(groups.len().min(RESUMED));
    for (last, group) in groups {
        let watched: HashSet<Watch> = group
            .iter()
            .map(|newcomer| newcomer.watch.clone())
            .collect();
        let watched: Vec<Watch> = watched.into_iter().collect();
        let (after, frames) = match missed(hub, &watched, &last).await {
            Ok(missed) => missed,
            Err(problem) => {
                for newcomer in group {
                    let _ = newcomer.answer.send(Err(problem.clone()));
                }
                return Err(problem);
            }
        };
        let frames = frames.into_iter().map(Frame::done);
        let missed: HashMap<Watch, _> = watched.into_iter().zip(frames).collect();
        for newcomer in group {
            let first = missed.get(&newcomer.watch).cloned().flatten();
            hub.seat(newcomer, first.into_iter().collect(), &after);
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

/// What was missed of each service since an id, and the id up to which.
async fn missed(hub: &Hub, watched: &[Watch], last: &str) -> Result<(String, Vec<Frame>), Problem> {
    let mut frames: Vec<Frame> = watched.iter().map(|_| Frame::default()).collect();
    let mut mark = Mark {
        after: last.to_owned(),
        seen: Vec::new(),
    };
    for _ in 0..CAUGHT_UP {
        let news = News::since(&hub.db, watched, Some(&mark)).await?;
        for (frame, service) in frames.iter_mut().zip(&news.services) {
            if news.reset {
                frame.reset(&news.mark.after);
            }
            for slots in &service.slots {
                frame.push("slots", last, slots);
            }
        }
        mark = news.mark;
        if !news.more {
            return Ok((mark.after, frames));
        }
    }
    // To begin again is less than that. They go on from what everybody was told last.
    let after = hub.room().after.clone();
    for frame in &mut frames {
        *frame = Frame::default();
        frame.reset(&after);
    }
    Ok((after, frames))
}
