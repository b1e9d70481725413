//! Random services: what takes how long, how far ahead, of whom, how often. Next: `taken`.
use std::ops::Range;

use anyhow::Result;

use super::{
    calendar,
    clock::{Amount, DAY, HOUR, MINUTE},
    dice::Dice,
    generate::{Era, Scene, Sort},
    world::{Dates, Kind, Lengths, Limit, Member, Requirement, Service},
};

pub fn service(
    dice: &mut Dice,
    scene: &Scene<'_>,
    resources: usize,
    schedules: usize,
) -> Result<Service> {
    let (min_notice, horizon) = match scene.era {
        Era::AsOf(now) | Era::Near(now) => (
            dice.maybe(40, |dice| until(dice, now, &scene.period))
                .unwrap_or_default(),
            dice.maybe(25, |dice| until(dice, now, &scene.period)),
        ),
        Era::Far => (Amount::default(), None),
    };
    let lengths = lengths(dice, scene);
    let kind = kind(dice, scene);
    let requirements = requirements(dice, resources);
    // What the limits of several resources leave to a class of all of them is only bounded.
    let of_one = matches!(&requirements[..], [only] if only.pick == 1);
    Ok(Service {
        id: dice.uuid(),
        zone: if dice.chance(85) { scene.home } else { "UTC" }.to_owned(),
        step: match kind {
            Kind::Stay { .. } => None,
            _ => dice.maybe(50, |dice| dice.of(&[1, 1, 2, 3, 5, 7]) * scene.grain),
        },
        limits: limits(dice, &lengths)
            .into_iter()
            .filter(|l| l.scope != "resource" || scene.sort != Sort::Class || of_one)
            .collect(),
        kind,
        lengths,
        buffer_before: buffer(dice, scene.grain),
        buffer_after: buffer(dice, scene.grain),
        min_notice,
        // Not above zero is no horizon.
        horizon: horizon.filter(|horizon| *horizon != Amount::default()),
        bookable: if dice.chance(15) {
            calendar::season(dice, scene)?
        } else {
            Dates::default()
        },
        schedule: dice.maybe(20, |dice| dice.below(schedules)),
        requirements,
    })
}

fn kind(dice: &mut Dice, scene: &Scene<'_>) -> Kind {
    match scene.sort {
        Sort::Slot => Kind::Slot { seats: None },
        Sort::Class => Kind::Slot {
            seats: Some(dice.of(&[1, 2, 2, 3, 5])),
        },
        Sort::Span => Kind::Span {
            crosses_closed: dice.chance(50),
        },
        Sort::Stay => {
            let mut hour = |hours: Range<i64>| {
                dice.range(hours.start * HOUR, hours.end * HOUR) / scene.grain * scene.grain
            };
            let night = hour(0..4);
            let (check_in, check_out) = (hour(12..18), hour(8..12));
            Kind::Stay {
                check_in: if dice.chance(20) { night } else { check_in },
                check_out: dice.of(&[check_out, check_out, check_out, check_in, night, DAY]),
                arrival_days: dice.maybe(30, |dice| {
                    (1..=7).filter(|_| dice.chance(60)).chain([5]).collect()
                }),
            }
        }
    }
}

fn lengths(dice: &mut Dice, scene: &Scene<'_>) -> Lengths {
    let unit = if scene.sort == Sort::Stay {
        DAY
    } else {
        scene.grain
    };
    let shortest = dice.of(&[1, 1, 2, 2, 3, 4, 6]);
    let longest = shortest
        + if unit == DAY {
            dice.range(0, 6)
        } else {
            dice.range(0, 30 * HOUR) / unit
        };
    match scene.sort {
        Sort::Span => Lengths::Between(shortest * unit, longest * unit),
        Sort::Stay if dice.chance(50) => Lengths::Between(shortest * unit, longest * unit),
        _ => {
            let mut lengths = vec![shortest * unit];
            while dice.chance(35) {
                let some = dice.range(1, 5) * HOUR;
                let longer = dice.of(&[some, some, 8 * HOUR, 26 * HOUR]);
                lengths.push(if unit == DAY {
                    longest * DAY
                } else {
                    (longer / unit).max(1) * unit
                });
            }
            Lengths::Each(lengths)
        }
    }
}

fn buffer(dice: &mut Dice, grain: i64) -> i64 {
    let buffer = dice.maybe(40, |dice| dice.of(&[1, 1, 2, 3, 30]) * grain);
    buffer.unwrap_or(0).min(25 * HOUR / grain * grain)
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

/// Mostly none; else tight enough to be met.
fn limits(dice: &mut Dice, lengths: &Lengths) -> Vec<Limit> {
    let mut limits: Vec<Limit> = Vec::new();
    for _ in 0..dice.of(&[0, 0, 0, 1, 1, 2]) {
        let max_count = dice.maybe(70, |dice| dice.range(0, 4));
        let max_length = dice.maybe(40, |dice| {
            dice.range(1, 12) * lengths.shortest() / 2 / MINUTE * MINUTE
        });
        let (scope, period) = (
            dice.of(&["service", "resource", "resource", "customer"]),
            dice.of(&["day", "day", "week", "month"]),
        );
        let known = limits
            .iter()
            .any(|other| (other.scope, other.period) == (scope, period));
        if !known && (max_count.is_some() || max_length.is_some()) {
            limits.push(Limit {
                scope,
                period,
                max_count,
                max_length,
            });
        }
    }
    limits
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
