//! A world as SQL: what the harness runs is what it prints. The calls are in `calls`.
use std::{fmt::Display, ops::Range};

use super::{
    clock::{Amount, MINUTE, text},
    world::{By, Dates, Service, Taken, World},
};

impl World {
    /// Who and what, without anything that says when.
    pub fn skeleton(&self) -> String {
        let tenant = self.tenant;
        let name = format!("'w{}', 'world'", tenant.simple());
        let schedules = self.schedules.iter().enumerate().map(|(n, schedule)| {
            format!(
                "'{tenant}', '{}', 'hours {n}', '{}'",
                schedule.id, schedule.zone
            )
        });
        let resources = self.resources.iter().enumerate().map(|(n, resource)| {
            format!(
                "'{tenant}', '{}', 'r{n}', 'r{n}', '{}', {}, {}, {}, {}",
                resource.id,
                resource.zone,
                self.grain / MINUTE,
                resource.capacity,
                self.schedule(resource.schedule),
                resource.active,
            )
        });
        let other = format!(
            "'{tenant}', '{}', 'other', 'other', '{{{}}}'",
            self.other,
            self.grain / MINUTE
        );
        [
            insert("tenant (tenant_id, slug, name)", [format!("'{tenant}', {name}")]),
            insert("schedule (tenant_id, schedule_id, name, zone)", schedules),
            insert("resource (tenant_id, resource_id, slug, name, zone, grain, capacity, schedule_id, active)", resources),
            self.service_script(&self.service),
            insert("service (tenant_id, service_id, slug, name, durations)", [other]),
        ]
        .concat()
    }

    fn service_script(&self, service: &Service) -> String {
        let tenant = self.tenant;
        let id = service.id;
        let row = format!(
            "'{tenant}', '{id}', 'asked', 'asked', '{}', '{{{}}}', {}, {}, {}, {}, {}, {}, {}",
            service.zone,
            service
                .durations
                .iter()
                .map(|d| (d / MINUTE).to_string())
                .collect::<Vec<_>>()
                .join(","),
            or_null(service.step.map(|step| step / MINUTE)),
            service.buffer_before / MINUTE,
            service.buffer_after / MINUTE,
            amount(service.min_notice),
            or_null(service.horizon.map(amount)),
            dates(&service.bookable),
            self.schedule(service.schedule),
        );
        let requirements = service.requirements.iter().map(|requirement| {
            format!(
                "'{tenant}', '{id}', '{}', {}, '{}'",
                requirement.id, requirement.pick, requirement.strategy
            )
        });
        let members = service.requirements.iter().flat_map(|requirement| {
            requirement.members.iter().map(|member| {
                let resource = self.resources[member.resource].id;
                let (weight, priority, booked) = (member.weight, member.priority, member.booked);
                format!(
                    "'{tenant}', '{id}', '{}', '{resource}', {weight}, {priority}, {booked}",
                    requirement.id
                )
            })
        });
        [
            insert(
                "service (tenant_id, service_id, slug, name, zone, durations, step, buffer_before, buffer_after,
    min_notice, horizon, bookable, schedule_id)",
                [row],
            ),
            insert("service_requirement (tenant_id, service_id, requirement_id, pick, strategy)", requirements),
            insert(
                "requirement_resource (tenant_id, service_id, requirement_id, resource_id, weight, priority, booked)",
                members,
            ),
        ]
        .concat()
    }

    /// Hours, busy windows, bookings and holds.
    pub fn facts(&self) -> String {
        let tenant = self.tenant;
        let rules = self.schedules.iter().flat_map(|schedule| {
            schedule.rules.iter().map(|rule| {
                let (weekday, window, valid) =
                    (rule.weekday, window(&rule.window), dates(&rule.valid));
                format!(
                    "'{tenant}', '{}', {weekday}, {window}, {valid}",
                    schedule.id
                )
            })
        });
        let overrides = self.schedules.iter().flat_map(|schedule| {
            schedule.overrides.iter().map(|one| {
                let window = one
                    .window
                    .as_ref()
                    .map_or_else(|| "null, null".to_owned(), window);
                let (from, to) = (one.dates.start, one.dates.end);
                format!(
                    "'{tenant}', '{}', daterange('{from}', '{to}'), {window}",
                    schedule.id
                )
            })
        });
        let busy = self.resources.iter().flat_map(|resource| {
            let id = resource.id;
            resource
                .busy
                .iter()
                .map(move |busy| format!("'{tenant}', '{id}', {}", span(busy)))
        });
        [
            insert(
                "schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid)",
                rules,
            ),
            insert(
                "schedule_override (tenant_id, schedule_id, dates, opens, closes)",
                overrides,
            ),
            insert("busy_window (tenant_id, resource_id, span)", busy),
            self.taken
                .iter()
                .map(|taken| self.taken_script(taken))
                .collect(),
        ]
        .concat()
    }

    fn taken_script(&self, taken: &Taken) -> String {
        let (tenant, id) = (self.tenant, taken.id);
        let service = if taken.ours {
            self.service.id
        } else {
            self.other
        };
        let whose = format!("'{tenant}', '{id}', '{service}', {}", span(&taken.span));
        let unit = |resource: usize, unit: i32| {
            format!(
                "'{tenant}', '{id}', '{}', {unit}",
                self.resources[resource].id
            )
        };
        let (owner, assigned) = match &taken.by {
            By::Booking { status } => (
                insert(
                    "booking (tenant_id, booking_id, service_id, span, status)",
                    [format!("{whose}, '{status}'")],
                ),
                insert(
                    "booking_resource (tenant_id, booking_id, resource_id, unit)",
                    taken
                        .claims
                        .iter()
                        .map(|claim| unit(claim.resource, claim.unit)),
                ),
            ),
            By::Hold {
                session,
                expires_at,
            } => (
                insert(
                    "hold (tenant_id, hold_id, service_id, span, session_hash, expires_at)",
                    [format!(
                        "{whose}, sha256('{session}'), '{}'",
                        text(*expires_at)
                    )],
                ),
                String::new(),
            ),
        };
        let claim = match &taken.by {
            By::Booking { .. } => "claim (tenant_id, booking_id, resource_id, unit, span)",
            By::Hold { .. } => "claim (tenant_id, hold_id, resource_id, unit, span)",
        };
        let claims = taken.claims.iter().map(|claim| {
            format!(
                "{}, {}",
                unit(claim.resource, claim.unit),
                span(&claim.span)
            )
        });
        [owner, assigned, insert(claim, claims)].concat()
    }

    /// Stores what pages the world wants stored.
    pub fn recompute(&self) -> String {
        let recompute = |(resource, range): &(Option<usize>, Range<i64>)| {
            let resource = self.resource(*resource);
            let (from, to) = (text(range.start), text(range.end));
            format!(
                "select booking.recompute('{}', {resource}, '{from}', '{to}');\n",
                self.tenant
            )
        };
        self.pages.iter().map(recompute).collect()
    }

    fn schedule(&self, schedule: Option<usize>) -> String {
        quoted(schedule.map(|schedule| self.schedules[schedule].id))
    }

    pub fn resource(&self, resource: Option<usize>) -> String {
        quoted(resource.map(|resource| self.resources[resource].id))
    }
}

/// A statement for all rows; none for no rows.
fn insert(table: &str, rows: impl IntoIterator<Item = String>) -> String {
    let rows: Vec<_> = rows.into_iter().map(|row| format!("    ({row})")).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "insert into booking.{table} values\n{};\n",
        rows.join(",\n")
    )
}

fn or_null(value: Option<impl Display>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

pub fn quoted(value: Option<impl Display>) -> String {
    or_null(value.map(|value| format!("'{value}'")))
}

fn amount(amount: Amount) -> String {
    let Amount {
        months,
        days,
        minutes,
    } = amount;
    format!("'{months} months {days} days {minutes} minutes'")
}

fn dates(dates: &Dates) -> String {
    format!("daterange({}, {})", quoted(dates.from), quoted(dates.to))
}

fn span(span: &Range<i64>) -> String {
    format!("tstzrange('{}', '{}')", text(span.start), text(span.end))
}

fn window(window: &Range<i64>) -> String {
    let [opens, closes] = [window.start, window.end]
        .map(|s| format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60));
    format!("'{opens}', '{closes}'")
}
