//! Slots of one resource and of pools, thirty days ahead; and the two sides of such a query, for other groups.
use std::time::SystemTime;

use anyhow::Result;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{
    measure::{Query, pairs},
    report::{Report, Target},
    world::{World, session},
};

/// The peer: the fastest of `../sql/peers` where there are several members, see `peers`.
const PEER: &str = include_str!("../sql/peers/sweep.sql");

/// The fastest where there is one.
const PEER_OF_ONE: &str = include_str!("../sql/peers/starts.sql");

const OURS: &str =
    "select starts_at, ends_at, remaining from booking.available_slots($1, $2, $3, $4)";

/// How many of the world's resources, beside which peer, and what to reach.
const POOLS: [(usize, &str, Target); 3] = [
    (1, PEER_OF_ONE, Target::at_least(3.0, ">= 3x")),
    (50, PEER, Target::at_least(30.0, ">= 30x")),
    (200, PEER, Target::at_least(100.0, ">= 100x")),
];

/// What one asks: a service, whole dates from tomorrow on, the span of them.
pub struct Question {
    tenant: Uuid,
    service: Uuid,
    members: Vec<Uuid>,
    from: SystemTime,
    to: SystemTime,
}

impl Question {
    /// Of the service of that slug, so many days from tomorrow on: today's past is not offered.
    pub async fn new(client: &Client, slug: &str, days: i32) -> Result<Self> {
        let row = client
            .query_one(
                "select t.tenant_id, s.service_id,
                    array(
                        select m.resource_id from booking.requirement_resource m
                        where (m.tenant_id, m.service_id) = (s.tenant_id, s.service_id)),
                    t.today + interval '1 day', t.today + make_interval(days => 1 + $2)
                from bench.tenant t
                join booking.service s using (tenant_id)
                where s.slug = $1",
                &[&slug, &days],
            )
            .await?;
        Ok(Self {
            tenant: row.get(0),
            service: row.get(1),
            members: row.get(2),
            from: row.get(3),
            to: row.get(4),
        })
    }

    /// Our side of it.
    pub async fn ours<'a>(&'a self, client: &'a Client) -> Result<Query<'a>> {
        Query::new(
            client,
            OURS,
            vec![
                Box::new(&self.tenant),
                Box::new(&self.service),
                Box::new(self.from),
                Box::new(self.to),
            ],
        )
        .await
    }

    /// The peer's.
    pub async fn peer<'a>(&'a self, client: &'a Client) -> Result<Query<'a>> {
        self.peer_as(client, PEER).await
    }

    /// A peer's that is written otherwise.
    pub async fn peer_as<'a>(&'a self, client: &'a Client, sql: &str) -> Result<Query<'a>> {
        Query::new(
            client,
            sql,
            vec![
                Box::new(&self.members),
                Box::new(self.from),
                Box::new(self.to),
            ],
        )
        .await
    }
}

/// What has to be equal: start, end, how many more bookings fit.
pub fn answer(rows: &[Row]) -> Result<Vec<(SystemTime, SystemTime, i32)>> {
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect()
}

/// A row of a curve: a service, `days` ahead.
pub async fn row(
    report: &mut Report,
    client: &Client,
    name: &str,
    slug: &str,
    days: i32,
) -> Result<()> {
    let question = Question::new(client, slug, days).await?;
    let (ours, peer) = (question.ours(client).await?, question.peer(client).await?);
    let (ours, peer) = pairs(report.runs, &ours, &peer, answer).await?;
    report.row(name, &ours, &peer, None);
    Ok(())
}

/// The rows.
pub async fn run(world: &World, report: &mut Report) -> Result<()> {
    let db = world.copy("slots").await?;
    let client = session(&db).await?;
    report.group("slots, 30 days", "available_slots", "tstzmultirange");
    for (members, sql, target) in POOLS {
        let name = match members {
            1 => "slots, 1 resource x 30 days".to_owned(),
            _ => format!("slots, any of {members} resources x 30 days"),
        };
        let question = Question::new(&client, &format!("of-{members}"), 30).await?;
        let ours = question.ours(&client).await?;
        let peer = question.peer_as(&client, sql).await?;
        let (ours, peer) = pairs(report.runs, &ours, &peer, answer).await?;
        report.row(&name, &ours, &peer, Some(target));
    }
    Ok(())
}
