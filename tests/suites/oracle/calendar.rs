//! Random opening hours: several windows a day, seasons, overrides. Next: `generate`.
use anyhow::Result;
use jiff::{ToSpan, civil::Date};

use super::{
    clock::{DAY, HOUR, MINUTE, wall, zone},
    dice::Dice,
    generate::Scene,
    world::{Dates, Override, Schedule, Weekly, Window},
};

/// A schedule that says something about the period, mostly in the zone of the scene.
pub fn schedule(dice: &mut Dice, scene: &Scene<'_>) -> Result<Schedule> {
    let Scene {
        zones,
        home,
        grain,
        period,
        ..
    } = scene;
    let grain = *grain;
    let zone_name = if dice.chance(75) {
        home
    } else {
        dice.of(zones)
    };
    let date = wall(&zone(zone_name)?, period.start)?.date();
    let days = (period.end - period.start) / DAY;
    let mut rules = Vec::new();
    match dice.range(0, 29) {
        // No rule: never open.
        0 => {}
        // Around the clock.
        1..=4 => (1..=7).for_each(|weekday| rules.push(weekly(weekday, 0..DAY))),
        // The same hours on most days.
        5..=14 => {
            let windows = windows(dice, grain);
            for weekday in 1..=7 {
                if dice.chance(90) {
                    rules.extend(windows.iter().map(|window| weekly(weekday, window.clone())));
                }
            }
        }
        // Others on each day, some in a season.
        _ => {
            for weekday in 1..=7 {
                for window in windows(dice, grain) {
                    let valid = if dice.chance(15) {
                        season(dice, date, days)?
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
    let mut overrides = Vec::new();
    for _ in 0..dice.of(&[0, 0, 0, 1, 1, 2, 3]) {
        let first = date.checked_add(dice.range(-3, days + 1).days())?;
        let dates = first..first.checked_add(dice.of(&[1, 1, 1, 2, 2, 3, 7]).days())?;
        let windows = if dice.chance(25) {
            Vec::new()
        } else {
            windows(dice, grain)
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
    Ok(Schedule {
        id: dice.uuid(),
        zone: zone_name.to_owned(),
        rules,
        overrides,
    })
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
pub fn season(dice: &mut Dice, date: Date, days: i64) -> Result<Dates> {
    let from = date.checked_add(dice.range(-2, days).days())?;
    let to = from.checked_add(dice.range(1, days + 3).days())?;
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
