//! The calls of the engine, and what they answer. Next: `check`.
use anyhow::{Context, Result, ensure};
use tokio_postgres::Row as Record;
use uuid::Uuid;

use super::{
    clock::{DAY, MINUTE, text},
    rule::Row,
    script::quoted,
    world::{Attempt, Kind, Question, World},
};

impl World {
    /// A question; its answer is a row each slot, and a last one with the clock.
    pub fn ask(&self, question: &Question) -> String {
        format!(
            "select extract(epoch from s.starts_at)::float8, extract(epoch from s.ends_at)::float8, s.resource_id, s.status, s.remaining,
    s.duration = {expected} and s.slot_id is not null and exists (
        select from booking.slot_of(s.slot_id) k
        where (k.tenant_id, k.service_id, k.starts_at, k.duration) = ('{tenant}', '{service}', s.starts_at, s.duration)
            and k.resource_id is not distinct from s.resource_id)
from booking.available_slots('{tenant}', '{service}', '{from}', '{to}', duration => {duration}, resource => {resource},
    session_id => {session}, holds => '{holds}', each_resource => {each}, step => {step}, as_of => {as_of}) s
union all
select extract(epoch from statement_timestamp())::float8, null, null, null, null, null",
            tenant = self.tenant,
            service = self.service.id,
            from = text(question.range.start),
            to = text(question.range.end),
            duration = self.length(question.length),
            expected = self.length(Some(question.length.unwrap_or_else(|| self.service.lengths.shortest()))),
            resource = self.resource(question.resource),
            session = quoted(question.session.as_ref()),
            holds = question.holds,
            each = question.each_resource,
            step = quoted(question.step.map(|step| format!("{} minutes", step / MINUTE))),
            as_of = quoted(question.as_of.map(text)),
        )
    }

    /// The clock of the statement and the rows of an answer.
    pub fn answer(&self, records: &[Record]) -> Result<(f64, Vec<Row>)> {
        let (clock, slots) = records.split_last().context("no row with the clock")?;
        let mut rows = Vec::new();
        for slot in slots {
            let [starts_at, ends_at]: [f64; 2] = [slot.get(0), slot.get(1)];
            let whole = starts_at.fract() == 0.0 && ends_at.fract() == 0.0;
            ensure!(
                whole && slot.get::<_, bool>(5),
                "{starts_at}: its end, duration or slot_id is another's"
            );
            let resource: Option<Uuid> = slot.get(2);
            let status = ["available", "held"]
                .into_iter()
                .find(|known| *known == slot.get::<_, &str>(3));
            rows.push(Row {
                starts_at: starts_at as i64,
                ends_at: ends_at as i64,
                resource: resource.map(|id| self.resource_of(id)).transpose()?,
                status: status.context("an unknown status")?,
                remaining: slot.get::<_, i32>(4).into(),
            });
        }
        Ok((clock.get(0), rows))
    }

    /// A hold, or a booking at once: its id, else the code of the refusal, and the resources that it tells of.
    pub fn take(&self, attempt: &Attempt, session: &str) -> String {
        let arguments = format!(
            "tenant => '{}', service => '{}', starts_at => '{}', duration => {}, resource => {}",
            self.tenant,
            self.service.id,
            text(attempt.at),
            self.length(attempt.length),
            self.resource(attempt.resource),
        );
        match &attempt.book {
            Some(customer) => {
                // Customers are known again however they write themselves.
                let customer = customer
                    .as_ref()
                    .map(|email| format!(r#"{{"email": "{}"}}"#, email.to_uppercase()));
                let customer = quoted(customer);
                format!(
                    "select booking_id, code, null::uuid[] from booking.try_book({arguments}, customer => {customer})"
                )
            }
            None => format!(
                "select hold_id, code, resources from booking.try_hold({arguments}, session_id => '{session}', seats => {})",
                attempt.seats,
            ),
        }
    }

    fn length(&self, length: Option<i64>) -> String {
        let (unit, name) = match self.service.kind {
            Kind::Stay { .. } => (DAY, "days"),
            _ => (MINUTE, "minutes"),
        };
        let length = length.map(|length| format!("interval '{} {name}'", length / unit));
        length.unwrap_or_else(|| "null".to_owned())
    }

    pub fn resource_of(&self, id: Uuid) -> Result<usize> {
        let found = self.resources.iter().position(|resource| resource.id == id);
        found.with_context(|| format!("{id} is no resource of this world"))
    }
}
