//! A world as SQL: what the harness runs is what it prints. The calls are in `calls`.
use std::{fmt::Display, ops::Range};

use uuid::Uuid;

use super::{
    clock::{Amount, DAY, MINUTE, text},
    world::{By, Claim, Dates, Kind, Lengths, Override, Service, Taken, World},
};

impl World {
    /// Who and what, without anything that says when.
    pub fn skeleton(&self) -> String {
        let tenant = self.tenant;
        let holiday_sets = self.holiday_sets.iter().enumerate();
        let holiday_sets = holiday_sets
            .map(|(n, set)| format!("'{tenant}', '{}', 's{n}', 'holidays {n}'", set.id));
        let name = format!("'w{}', 'world'", tenant.simple());
        let schedules = self.schedules.iter().enumerate().map(|(n, schedule)| {
            let holidays = quoted(schedule.holidays.map(|set| self.holiday_sets[set].id));
            format!(
                "'{tenant}', '{}', 'hours {n}', '{}', {holidays}",
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
            insert("holiday_set (tenant_id, holiday_set_id, slug, name)", holiday_sets),
            insert("schedule (tenant_id, schedule_id, name, zone, holiday_set_id)", schedules),
            insert("resource (tenant_id, resource_id, slug, name, zone, grain, capacity, schedule_id, active)", resources),
            self.service_script(&self.service),
            insert("service (tenant_id, service_id, slug, name, durations)", [other]),
        ]
        .concat()
    }

    fn service_script(&self, service: &Service) -> String {
        let tenant = self.tenant;
        let id = service.id;
        let mut columns = vec![
            ("zone", quoted(Some(&service.zone))),
            ("step", or_null(service.step.map(|step| step / MINUTE))),
            (
                "buffer_before",
                (service.buffer_before / MINUTE).to_string(),
            ),
            ("buffer_after", (service.buffer_after / MINUTE).to_string()),
            ("min_notice", amount(service.min_notice)),
            ("horizon", or_null(service.horizon.map(amount))),
            ("bookable", dates(&service.bookable)),
            ("schedule_id", self.schedule(service.schedule)),
        ];
        let unit = match &service.kind {
            Kind::Slot { seats } => {
                columns.push(("seats", or_null(*seats)));
                MINUTE
            }
            Kind::Span { crosses_closed } => {
                columns.extend([
                    ("kind", "'span'".to_owned()),
                    ("crosses_closed", crosses_closed.to_string()),
                ]);
                MINUTE
            }
            Kind::Stay {
                check_in,
                check_out,
                arrival_days,
            } => {
                let days = arrival_days
                    .as_ref()
                    .map(|days| format!("{{{}}}", list(days)));
                columns.extend([
                    ("kind", "'stay'".to_owned()),
                    ("arrival_days", quoted(days)),
                ]);
                columns.extend([
                    ("check_in", time(*check_in)),
                    ("check_out", time(*check_out)),
                ]);
                DAY
            }
        };
        match &service.lengths {
            Lengths::Each(lengths) => {
                let lengths: Vec<_> = lengths.iter().map(|length| length / unit).collect();
                columns.push(("durations", format!("'{{{}}}'", list(&lengths))));
            }
            Lengths::Between(shortest, longest) => columns.extend([
                ("min_length", (shortest / unit).to_string()),
                ("max_length", (longest / unit).to_string()),
            ]),
        }
        let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let table = format!(
            "service (tenant_id, service_id, slug, name, {})",
            names.join(", ")
        );
        let row = format!(
            "'{tenant}', '{id}', 'asked', 'asked', {}",
            values.join(", ")
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
        let limits = service.limits.iter().map(|limit| {
            let (count, minutes) = (
                or_null(limit.max_count),
                or_null(limit.max_length.map(|length| length / MINUTE)),
            );
            format!(
                "'{tenant}', '{id}', '{}', '{}', {count}, {minutes}",
                limit.scope, limit.period
            )
        });
        [
            insert(&table, [row]),
            insert("service_requirement (tenant_id, service_id, requirement_id, pick, strategy)", requirements),
            insert(
                "requirement_resource (tenant_id, service_id, requirement_id, resource_id, weight, priority, booked)",
                members,
            ),
            insert("service_limit (tenant_id, service_id, scope, period, max_count, max_minutes)", limits),
        ]
        .concat()
    }

    /// Hours, busy windows, bookings and holds.
    pub fn facts(&self) -> String {
        let tenant = self.tenant;
        let replaced = |owner: Uuid, days: &[Override]| -> Vec<String> {
            let row = |one: &Override| {
                let window = one
                    .window
                    .as_ref()
                    .map_or_else(|| "null, null".to_owned(), window);
                format!(
                    "'{tenant}', '{owner}', daterange('{}', '{}'), {window}",
                    one.dates.start, one.dates.end
                )
            };
            days.iter().map(row).collect()
        };
        let holidays = self
            .holiday_sets
            .iter()
            .flat_map(|set| replaced(set.id, &set.days));
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
        let overrides = self
            .schedules
            .iter()
            .flat_map(|schedule| replaced(schedule.id, &schedule.overrides));
        let travels = self.schedules.iter().flat_map(|schedule| {
            schedule.travels.iter().map(|(dates, zone)| {
                format!(
                    "'{tenant}', '{}', daterange('{}', '{}'), '{zone}'",
                    schedule.id, dates.start, dates.end
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
                "holiday (tenant_id, holiday_set_id, dates, opens, closes)",
                holidays,
            ),
            insert(
                "schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid)",
                rules,
            ),
            insert(
                "schedule_override (tenant_id, schedule_id, dates, opens, closes)",
                overrides,
            ),
            insert(
                "schedule_travel (tenant_id, schedule_id, dates, zone)",
                travels,
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
        let seats = taken.seats.len().max(1);
        let whose = format!(
            "'{tenant}', '{id}', '{service}', {}, {seats}",
            span(&taken.span)
        );
        let unit = |claim: &Claim| {
            format!(
                "'{tenant}', '{id}', '{}', {}",
                self.resources[claim.resource].id, claim.unit
            )
        };
        let owner = match &taken.by {
            By::Booking {
                status,
                expires_at,
                customer,
            } => {
                let expires_at = quoted(expires_at.map(text));
                let row = format!(
                    "{whose}, '{status}', {expires_at}, {}",
                    quoted(customer.as_ref())
                );
                let booking = "booking (tenant_id, booking_id, service_id, span, seats, status, expires_at, customer_key)";
                let assigned = insert(
                    "booking_resource (tenant_id, booking_id, resource_id, unit)",
                    taken.claims.iter().map(unit),
                );
                insert(booking, [row]) + &assigned
            }
            By::Hold {
                session,
                expires_at,
            } => insert(
                "hold (tenant_id, hold_id, service_id, span, seats, session_hash, expires_at)",
                [format!(
                    "{whose}, sha256('{session}'), '{}'",
                    text(*expires_at)
                )],
            ),
        };
        if !taken.stands {
            return owner;
        }
        let owner_id = if matches!(taken.by, By::Hold { .. }) {
            "hold_id"
        } else {
            "booking_id"
        };
        let claims = if taken.seats.is_empty() {
            let rows = taken
                .claims
                .iter()
                .map(|claim| format!("{}, {}", unit(claim), span(&claim.span)));
            insert(
                &format!("claim (tenant_id, {owner_id}, resource_id, unit, span)"),
                rows,
            )
        } else {
            taken.claims.iter().map(|claim| {
                let (resource, number, span) = (self.resources[claim.resource].id, claim.unit, span(&claim.span));
                format!(
                    "insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
    values ('{tenant}', '{service}', '{resource}', {number}, {span}) on conflict do nothing;
insert into booking.claim (tenant_id, {owner_id}, resource_id, unit, span, sitting_id, seat)
    select {}, s.span, s.sitting_id, seat
    from booking.sitting s, unnest(array{:?}) seat
    where (s.tenant_id, s.service_id, s.resource_id, s.unit, s.span) = ('{tenant}', '{service}', '{resource}', {number}, {span});\n",
                    unit(claim),
                    taken.seats,
                )
            }).collect()
        };
        owner + &claims
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
    format!("{}, {}", time(window.start), time(window.end))
}

fn time(time: i64) -> String {
    format!(
        "'{:02}:{:02}:{:02}'",
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

fn list(items: &[impl Display]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
