//! When a world is open, slot by slot: every minute of a slot has to be (every half minute where hours have half minutes).
//! Next: `rule`.
use std::collections::HashMap;

use anyhow::Result;
use jiff::{civil::Date, tz::TimeZone};

use super::{
    clock::{DAY, midnight, wall, zone},
    world::{Kind, Override, Schedule, Window, World},
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
    pub midnights: Vec<i64>,
}

impl Hours {
    pub fn of(world: &World) -> Result<Self> {
        let grain = world.grain;
        let first = (world.period.start - MARGIN).div_euclid(grain) * grain;
        let slots = (world.period.end + MARGIN - first) / grain;
        let mut hours = Self {
            first,
            grain,
            slots,
            open: Vec::new(),
            map: Vec::new(),
            midnights: Vec::new(),
        };
        // A stay asks for no hours.
        if !matches!(world.service.kind, Kind::Stay { .. }) {
            for schedule in &world.schedules {
                let open = open_slots(world, schedule, &hours)?;
                hours.open.push(open);
            }
            hours.map = hours
                .slots()
                .map(|slot| hours.of_service(world, slot))
                .collect();
        }
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

    /// Where a slot stands in a map; None for an instant that is no start of a slot looked at.
    fn index(&self, at: i64) -> Option<usize> {
        let slot = (at - self.first).div_euclid(self.grain);
        let starts_here = self.first + slot * self.grain == at;
        (starts_here && (0..self.slots).contains(&slot)).then_some(slot as usize)
    }

    /// Whether all slots of a span are open by a schedule; without one everything is.
    pub fn open(&self, schedule: Option<usize>, from: i64, to: i64) -> bool {
        schedule.is_none_or(|schedule| self.all(&self.open[schedule], from, to))
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
        enough && self.open(world.service.schedule, at, to)
    }

    /// The slots of the map that lie on a step, counted from the start of each run and anew from the midnight of each date
    /// that is open to its end.
    pub fn grid(&self, step: i64) -> Vec<i64> {
        let mut grid = Vec::new();
        let mut counted_from = None;
        for at in self.slots() {
            if !self.all(&self.map, at, at + self.grain) {
                counted_from = None;
                continue;
            }
            if counted_from.is_none() || self.begins_open_date(at) {
                counted_from = Some(at);
            }
            if counted_from.is_some_and(|from| (at - from) % step == 0) {
                grid.push(at);
            }
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

fn open_slots(world: &World, schedule: &Schedule, hours: &Hours) -> Result<Vec<bool>> {
    let home = zone(&schedule.zone)?;
    let mut travels = Vec::new();
    for (dates, there) in &schedule.travels {
        travels.push((dates, zone(there)?));
    }
    let mut known = HashMap::new();
    // Whether a clock that is to be read on this date is in a window of it.
    let mut reads_open =
        |clock: &TimeZone, at: i64, is_read: &dyn Fn(Date) -> bool| -> Result<bool> {
            let wall = wall(clock, at)?;
            let time = i64::from(wall.hour()) * 3600
                + i64::from(wall.minute()) * 60
                + i64::from(wall.second());
            if let std::collections::hash_map::Entry::Vacant(unknown) = known.entry(wall.date()) {
                unknown.insert(windows(world, schedule, wall.date())?);
            }
            Ok(is_read(wall.date())
                && known[&wall.date()]
                    .iter()
                    .any(|window: &Window| window.contains(&time)))
        };
    let mut is_open = |at: i64| -> Result<bool> {
        let mut open = reads_open(&home, at, &|date| {
            !travels.iter().any(|(dates, _)| dates.contains(&date))
        })?;
        for (dates, there) in &travels {
            open = open || reads_open(there, at, &|date| dates.contains(&date))?;
        }
        Ok(open)
    };
    let tick = tick(world, schedule);
    let mut open = Vec::new();
    for slot in hours.slots() {
        let mut whole = true;
        let mut at = slot;
        while whole && at < slot + hours.grain {
            whole = is_open(at)?;
            at += tick;
        }
        open.push(whole);
    }
    Ok(open)
}

/// A minute, or half a one where some window does not begin and end with a minute.
fn tick(world: &World, schedule: &Schedule) -> i64 {
    let rules = schedule.rules.iter().map(|rule| &rule.window);
    let overrides = schedule.overrides.iter().flat_map(|one| &one.window);
    let holidays = schedule
        .holidays
        .iter()
        .flat_map(|set| &world.holiday_sets[*set].days);
    let mut windows = rules
        .chain(overrides)
        .chain(holidays.flat_map(|one| &one.window));
    if windows.all(|window| window.start % 60 == 0 && window.end % 60 == 0) {
        60
    } else {
        30
    }
}

/// The windows of a date: those of overrides that cover it, else those of holidays, else those of the week.
fn windows(world: &World, schedule: &Schedule, date: Date) -> Result<Vec<Window>> {
    let holidays = schedule
        .holidays
        .map_or(&[][..], |set| &world.holiday_sets[set].days);
    for replaced in [
        narrowest(&schedule.overrides, date)?,
        narrowest(holidays, date)?,
    ] {
        if !replaced.is_empty() {
            return Ok(replaced
                .into_iter()
                .flat_map(|one| one.window.clone())
                .collect());
        }
    }
    let weekday = date.weekday().to_monday_one_offset();
    let rules = schedule
        .rules
        .iter()
        .filter(|rule| rule.weekday == weekday && rule.valid.contains(date));
    Ok(rules.map(|rule| rule.window.clone()).collect())
}

/// Whether overrides close a date: the narrowest that cover it, and no other.
pub fn is_closed(schedule: &Schedule, date: Date) -> Result<bool> {
    let replaced = narrowest(&schedule.overrides, date)?;
    Ok(!replaced.is_empty() && replaced.iter().all(|one| one.window.is_none()))
}

/// Of the ranges that cover a date those of the fewest dates.
fn narrowest(overrides: &[Override], date: Date) -> Result<Vec<&Override>> {
    let mut narrowest = Vec::new();
    let mut fewest = i32::MAX;
    for one in overrides.iter().filter(|one| one.dates.contains(&date)) {
        let days = one.dates.start.until(one.dates.end)?.get_days();
        if days < fewest {
            fewest = days;
            narrowest.clear();
        }
        if days == fewest {
            narrowest.push(one);
        }
    }
    Ok(narrowest)
}
