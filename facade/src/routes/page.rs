//! How a list of slots is cut into pages.

use serde::de::Unexpected;
use serde::{Deserialize, Deserializer};
use tokio_postgres::Row;
use utoipa::ToSchema;

use super::OfService;
use super::slots::Wanted;
use crate::count::Count;
use crate::cursor::{Cursor, Question};
use crate::instant::Instant;

/// How many slots a page has at most.
#[derive(Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = 1, maximum = 5000, default = 500)]
pub struct Limit(pub i32);

impl Default for Limit {
    fn default() -> Self {
        Self(500)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i32::deserialize(deserializer)? {
            limit @ 1..=5000 => Ok(Self(limit)),
            other => Err(serde::de::Error::invalid_value(
                Unexpected::Signed(other.into()),
                &"a limit from 1 to 5000",
            )),
        }
    }
}

/// What a list was asked for, but for the size of its pages and the zone that its times are written in.
pub(super) fn question(of: &OfService, wanted: &Wanted) -> Question {
    let number = |count: Option<Count>| count.map_or(String::new(), |Count(n)| n.to_string());
    let time = |Instant(at): Instant| at.timestamp_micros().to_string();
    Question::new(&[
        &of.tenant,
        &of.service,
        &time(wanted.from),
        &time(wanted.to),
        &number(wanted.duration),
        &number(wanted.step),
        &wanted.resource.map_or(String::new(), |id| id.to_string()),
        wanted.holds.as_str(),
        &wanted.each_resource.to_string(),
    ])
}

/// Where a page ends, by its last row.
pub(super) fn end(row: &Row, each_resource: bool) -> Result<Cursor, tokio_postgres::Error> {
    Ok(Cursor {
        start: row.try_get("starts_at")?,
        resource: if each_resource {
            row.try_get("resource_id")?
        } else {
            None
        },
    })
}
