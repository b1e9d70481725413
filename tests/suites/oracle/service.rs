//! Random services: what takes how long, how far ahead, of whom. Next: `wishes`.
use std::ops::Range;

use anyhow::Result;

use super::{
    calendar,
    clock::{Amount, HOUR, MINUTE, wall, zone},
    dice::Dice,
    generate::{Era, Scene},
    world::{Dates, Member, Requirement, Service},
};

pub fn service(
    dice: &mut Dice,
    scene: &Scene<'_>,
    resources: usize,
    schedules: usize,
) -> Result<Service> {
    let Scene {
        home,
        grain,
        period,
        era,
        ..
    } = scene;
    let grain = *grain;
    let mut durations = vec![dice.of(&[1, 1, 2, 2, 3, 4, 6]) * grain];
    while dice.chance(35) {
        let some = dice.range(1, 5) * HOUR;
        let longer = dice.of(&[some, some, 8 * HOUR, 26 * HOUR]);
        durations.push((longer / grain).max(1) * grain);
    }
    let buffer = |dice: &mut Dice| {
        let buffer = dice.maybe(40, |dice| dice.of(&[1, 1, 2, 3, 30]) * grain);
        buffer.unwrap_or(0).min(25 * HOUR)
    };
    let (buffer_before, buffer_after) = (buffer(dice), buffer(dice));
    let (mut min_notice, mut horizon) = (Amount::default(), None);
    if let Era::AsOf(now) | Era::Near(now) = *era {
        min_notice = dice
            .maybe(40, |dice| until(dice, now, period))
            .unwrap_or_default();
        horizon = dice.maybe(25, |dice| until(dice, now, period));
        // Not above zero is no horizon.
        horizon =
            horizon.filter(|horizon| (horizon.months, horizon.days, horizon.minutes) != (0, 0, 0));
    }
    let date = wall(&zone(home)?, period.start)?.date();
    let bookable = if dice.chance(15) {
        calendar::season(dice, date, 3)?
    } else {
        Dates::default()
    };

    Ok(Service {
        id: dice.uuid(),
        zone: if dice.chance(85) {
            (*home).to_owned()
        } else {
            "UTC".to_owned()
        },
        durations,
        step: dice.maybe(50, |dice| dice.of(&[1, 1, 2, 3, 5, 7]) * grain),
        buffer_before,
        buffer_after,
        min_notice,
        horizon,
        bookable,
        schedule: dice.maybe(20, |dice| dice.below(schedules)),
        requirements: requirements(dice, resources),
    })
}

/// From now to some hour in or around the period, or a minute before it or after it, as elapsed time or in days.
fn until(dice: &mut Dice, now: i64, period: &Range<i64>) -> Amount {
    let edge =
        dice.range(period.start - 12 * HOUR, period.end) / HOUR * HOUR + dice.range(-1, 1) * MINUTE;
    let minutes = (edge - now).max(0) / MINUTE;
    let days = if dice.chance(60) { minutes / 1440 } else { 0 };
    let months = i64::from(dice.chance(3));
    Amount {
        months,
        days,
        minutes: minutes - days * 1440,
    }
}

/// Requirements that share the resources; now and then there is none, or one that nobody can meet.
fn requirements(dice: &mut Dice, resources: usize) -> Vec<Requirement> {
    let mut members: Vec<usize> = (0..resources).collect();
    dice.shuffle(&mut members);
    let mut requirements: Vec<Requirement> = (0..dice.of(&[1, 1, 1, 1, 2, 2, 3]).min(resources))
        .map(|_| Requirement {
            id: dice.uuid(),
            pick: 1,
            strategy: dice.of(&["round_robin", "least_busy", "priority", "any"]),
            members: Vec::new(),
        })
        .collect();
    for (n, resource) in members.into_iter().enumerate() {
        let place = if n < requirements.len() {
            n
        } else {
            dice.below(requirements.len())
        };
        requirements[place].members.push(Member {
            resource,
            weight: dice.range(1, 3),
            priority: dice.range(0, 2),
            booked: dice.range(0, 3),
        });
    }
    for requirement in &mut requirements {
        let most = requirement.members.len() as i64 + i64::from(dice.chance(3));
        requirement.pick = dice.of(&[1, 1, 1, 2, 2, 3]).min(most);
    }
    match dice.range(0, 199) {
        0 => requirements.clear(),
        1 => requirements[0].members.clear(),
        _ => {}
    }
    requirements
}
