//! Smaller worlds than one that fails.
use super::{
    clock::Amount,
    world::{Dates, World},
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
    for n in 0..world.taken.len() {
        (0..world.taken[n].claims.len())
            .for_each(|m| with(&|w| without(&mut w.taken[n].claims, m)));
    }
    for (n, schedule) in world.schedules.iter().enumerate() {
        (0..schedule.rules.len()).for_each(|m| with(&|w| without(&mut w.schedules[n].rules, m)));
        (0..schedule.overrides.len())
            .for_each(|m| with(&|w| without(&mut w.schedules[n].overrides, m)));
        (0..schedule.rules.len())
            .for_each(|m| with(&|w| w.schedules[n].rules[m].valid = Dates::default()));
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
        with(&|w| w.resources[n].schedule = None);
        with(&|w| w.resources[n].capacity = 1.max(w.resources[n].capacity - 1));
        with(&|w| w.resources[n].active = true);
    }
    for (n, requirement) in world.service.requirements.iter().enumerate() {
        for (m, member) in requirement.members.iter().enumerate() {
            let wanted = world.questions.iter().map(|question| question.resource);
            let mut wanted = wanted.chain(world.attempts.iter().map(|attempt| attempt.resource));
            if !wanted.any(|resource| resource == Some(member.resource)) {
                with(&|w| {
                    w.service.requirements[n].members.remove(m);
                    w.service
                        .requirements
                        .retain(|requirement| !requirement.members.is_empty());
                });
            }
        }
        with(&|w| w.service.requirements[n].pick = 1);
    }
    with(&|w| w.service.buffer_before = 0);
    with(&|w| w.service.buffer_after = 0);
    with(&|w| w.service.min_notice = Amount::default());
    with(&|w| w.service.horizon = None);
    with(&|w| w.service.bookable = Dates::default());
    with(&|w| w.service.schedule = None);
    with(&|w| w.service.step = None);
    with(&|w| "UTC".clone_into(&mut w.service.zone));
    (0..world.service.durations.len())
        .for_each(|n| with(&|w| w.service.durations = vec![w.service.durations[n]]));
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
