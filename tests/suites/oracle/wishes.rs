//! What is asked of a world and tried in it.
use anyhow::Result;

use super::{
    clock::{DAY, HOUR, MINUTE},
    dice::Dice,
    generate::{Era, within},
    hours::Hours,
    rule::{Rule, Verdict, Wish},
    world::{Attempt, Question, World},
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

pub fn questions(dice: &mut Dice, world: &World, era: Era) -> Vec<Question> {
    let mut questions = vec![Question {
        range: world.period.clone(),
        as_of: match era {
            Era::AsOf(now) => Some(now),
            _ => None,
        },
        duration: None,
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
        let as_of = questions[0]
            .as_of
            .or_else(|| dice.maybe(20, |dice| world.period.start + dice.range(-2 * DAY, DAY)));
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
            duration: match dice.range(0, 9) {
                0..=2 => None,
                3 => Some(dice.range(1, 5) * world.grain),
                _ => Some(dice.of(&world.service.durations)),
            },
            resource: if each_resource || dice.chance(60) {
                None
            } else {
                member(dice, world)
            },
            session: dice.maybe(30, |dice| dice.of(&world.sessions)),
            holds: dice.of(&["hide", "hide", "mark", "ignore"]),
            each_resource,
            step: dice.maybe(30, |dice| dice.of(&[1, 1, 2, 3, 5, 11, 50]) * world.grain),
        });
    }
    questions
}

/// Starts that are offered, that are taken, and that are not offered, though the service is open; and some at random.
pub fn attempts(dice: &mut Dice, world: &World, hours: &Hours, now: i64) -> Result<Vec<Attempt>> {
    let rule = Rule { world, hours };
    let grid = hours.grid(rule.step());
    let mut attempts = Vec::new();
    for _ in 0..2 {
        let duration = dice.maybe(50, |dice| dice.of(&world.service.durations));
        let wish = Wish {
            duration: duration.unwrap_or_else(|| rule.shortest()),
            resource: if dice.chance(30) {
                member(dice, world)
            } else {
                None
            },
            session: dice.maybe(15, |dice| dice.of(&world.sessions)),
            now,
            mind_holds: true,
        };
        let [mut free, mut taken, mut without_member] = [const { Vec::new() }; 3];
        let around = world.period.start - 6 * HOUR..world.period.end + 6 * HOUR;
        for at in hours.slots().filter(|at| around.contains(at)) {
            match rule.judge(&wish, &grid, at)? {
                Verdict::Free(_) => free.push(at),
                Verdict::Taken => taken.push(at),
                Verdict::NotOffered if rule.service_offers(&wish, &grid, at)? => {
                    without_member.push(at)
                }
                Verdict::NotOffered => {}
            }
        }
        for starts in [free, taken, without_member]
            .iter()
            .filter(|starts| !starts.is_empty())
        {
            attempts.push(Attempt {
                at: dice.of(starts),
                duration,
                resource: wish.resource,
                session: wish.session.clone(),
                book: wish.session.is_none() && dice.chance(30),
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
            duration: match dice.range(0, 9) {
                0..=4 => None,
                5 => Some(dice.range(1, 5) * world.grain),
                _ => Some(dice.of(&world.service.durations)),
            },
            resource: if dice.chance(30) {
                member(dice, world)
            } else {
                None
            },
            session: dice.maybe(20, |dice| dice.of(&world.sessions)),
            book: false,
        });
    }
    Ok(attempts)
}
