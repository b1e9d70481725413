//! Random worlds. The same seed makes the same world; only one in eight is made around the present day. Next: `service`.
use std::ops::Range;

use anyhow::Result;
use jiff::Timestamp;

use super::{
    calendar,
    clock::{DAY, HOUR, MINUTE, zone},
    dice::Dice,
    hours::Hours,
    rule::Rule,
    service::service,
    wishes,
    world::{By, Claim, Resource, Taken, World},
};

/// Where and when a world is.
pub struct Scene<'a> {
    pub zones: &'a [&'a str],
    pub home: &'a str,
    pub grain: i64,
    pub period: Range<i64>,
    pub era: Era,
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
        let (mut world, era) = draft(dice, seed, today, zones)?;
        let hours = Hours::of(&world)?;
        world.questions = wishes::questions(dice, &world, era);
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
            if !matches!(era, Era::AsOf(_)) {
                world.attempts = wishes::attempts(dice, &world, &hours, today)?;
            }
            return Ok(world);
        }
    }
}

/// A world in which nothing is asked yet.
fn draft(dice: &mut Dice, seed: u64, today: i64, zones: &[&str]) -> Result<(World, Era)> {
    let home = dice.of(zones);
    let grain = dice.of(&[5, 15, 15, 15, 30, 30, 60, 60, 10, 20]) * MINUTE;
    let days = if grain < 15 * MINUTE { 2 } else { 4 };
    let start = match dice.range(0, 7) {
        0 => today - today.rem_euclid(HOUR) + dice.range(-30, 60) * HOUR,
        1..=3 => interesting(dice, home, 6 * 365..9 * 365)?,
        _ => interesting(dice, home, 0..4 * 365 - 40)?,
    };
    let period = start..start + dice.range(DAY, days * DAY) / grain * grain;
    let era = if (start - today).abs() < 4 * DAY {
        Era::Near(today)
    } else if start > EPOCH + 5 * 365 * DAY {
        Era::Far
    } else {
        Era::AsOf((start + dice.range(-4 * DAY, DAY)) / MINUTE * MINUTE)
    };

    let scene = Scene {
        zones,
        home,
        grain,
        period,
        era,
    };

    let mut schedules = Vec::new();
    for _ in 0..dice.of(&[1, 1, 1, 2, 2, 3]) {
        schedules.push(calendar::schedule(dice, &scene)?);
    }
    let resources: Vec<_> = (0..dice.of(&[1, 1, 2, 2, 3, 3, 4, 5, 6]))
        .map(|_| resource(dice, &scene, schedules.len()))
        .collect();
    let service = service(dice, &scene, resources.len(), schedules.len())?;
    let mut world = World {
        seed,
        tenant: dice.uuid(),
        grain,
        period: scene.period.clone(),
        schedules,
        resources,
        service,
        other: dice.uuid(),
        taken: Vec::new(),
        sessions: ["first", "second"]
            .map(|n| format!("the-{n}-visitor-{}", seed % 1000))
            .to_vec(),
        pages: Vec::new(),
        pages_first: dice.chance(50),
        questions: Vec::new(),
        attempts: Vec::new(),
    };
    for _ in 0..dice.range(0, 4 * world.resources.len() as i64) {
        take(dice, &mut world, era);
    }
    for _ in 0..dice.range(1, 3) {
        let resource = dice.maybe(30, |dice| dice.below(world.resources.len()));
        let from = scene.period.start + dice.range(-14, 14) * DAY;
        world
            .pages
            .push((resource, from..from + dice.range(1, 10) * DAY));
    }
    Ok((world, era))
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
            let unit = unit(dice, scene.grain);
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

/// Mostly the grain, sometimes a minute.
fn unit(dice: &mut Dice, grain: i64) -> i64 {
    if dice.chance(75) { grain } else { MINUTE }
}

pub fn within(dice: &mut Dice, period: &Range<i64>, unit: i64) -> i64 {
    dice.range(period.start - 6 * HOUR, period.end + 6 * HOUR)
        .div_euclid(unit)
        * unit
}

/// A booking or a hold of one or two units, where nobody has them.
fn take(dice: &mut Dice, world: &mut World, era: Era) {
    let off = unit(dice, world.grain);
    let start = within(dice, &world.period, off);
    let ours = dice.chance(60);
    let length = if ours {
        dice.of(&world.service.durations)
    } else {
        dice.range(1, 8) * off
    };
    let span = start..start + length;
    let claimed = if ours {
        start - world.service.buffer_before..span.end + world.service.buffer_after
    } else {
        span.clone()
    };
    let mut claims: Vec<Claim> = Vec::new();
    for _ in 0..dice.range(1, 2) {
        let resource = dice.below(world.resources.len());
        let unit = dice.range(1, i64::from(world.resources[resource].capacity)) as i32;
        let claim = Claim {
            resource,
            unit,
            span: claimed.clone(),
        };
        let others = world
            .taken
            .iter()
            .flat_map(|taken| &taken.claims)
            .chain(&claims);
        let overlaps = |other: &Claim| {
            (other.resource, other.unit) == (resource, unit)
                && other.span.start < claimed.end
                && claimed.start < other.span.end
        };
        if !others.into_iter().any(overlaps) {
            claims.push(claim);
        }
    }
    if claims.is_empty() {
        return;
    }
    let by = match dice.range(0, 9) {
        0..=3 => By::Booking {
            status: "confirmed",
        },
        4 => By::Booking {
            status: "completed",
        },
        _ => By::Hold {
            session: if dice.chance(30) {
                dice.of(&world.sessions)
            } else {
                format!("a-session-of-somebody-{}", dice.range(0, 9))
            },
            expires_at: match era {
                Era::AsOf(now) => now / MINUTE * MINUTE + dice.range(-60, 90) * MINUTE + 13,
                // 2020 and 2100
                Era::Far => dice.of(&[1_577_836_800, 4_102_444_800, 4_102_444_800]),
                Era::Near(now) => now + dice.of(&[-1, 1, 1]) * dice.range(1, 6) * HOUR,
            },
        },
    };
    world.taken.push(Taken {
        id: dice.uuid(),
        ours,
        span,
        by,
        claims,
    });
}
