//! Random bookings and holds, where nobody has anything. Next: `wishes`.
use std::{collections::BTreeSet, ops::Range};

use anyhow::Result;

use super::{
    clock::{HOUR, MINUTE},
    dice::Dice,
    generate::{Era, Scene, within},
    hours::Hours,
    rule::Rule,
    seats::units,
    world::{By, Claim, Kind, Lengths, Taken, World},
};

pub fn all(dice: &mut Dice, scene: &Scene<'_>, world: &mut World, hours: &Hours) -> Result<()> {
    let starts: Vec<i64> = Rule { world, hours }.starts(None)?.into_iter().collect();
    let starts: Vec<i64> = starts
        .into_iter()
        .filter(|at| world.period.contains(at))
        .collect();
    for _ in 0..dice.range(0, 4 * world.resources.len() as i64) {
        let off = if dice.chance(75) { world.grain } else { MINUTE };
        let usual = !starts.is_empty() && dice.chance(70);
        let start = if usual {
            dice.of(&starts)
        } else {
            within(dice, &world.period, off)
        };
        // What is on no hour of theirs cannot be a stay, and nobody shares it.
        let ours = usual || (dice.chance(50) && !matches!(world.service.kind, Kind::Stay { .. }));
        if !ours {
            let span = start..start + dice.range(1, 8) * off;
            let claims = some_units(dice, world, &span);
            let one = taken(dice, span, claims);
            put(dice, scene, world, Taken { ours, ..one });
            continue;
        }
        let length = length(dice, world);
        let rule = Rule { world, hours };
        let span = start..rule.end(start, length)?;
        let claimed = rule.claimed(&span);
        match world.service.kind {
            Kind::Slot { seats: Some(seats) } => class(dice, scene, world, &span, &claimed, seats),
            _ => {
                let claims = some_units(dice, world, &claimed);
                let one = taken(dice, span, claims);
                put(dice, scene, world, one);
            }
        }
    }
    Ok(())
}

pub fn length(dice: &mut Dice, world: &World) -> i64 {
    match &world.service.lengths {
        Lengths::Each(lengths) => dice.of(lengths),
        Lengths::Between(shortest, longest) => {
            let unit = if matches!(world.service.kind, Kind::Stay { .. }) {
                86_400
            } else {
                world.grain
            };
            dice.range(*shortest, *longest) / unit * unit
        }
    }
}

fn taken(dice: &mut Dice, span: Range<i64>, claims: Vec<Claim>) -> Taken {
    let by = By::Booking {
        status: "confirmed",
        expires_at: None,
        customer: None,
    };
    Taken {
        id: dice.uuid(),
        ours: true,
        span,
        by,
        claims,
        stands: true,
        seats: Vec::new(),
    }
}

/// Gives it to somebody.
fn put(dice: &mut Dice, scene: &Scene<'_>, world: &mut World, taken: Taken) {
    if taken.claims.is_empty() {
        return;
    }
    let soon = |dice: &mut Dice| match scene.era {
        Era::AsOf(now) => now / MINUTE * MINUTE + dice.range(-60, 90) * MINUTE + 13,
        // 2020 and 2100
        Era::Far => dice.of(&[1_577_836_800, 4_102_444_800, 4_102_444_800]),
        Era::Near(now) => now + dice.of(&[-1, 1, 1]) * dice.range(1, 6) * HOUR,
    };
    let customer = dice.maybe(50, customer);
    let (by, stands) = match dice.range(0, 19) {
        0..=6 => (
            By::Booking {
                status: "confirmed",
                expires_at: None,
                customer,
            },
            true,
        ),
        7 => (
            By::Booking {
                status: dice.of(&["completed", "no_show"]),
                expires_at: None,
                customer,
            },
            dice.chance(50),
        ),
        8 => (
            By::Booking {
                status: dice.of(&["cancelled", "declined", "expired"]),
                expires_at: None,
                customer,
            },
            false,
        ),
        9 => (
            By::Booking {
                status: "pending",
                expires_at: Some(soon(dice)),
                customer,
            },
            false,
        ),
        _ => {
            let somebody = format!("a-session-of-somebody-{}", dice.range(0, 9));
            let session = if dice.chance(30) {
                dice.of(&world.sessions)
            } else {
                somebody
            };
            (
                By::Hold {
                    session,
                    expires_at: soon(dice),
                },
                true,
            )
        }
    };
    world.taken.push(Taken {
        by,
        stands,
        ..taken
    });
}

pub fn customer(dice: &mut Dice) -> String {
    dice.of(&["ada@example.org", "grace@example.org"])
        .to_owned()
}

/// One or two units that nobody has, of any resources.
fn some_units(dice: &mut Dice, world: &World, span: &Range<i64>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for _ in 0..dice.range(1, 2) {
        let resource = dice.below(world.resources.len());
        let unit = dice.range(1, i64::from(world.resources[resource].capacity)) as i32;
        let claim = Claim {
            resource,
            unit,
            span: span.clone(),
        };
        if !claims.contains(&claim) && is_nobodys(world, &claim) {
            claims.push(claim);
        }
    }
    claims
}

fn is_nobodys(world: &World, claim: &Claim) -> bool {
    let mut others = world
        .taken
        .iter()
        .filter(|taken| taken.stands)
        .flat_map(|taken| &taken.claims);
    !others.any(|other| {
        (other.resource, other.unit) == (claim.resource, claim.unit)
            && other.span.start < claim.span.end
            && claim.span.start < other.span.end
    })
}

/// Seats in a class of this span, or a new class with units of each requirement.
fn class(
    dice: &mut Dice,
    scene: &Scene<'_>,
    world: &mut World,
    span: &Range<i64>,
    claimed: &Range<i64>,
    seats: i64,
) {
    let has_seats = |taken: &&Taken| taken.stands && !taken.seats.is_empty();
    let claims_it = |taken: &&Taken| taken.claims.iter().all(|claim| claim.span == *claimed);
    let other = world
        .taken
        .iter()
        .rfind(|taken| has_seats(taken) && claims_it(taken));
    let mut claims = other.map(|taken| taken.claims.clone()).unwrap_or_default();
    if claims.is_empty() || dice.chance(30) {
        claims.clear();
        for requirement in &world.service.requirements {
            let mut members: Vec<_> = requirement
                .members
                .iter()
                .map(|member| member.resource)
                .collect();
            dice.shuffle(&mut members);
            for resource in members.into_iter().take(requirement.pick as usize) {
                let unit = dice.range(1, i64::from(world.resources[resource].capacity)) as i32;
                claims.push(Claim {
                    resource,
                    unit,
                    span: claimed.clone(),
                });
            }
        }
        if !claims.iter().all(|claim| is_nobodys(world, claim)) {
            return;
        }
    }
    // Several at once, so that some classes are full.
    for _ in 0..dice.range(1, seats) {
        let here = |taken: &&Taken| {
            taken.stands && units(&taken.claims) == units(&claims) && claims_it(taken)
        };
        let sold: BTreeSet<i32> = world
            .taken
            .iter()
            .filter(here)
            .flat_map(|taken| taken.seats.clone())
            .collect();
        let mut left: Vec<i32> = (1..=seats as i32)
            .filter(|seat| !sold.contains(seat))
            .collect();
        dice.shuffle(&mut left);
        left.truncate(dice.of(&[1, 1, 1, 2]));
        if left.is_empty() {
            return;
        }
        let one = taken(dice, span.clone(), claims.clone());
        put(dice, scene, world, Taken { seats: left, ..one });
    }
}
