//! When a world is open, slot by slot: every minute of a slot has to be (every half minute
//! where hours have half minutes). Next: `rule`.
use anyhow::Result;
use jiff::civil::Date;

use super::{
    clock::{DAY, midnight, wall, zone},
    world::{Schedule, Window, World},
};

/// How far before and after its period a world is looked at: further than any booking, buffer or count of steps reaches.
const MARGIN: i64 = 5 * DAY;

pub struct Hours {
    first: i64,
    grain: i64,
    slots: i64,
    /// Whether a slot is open, by schedule; the first slot starts at `first`.
    open: Vec<Vec<bool>>,
    /// The slots of the service's map.
    pub map: Vec<bool>,
    /// The first instants of the dates of the service's zone.
    midnights: Vec<i64>,
}

impl Hours {
    pub fn of(world: &World) -> Result<Self> {
        let grain = world.grain;
        let first = (world.period.start - MARGIN).div_euclid(grain) * grain;
        let slots = (world.period.end + MARGIN - first) / grain;
        let mut open = Vec::new();
        for schedule in &world.schedules {
            open.push(open_slots(schedule, first, slots, grain)?);
        }
        let mut hours = Self {
            first,
            grain,
            slots,
            open,
            map: Vec::new(),
            midnights: Vec::new(),
        };
        hours.map = (0..slots)
            .map(|slot| hours.of_service(world, first + slot * grain))
            .collect();

        let home = zone(&world.service.zone)?;
        let mut date = wall(&home, first)?.date();
        while hours
            .midnights
            .last()
            .is_none_or(|last| *last < first + slots * grain)
        {
            hours.midnights.push(midnight(&home, date)?);
            date = date.tomorrow()?;
        }
        Ok(hours)
    }

    /// All slots that are looked at.
    pub fn slots(&self) -> impl Iterator<Item = i64> + use<> {
        let (first, grain) = (self.first, self.grain);
        (0..self.slots).map(move |slot| first + slot * grain)
    }

    /// Where a slot stands in `map` and its like; None for an instant that is no start of a slot looked at.
    pub fn index(&self, at: i64) -> Option<usize> {
        let slot = (at - self.first).div_euclid(self.grain);
        let starts_here = self.first + slot * self.grain == at;
        (starts_here && (0..self.slots).contains(&slot)).then_some(slot as usize)
    }

    /// Whether all slots of a span are open by a schedule; without one everything is.
    pub fn open(&self, schedule: Option<usize>, from: i64, to: i64) -> bool {
        let Some(schedule) = schedule else {
            return true;
        };
        self.all(&self.open[schedule], from, to)
    }

    /// Whether all slots of a span are in a map.
    pub fn all(&self, map: &[bool], from: i64, to: i64) -> bool {
        let mut at = from;
        while at < to {
            if !self.index(at).is_some_and(|slot| map[slot]) {
                return false;
            }
            at += self.grain;
        }
        true
    }

    /// Every requirement has enough resources that are open, and the service is.
    fn of_service(&self, world: &World, at: i64) -> bool {
        let to = at + self.grain;
        let enough = world.service.requirements.iter().all(|requirement| {
            let open = requirement.members.iter().filter(|member| {
                let resource = &world.resources[member.resource];
                resource.active && self.open(resource.schedule, at, to)
            });
            open.count() as i64 >= requirement.pick
        });
        enough
            && !world.service.requirements.is_empty()
            && self.open(world.service.schedule, at, to)
    }

    /// The slots of the map that lie on a step, counted from the start of each run and anew from the midnight of each date
    /// that is open to its end.
    pub fn grid(&self, step: i64) -> Vec<bool> {
        let mut grid = vec![false; self.map.len()];
        let mut counted_from = None;
        for at in self.slots() {
            let Some(slot) = self.index(at).filter(|slot| self.map[*slot]) else {
                counted_from = None;
                continue;
            };
            if counted_from.is_none() || self.begins_open_date(at) {
                counted_from = Some(at);
            }
            grid[slot] = counted_from.is_some_and(|from| (at - from) % step == 0);
        }
        grid
    }

    /// Whether this is the first whole slot of a local date whose whole slots are all in the map.
    fn begins_open_date(&self, at: i64) -> bool {
        self.midnights.windows(2).any(|date| {
            let first = -(-date[0]).div_euclid(self.grain) * self.grain;
            let end = date[1].div_euclid(self.grain) * self.grain;
            first == at && self.all(&self.map, first, end)
        })
    }
}

fn open_slots(schedule: &Schedule, first: i64, slots: i64, grain: i64) -> Result<Vec<bool>> {
    let zone = zone(&schedule.zone)?;
    let rules = schedule.rules.iter().map(|rule| &rule.window);
    let overrides = schedule.overrides.iter().flat_map(|one| &one.window);
    let whole_minutes = rules
        .chain(overrides)
        .all(|window| window.start % 60 == 0 && window.end % 60 == 0);
    // Where not every window begins and ends with a minute, they do with half a one.
    let tick = if whole_minutes { 60 } else { 30 };
    // The windows of the date that was looked at last.
    let mut known: (Option<Date>, Vec<Window>) = (None, Vec::new());
    let mut is_open = |at: i64| -> Result<bool> {
        let wall = wall(&zone, at)?;
        if known.0 != Some(wall.date()) {
            known = (Some(wall.date()), windows(schedule, wall.date())?);
        }
        let time = i64::from(wall.hour()) * 3600
            + i64::from(wall.minute()) * 60
            + i64::from(wall.second());
        Ok(known.1.iter().any(|window| window.contains(&time)))
    };
    let mut open = Vec::new();
    for slot in 0..slots {
        let start = first + slot * grain;
        let mut whole = true;
        let mut at = start;
        while whole && at < start + grain {
            whole = is_open(at)?;
            at += tick;
        }
        open.push(whole);
    }
    Ok(open)
}

/// The windows of a date: those of the narrowest overrides that cover it, else those of the week.
fn windows(schedule: &Schedule, date: Date) -> Result<Vec<Window>> {
    let mut narrowest = None;
    for range in schedule.overrides.iter().map(|o| &o.dates) {
        let days = range.start.until(range.end)?.get_days();
        if range.contains(&date) && narrowest.is_none_or(|narrowest| days < narrowest) {
            narrowest = Some(days);
        }
    }
    let mut windows = Vec::new();
    if let Some(narrowest) = narrowest {
        for one in &schedule.overrides {
            let days = one.dates.start.until(one.dates.end)?.get_days();
            if one.dates.contains(&date) && days == narrowest {
                windows.extend(one.window.clone());
            }
        }
    } else {
        for rule in &schedule.rules {
            if rule.weekday == date.weekday().to_monday_one_offset() && rule.valid.contains(date) {
                windows.push(rule.window.clone());
            }
        }
    }
    Ok(windows)
}
