//! Random opening hours: several windows a day, seasons, overrides, holidays, travel. Next: `service`.
use std::ops::Range;

use anyhow::Result;
use jiff::{ToSpan, civil::Date};

use super::{
    clock::{DAY, HOUR, MINUTE, wall, zone},
    dice::Dice,
    generate::Scene,
    world::{Dates, HolidaySet, Override, Schedule, Weekly, Window},
};

/// A schedule that says something about the period, mostly in the zone of the scene.
pub fn schedule(dice: &mut Dice, scene: &Scene<'_>, holiday_sets: usize) -> Result<Schedule> {
    let mut rules = Vec::new();
    match dice.range(0, 29) {
        // No rule: never open.
        0 => {}
        // Around the clock.
        1..=4 => (1..=7).for_each(|weekday| rules.push(weekly(weekday, 0..DAY))),
        // The same hours on most days.
        5..=14 => {
            let windows = windows(dice, scene.grain);
            for weekday in 1..=7 {
                if dice.chance(90) {
                    rules.extend(windows.iter().map(|window| weekly(weekday, window.clone())));
                }
            }
        }
        // Others on each day, some in a season.
        _ => {
            for weekday in 1..=7 {
                for window in windows(dice, scene.grain) {
                    let valid = if dice.chance(15) {
                        season(dice, scene)?
                    } else {
                        Dates::default()
                    };
                    rules.push(Weekly {
                        valid,
                        ..weekly(weekday, window)
                    });
                }
            }
        }
    }
    let overrides = dice.of(&[0, 0, 0, 1, 1, 2, 3]);
    let overrides = overrides_of(dice, scene, overrides)?;
    let mut travels: Vec<(Range<Date>, String)> = Vec::new();
    for _ in 0..dice.of(&[0, 0, 0, 0, 1, 2]) {
        let dates = dates(dice, scene)?;
        if !travels
            .iter()
            .any(|(others, _)| others.start < dates.end && dates.start < others.end)
        {
            travels.push((dates, dice.of(scene.zones).to_owned()));
        }
    }
    Ok(Schedule {
        id: dice.uuid(),
        zone: if dice.chance(75) {
            scene.home
        } else {
            dice.of(scene.zones)
        }
        .to_owned(),
        rules,
        overrides,
        holidays: dice.maybe(if holiday_sets > 0 { 60 } else { 0 }, |dice| {
            dice.below(holiday_sets)
        }),
        travels,
    })
}

pub fn holiday_set(dice: &mut Dice, scene: &Scene<'_>) -> Result<HolidaySet> {
    let days = dice.range(0, 3);
    Ok(HolidaySet {
        id: dice.uuid(),
        days: overrides_of(dice, scene, days)?,
    })
}

fn overrides_of(dice: &mut Dice, scene: &Scene<'_>, number: i64) -> Result<Vec<Override>> {
    let mut overrides = Vec::new();
    for _ in 0..number {
        let dates = dates(dice, scene)?;
        let windows = if dice.chance(scene.closed) {
            Vec::new()
        } else {
            windows(dice, scene.grain)
        };
        if windows.is_empty() {
            overrides.push(Override {
                dates: dates.clone(),
                window: None,
            });
        }
        overrides.extend(windows.into_iter().map(|window| Override {
            dates: dates.clone(),
            window: Some(window),
        }));
    }
    Ok(overrides)
}

/// Some dates in or around the period, mostly few.
fn dates(dice: &mut Dice, scene: &Scene<'_>) -> Result<Range<Date>> {
    let first = scene
        .date()?
        .checked_add(dice.range(-3, scene.days() + 1).days())?;
    Ok(first..first.checked_add(dice.of(&[1, 1, 1, 2, 2, 3, 7]).days())?)
}

fn weekly(weekday: i8, window: Window) -> Weekly {
    Weekly {
        weekday,
        window,
        valid: Dates::default(),
    }
}

/// One to three windows of a day: apart, touching, overlapping, up to midnight or from it, mostly on the grain.
fn windows(dice: &mut Dice, grain: i64) -> Vec<Window> {
    let unit = dice.of(&[grain, grain, grain, HOUR, 5 * MINUTE, 7 * MINUTE, 90]);
    let mut windows = Vec::new();
    for _ in 0..dice.of(&[1, 1, 1, 2, 2, 3]) {
        let opens = match dice.range(0, 9) {
            0 | 1 => 0,
            2 => windows.last().map_or(9 * HOUR, |last: &Window| last.end),
            _ => dice.range(0, 16) * HOUR + dice.range(0, 3) * unit,
        };
        let closes = match dice.range(0, 9) {
            0 | 1 => DAY,
            2..=6 => opens + dice.range(3, 14) * HOUR,
            _ => opens + dice.range(1, 40) * unit,
        };
        if opens < DAY {
            windows.push(opens..closes.min(DAY));
        }
    }
    windows
}

/// Dates that begin or end within the period, or do not end at all.
pub fn season(dice: &mut Dice, scene: &Scene<'_>) -> Result<Dates> {
    let from = scene
        .date()?
        .checked_add(dice.range(-2, scene.days()).days())?;
    let to = from.checked_add(dice.range(1, scene.days() + 3).days())?;
    Ok(match dice.range(0, 2) {
        0 => Dates {
            from: Some(from),
            to: None,
        },
        1 => Dates {
            from: None,
            to: Some(to),
        },
        _ => Dates {
            from: Some(from),
            to: Some(to),
        },
    })
}

impl Scene<'_> {
    /// The local date on which the period begins.
    pub fn date(&self) -> Result<Date> {
        Ok(wall(&zone(self.home)?, self.period.start)?.date())
    }

    /// How many days it lasts.
    pub fn days(&self) -> i64 {
        (self.period.end - self.period.start) / DAY
    }
}
