//! Random worlds. The same seed makes the same world; only one in eight is made around the present day. Next: `calendar`.
use std::ops::Range;

use anyhow::Result;
use jiff::Timestamp;

use super::{
    calendar,
    clock::{DAY, HOUR, MINUTE, at_time, wall, zone},
    dice::Dice,
    hours::Hours,
    rule::Rule,
    service::service,
    taken, wishes,
    world::{Resource, World},
};

/// What kind of service is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sort {
    Slot,
    Class,
    Span,
    Stay,
}

/// Where and when a world is.
pub struct Scene<'a> {
    pub zones: &'a [&'a str],
    pub home: &'a str,
    pub grain: i64,
    pub period: Range<i64>,
    pub era: Era,
    pub sort: Sort,
    /// How many overrides in a hundred close their dates.
    pub closed: i64,
}

/// Which clock judges a world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Era {
    /// `as_of`, near the period: only asked, never taken.
    AsOf(i64),
    /// The server's, years before the period: nothing changes while one looks.
    Far,
    /// The server's, in or near the period.
    Near(i64),
}

/// 2024-01-01
const EPOCH: i64 = 1_704_067_200;

/// The world of a seed. `today` is the clock of the server.
pub fn world(seed: u64, today: i64, zones: &[&str]) -> Result<World> {
    let dice = &mut Dice::new(seed);
    loop {
        let scene = scene(dice, today, zones)?;
        let mut world = draft(dice, seed, &scene)?;
        let hours = Hours::of(&world)?;
        taken::all(dice, &scene, &mut world, &hours)?;
        world.questions = wishes::questions(dice, &world, scene.era);
        let rule = Rule {
            world: &world,
            hours: &hours,
        };
        let question = &world.questions[0];
        let offers = !rule
            .list(question, question.as_of.unwrap_or(today))?
            .is_empty();
        // Worlds in which nothing is to be had are easily right.
        if offers || dice.chance(20) {
            if !matches!(scene.era, Era::AsOf(_)) {
                world.attempts = wishes::attempts(dice, &world, &hours, today)?;
            }
            return Ok(world);
        }
    }
}

fn scene<'a>(dice: &mut Dice, today: i64, zones: &'a [&'a str]) -> Result<Scene<'a>> {
    let sort = dice.of(&[
        Sort::Slot,
        Sort::Slot,
        Sort::Slot,
        Sort::Class,
        Sort::Class,
        Sort::Span,
        Sort::Stay,
    ]);
    let grain = dice.of(&[5, 15, 15, 15, 30, 30, 60, 60, 10, 20]) * MINUTE;
    let mut home = dice.of(zones);
    let start = match dice.range(0, 7) {
        0 => today - today.rem_euclid(HOUR) + dice.range(-30, 60) * HOUR,
        1..=3 => interesting(dice, home, 6 * 365..9 * 365)?,
        _ => interesting(dice, home, 0..4 * 365 - 40)?,
    };
    if sort == Sort::Stay && !has_clocks_on(home, grain, today)? {
        home = "UTC";
    }
    let days = match (sort, grain) {
        (Sort::Stay, _) => 12,
        (_, ..900) => 2,
        _ => 4,
    };
    let era = if (start - today).abs() < 4 * DAY {
        Era::Near(today)
    } else if start > EPOCH + 5 * 365 * DAY {
        Era::Far
    } else {
        Era::AsOf((start + dice.range(-4 * DAY, DAY)) / MINUTE * MINUTE)
    };
    let period = start..start + dice.range(days * DAY / 4, days * DAY) / grain * grain;
    Ok(Scene {
        zones,
        home,
        grain,
        period,
        era,
        sort,
        closed: if sort == Sort::Stay { 60 } else { 25 },
    })
}

/// Whether a stay can be had in a zone: every hour of its clocks lies on the grain, all year round.
fn has_clocks_on(home: &str, grain: i64, today: i64) -> Result<bool> {
    for month in 0..12 {
        let date = wall(&zone(home)?, today + month * 30 * DAY)?.date();
        if at_time(&zone(home)?, date, 12 * HOUR)?.rem_euclid(grain) != 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A world in which nobody has anything and nothing is asked.
fn draft(dice: &mut Dice, seed: u64, scene: &Scene<'_>) -> Result<World> {
    let mut holiday_sets = Vec::new();
    for _ in 0..dice.of(&[0, 0, 1, 2]) {
        holiday_sets.push(calendar::holiday_set(dice, scene)?);
    }
    let mut schedules = Vec::new();
    for _ in 0..dice.of(&[1, 1, 1, 2, 2, 3]) {
        schedules.push(calendar::schedule(dice, scene, holiday_sets.len())?);
    }
    let resources: Vec<_> = (0..dice.of(&[1, 1, 2, 2, 3, 3, 4, 5, 6]))
        .map(|_| resource(dice, scene, schedules.len()))
        .collect();
    let mut pages = Vec::new();
    for _ in 0..dice.range(1, 3) {
        let resource = dice.maybe(30, |dice| dice.below(resources.len()));
        let from = scene.period.start + dice.range(-14, 14) * DAY;
        pages.push((resource, from..from + dice.range(1, 10) * DAY));
    }
    Ok(World {
        seed,
        tenant: dice.uuid(),
        grain: scene.grain,
        period: scene.period.clone(),
        service: service(dice, scene, resources.len(), schedules.len())?,
        holiday_sets,
        schedules,
        resources,
        other: dice.uuid(),
        taken: Vec::new(),
        sessions: ["first", "second"]
            .map(|n| format!("the-{n}-visitor-{}", seed % 1000))
            .to_vec(),
        pages,
        pages_first: dice.chance(50),
        questions: Vec::new(),
        attempts: Vec::new(),
    })
}

/// An instant on one of these days since 2024 began; every other time shortly before the next change of the clocks.
fn interesting(dice: &mut Dice, home: &str, days: Range<i64>) -> Result<i64> {
    let at = EPOCH + dice.range(days.start, days.end) * DAY + dice.range(0, 23) * HOUR;
    let change = zone(home)?
        .following(Timestamp::from_second(at)?)
        .next()
        .map(|change| change.timestamp().as_second());
    Ok(match change {
        Some(change) if change < at + 400 * DAY && dice.chance(50) => {
            change - dice.range(0, 48) * HOUR
        }
        _ => at,
    })
}

fn resource(dice: &mut Dice, scene: &Scene<'_>, schedules: usize) -> Resource {
    let busy = (0..dice.of(&[0, 0, 0, 1, 1, 2]))
        .map(|_| {
            let unit = if dice.chance(75) { scene.grain } else { MINUTE };
            let from = within(dice, &scene.period, unit);
            from..from + dice.of(&[0, 1, 17, 60, 120, 300, 1500]) * MINUTE
        })
        .collect();
    Resource {
        id: dice.uuid(),
        zone: scene.home.to_owned(),
        capacity: dice.of(&[1, 1, 1, 2, 3, 4]),
        schedule: dice.maybe(90, |dice| dice.below(schedules)),
        active: dice.chance(96),
        busy,
    }
}

/// An instant in or around the period, in whole units.
pub fn within(dice: &mut Dice, period: &Range<i64>, unit: i64) -> i64 {
    dice.range(period.start - 6 * HOUR, period.end + 6 * HOUR)
        .div_euclid(unit)
        * unit
}
