//! What is asked of a world and tried in it.
use anyhow::Result;

use super::{
    clock::{DAY, HOUR, MINUTE},
    dice::Dice,
    generate::{Era, within},
    hours::Hours,
    rule::{Minded, Rule, Verdict, Wish},
    taken::{customer, length},
    world::{Attempt, Kind, Question, World},
};

fn member(dice: &mut Dice, world: &World) -> Option<usize> {
    let mut members = world
        .service
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.members);
    let nth = dice.below(world.resources.len());
    let member = members.nth(nth)?.resource;
    world.resources[member].active.then_some(member)
}

/// Mostly the shortest, or another one of the service; now and then one that it does not have.
fn wanted(dice: &mut Dice, world: &World) -> Option<i64> {
    let unit = if matches!(world.service.kind, Kind::Stay { .. }) {
        DAY
    } else {
        world.grain
    };
    match dice.range(0, 19) {
        0..=8 => None,
        9 => Some(dice.range(1, 5) * unit),
        _ => Some(length(dice, world)),
    }
}

pub fn questions(dice: &mut Dice, world: &World, era: Era) -> Vec<Question> {
    let mut questions = vec![Question {
        range: world.period.clone(),
        as_of: match era {
            Era::AsOf(now) => Some(now),
            _ => None,
        },
        length: None,
        resource: None,
        session: None,
        holds: "mark",
        each_resource: false,
        step: None,
    }];
    for _ in 0..3 {
        let from = within(dice, &world.period, MINUTE);
        let range = match dice.range(0, 3) {
            0 => from..from + dice.range(1, 1500) * MINUTE,
            _ => from..world.period.end.max(from + HOUR),
        };
        let start = world.period.start;
        let as_of = questions[0]
            .as_of
            .or_else(|| dice.maybe(20, |dice| start + dice.range(-2 * DAY, DAY)));
        let each_resource = dice.chance(30);
        questions.push(Question {
            range,
            as_of: as_of.map(|at| {
                if dice.chance(40) {
                    at + dice.range(-90, 90) * MINUTE
                } else {
                    at
                }
            }),
            length: wanted(dice, world),
            resource: if each_resource || dice.chance(60) {
                None
            } else {
                member(dice, world)
            },
            session: dice.maybe(30, |dice| dice.of(&world.sessions)),
            holds: dice.of(&["hide", "hide", "mark", "ignore"]),
            each_resource,
            step: match world.service.kind {
                Kind::Stay { .. } => None,
                _ => dice.maybe(30, |dice| dice.of(&[1, 1, 2, 3, 5, 11, 50]) * world.grain),
            },
        });
    }
    questions
}

/// Starts that are offered, that are taken, and that are not offered, though the service is open; and some at random.
pub fn attempts(dice: &mut Dice, world: &World, hours: &Hours, now: i64) -> Result<Vec<Attempt>> {
    let rule = Rule { world, hours };
    let starts = rule.starts(None)?;
    let most_seats = match world.service.kind {
        Kind::Slot { seats: Some(seats) } => seats,
        _ => 1,
    };
    let mut attempts = Vec::new();
    for _ in 0..2 {
        let mut attempt = Attempt {
            at: 0,
            length: dice.maybe(50, |dice| length(dice, world)),
            resource: if dice.chance(30) {
                member(dice, world)
            } else {
                None
            },
            session: dice.maybe(15, |dice| dice.of(&world.sessions)),
            seats: if dice.chance(40) {
                dice.range(1, most_seats)
            } else {
                1
            },
            book: None,
        };
        if attempt.session.is_none() && attempt.seats == 1 && dice.chance(30) {
            attempt.book = Some(dice.maybe(70, customer));
        }
        let wish = rule.wish(&attempt, attempt.session.clone(), now);
        let [mut free, mut used_up, mut taken, mut closed] = [const { Vec::new() }; 4];
        let around = world.period.start - 6 * HOUR..world.period.end + 6 * HOUR;
        for at in starts.iter().copied().filter(|at| around.contains(at)) {
            match rule.judge(&wish, &starts, at)? {
                Verdict::Free(_) => free.push(at),
                Verdict::UsedUp => used_up.push(at),
                Verdict::Taken => taken.push(at),
                Verdict::NotOffered if rule.service_offers(&wish, &starts, at)? => closed.push(at),
                Verdict::NotOffered => {}
            }
        }
        for starts in [free, used_up, taken, closed]
            .iter()
            .filter(|starts| !starts.is_empty())
        {
            attempts.push(Attempt {
                at: dice.of(starts),
                ..attempt.clone()
            });
        }
    }
    for _ in 0..3 {
        let at = match dice.range(0, 9) {
            // What somebody has.
            0..=3 if !world.taken.is_empty() => {
                dice.of(&world.taken).span.start + dice.range(-2, 2) * world.grain
            }
            4 => within(dice, &world.period, MINUTE),
            5 => within(dice, &world.period, 1),
            _ => within(dice, &world.period, world.grain),
        };
        attempts.push(Attempt {
            at,
            length: wanted(dice, world),
            resource: if dice.chance(30) {
                member(dice, world)
            } else {
                None
            },
            session: dice.maybe(20, |dice| dice.of(&world.sessions)),
            seats: 1,
            book: None,
        });
    }
    Ok(attempts)
}

impl Rule<'_> {
    /// What somebody wants who tries this.
    pub fn wish(&self, attempt: &Attempt, session: Option<String>, now: i64) -> Wish {
        Wish {
            length: attempt
                .length
                .unwrap_or_else(|| self.world.service.lengths.shortest()),
            resource: attempt.resource,
            session: session.filter(|_| attempt.book.is_none()),
            customer: attempt.book.clone().flatten(),
            seats: attempt.seats,
            now,
            minded: Minded::All,
        }
    }
}
