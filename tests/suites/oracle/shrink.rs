//! Smaller worlds than one that fails.
use super::{
    clock::Amount,
    world::{Dates, Kind, Lengths, World},
};

/// Every world that lacks one thing of this one.
pub fn smaller(world: &World) -> Vec<World> {
    let mut worlds = Vec::new();
    let mut with = |change: &dyn Fn(&mut World)| {
        let mut smaller = world.clone();
        change(&mut smaller);
        worlds.push(smaller);
    };
    if world.questions.len() + world.attempts.len() > 1 {
        for n in 0..world.attempts.len() {
            with(&|w| {
                w.attempts = vec![w.attempts[n].clone()];
                w.questions.clear();
            });
        }
        for n in 0..world.questions.len() {
            with(&|w| {
                w.questions = vec![w.questions[n].clone()];
                w.attempts.clear();
            });
        }
        (0..world.attempts.len()).for_each(|n| with(&|w| without(&mut w.attempts, n)));
        (0..world.questions.len()).for_each(|n| with(&|w| without(&mut w.questions, n)));
    }
    (0..world.taken.len()).for_each(|n| with(&|w| without(&mut w.taken, n)));
    (0..world.pages.len()).for_each(|n| with(&|w| without(&mut w.pages, n)));
    for (n, taken) in world.taken.iter().enumerate() {
        if taken.seats.is_empty() && taken.claims.len() > 1 {
            (0..taken.claims.len()).for_each(|m| with(&|w| without(&mut w.taken[n].claims, m)));
        }
        if taken.seats.len() > 1 {
            with(&|w| w.taken[n].seats.truncate(1));
        }
    }
    for (n, set) in world.holiday_sets.iter().enumerate() {
        (0..set.days.len()).for_each(|m| with(&|w| without(&mut w.holiday_sets[n].days, m)));
    }
    for (n, schedule) in world.schedules.iter().enumerate() {
        (0..schedule.rules.len()).for_each(|m| with(&|w| without(&mut w.schedules[n].rules, m)));
        (0..schedule.overrides.len())
            .for_each(|m| with(&|w| without(&mut w.schedules[n].overrides, m)));
        (0..schedule.rules.len())
            .for_each(|m| with(&|w| w.schedules[n].rules[m].valid = Dates::default()));
        (0..schedule.travels.len())
            .for_each(|m| with(&|w| without(&mut w.schedules[n].travels, m)));
        with(&|w| w.schedules[n].holidays = None);
        with(&|w| "UTC".clone_into(&mut w.schedules[n].zone));
    }
    // Only the last, so that the others keep their numbers.
    let has = |resource| {
        let mut members = world
            .service
            .requirements
            .iter()
            .flat_map(|requirement| &requirement.members);
        let mut claims = world.taken.iter().flat_map(|taken| &taken.claims);
        members.any(|member| member.resource == resource)
            || claims.any(|claim| claim.resource == resource)
    };
    if world.resources.len() > 1 && !has(world.resources.len() - 1) {
        with(&|w| drop(w.resources.pop()));
    }
    let uses = |schedule| {
        let mut schedules = world.resources.iter().map(|resource| resource.schedule);
        world.service.schedule == Some(schedule) || schedules.any(|its| its == Some(schedule))
    };
    if !world.schedules.is_empty() && !uses(world.schedules.len() - 1) {
        with(&|w| drop(w.schedules.pop()));
    }
    for (n, resource) in world.resources.iter().enumerate() {
        (0..resource.busy.len()).for_each(|m| with(&|w| without(&mut w.resources[n].busy, m)));
        let claims = world.taken.iter().flat_map(|taken| &taken.claims);
        let units = claims
            .filter(|claim| claim.resource == n)
            .map(|claim| claim.unit);
        let least = units.max().unwrap_or(1);
        with(&|w| w.resources[n].schedule = None);
        with(&|w| w.resources[n].capacity = least);
        with(&|w| w.resources[n].active = true);
    }
    for (n, requirement) in world.service.requirements.iter().enumerate() {
        for (m, member) in requirement.members.iter().enumerate() {
            // One that is asked for, or of whom somebody has a seat, is needed.
            let asked = world.questions.iter().map(|question| question.resource);
            let mut asked = asked.chain(world.attempts.iter().map(|attempt| attempt.resource));
            let mut seated = world
                .taken
                .iter()
                .filter(|taken| !taken.seats.is_empty())
                .flat_map(|taken| &taken.claims);
            if !asked.any(|resource| resource == Some(member.resource))
                && !seated.any(|claim| claim.resource == member.resource)
            {
                with(&|w| {
                    w.service.requirements[n].members.remove(m);
                    w.service
                        .requirements
                        .retain(|requirement| !requirement.members.is_empty());
                });
            }
        }
        if world.taken.iter().all(|taken| taken.seats.is_empty()) {
            with(&|w| w.service.requirements[n].pick = 1);
        }
    }
    with(&|w| w.service.buffer_before = 0);
    with(&|w| w.service.buffer_after = 0);
    with(&|w| w.service.min_notice = Amount::default());
    with(&|w| w.service.horizon = None);
    with(&|w| w.service.bookable = Dates::default());
    with(&|w| w.service.schedule = None);
    with(&|w| w.service.step = None);
    with(&|w| "UTC".clone_into(&mut w.service.zone));
    (0..world.service.limits.len()).for_each(|n| with(&|w| without(&mut w.service.limits, n)));
    if let Lengths::Each(lengths) = &world.service.lengths {
        for length in lengths {
            with(&|w| w.service.lengths = Lengths::Each(vec![*length]));
        }
    }
    if let Kind::Stay { .. } = world.service.kind {
        with(&|w| {
            if let Kind::Stay { arrival_days, .. } = &mut w.service.kind {
                *arrival_days = None;
            }
        });
    }
    for n in 0..world.questions.len() {
        with(&|w| w.questions[n].session = None);
        with(&|w| w.questions[n].step = None);
        with(&|w| w.questions[n].each_resource = false);
        with(&|w| w.questions[n].holds = "hide");
    }
    let size = |w: &World| format!("{w:?}").len();
    let change = format!("{world:?}");
    worlds.retain(|w| format!("{w:?}") != change && size(w) <= size(world) + 16);
    worlds
}

fn without<T>(items: &mut Vec<T>, n: usize) {
    items.remove(n);
}
