//! What is new for all who look, in one call of SQL. It is asked for by [`super::reader`], from where that is, and by
//! [`super::resume`], from where a viewer was; how it is told: [`super::event`].

use axum::http::StatusCode;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::event::{Held, HeldSpan, SlotsChanged};
use super::hub::Watch;
use crate::caller::Caller;
use crate::db::Db;
use crate::instant::Instant;
use crate::problem::Problem;

const FEED: &str = "
    select f.after, f.seen, f.reset, f.more, f.gone,
           s.service as slots_service, s.resource_id as slots_resource, s.from_ts, s.to_ts,
           h.service as held_service, h.resource_id as held_resource, h.starts_at, h.ends_at, h.expires_at, h.claims
    from booking_api.feed(tenants => $1, services => $2, after => $3, seen => $4) f
    cross join lateral (
        select coalesce(array_agg(x.service), '{}') as service, coalesce(array_agg(x.resource_id), '{}') as resource_id,
               coalesce(array_agg(x.from_ts), '{}') as from_ts, coalesce(array_agg(x.to_ts), '{}') as to_ts
        from unnest(f.slots) x) s
    cross join lateral (
        select coalesce(array_agg(x.service), '{}') as service, coalesce(array_agg(x.resource_id), '{}') as resource_id,
               coalesce(array_agg(x.starts_at), '{}') as starts_at, coalesce(array_agg(x.ends_at), '{}') as ends_at,
               coalesce(array_agg(x.expires_at), '{}') as expires_at, coalesce(array_agg(x.claims), '{}') as claims
        from unnest(f.held) x) h";

/// How far the feed was read: the id of what came last, and what was there beyond.
pub(super) struct Mark {
    pub after: String,
    pub seen: Vec<i64>,
}

/// What a call of SQL said.
pub(super) struct News {
    pub mark: Mark,
    /// What came since the mark before is not known: forget all.
    pub reset: bool,
    /// There is more than one call tells.
    pub more: bool,
    /// Of each service, in the order in which they were asked for.
    pub services: Vec<ServiceNews>,
}

/// What is new of a service.
#[derive(Default)]
pub(super) struct ServiceNews {
    /// It is unknown, or not for the public.
    pub gone: bool,
    pub slots: Vec<SlotsChanged>,
    /// All that is held now.
    pub held: Held,
}

impl News {
    /// One call for all of them. It writes only where the epoch of the feed is still to be chosen.
    pub async fn since(db: &Db, watched: &[Watch], mark: Option<&Mark>) -> Result<Self, Problem> {
        let tenants: Vec<&str> = watched.iter().map(|watch| watch.tenant.as_str()).collect();
        let services: Vec<&str> = watched.iter().map(|watch| watch.service.as_str()).collect();
        let after = mark.map(|mark| mark.after.as_str());
        let seen = mark.map(|mark| mark.seen.as_slice());
        let row = db
            .write(
                &Caller::ITSELF,
                FEED,
                &[
                    (&tenants, Type::TEXT_ARRAY),
                    (&services, Type::TEXT_ARRAY),
                    (&after, Type::TEXT),
                    (&seen, Type::INT8_ARRAY),
                ],
            )
            .await
            // Nothing of a viewer's is in doubt: there is a next time.
            .map_err(|problem| match problem.status {
                StatusCode::SERVICE_UNAVAILABLE => Problem::unavailable(5),
                _ => problem,
            })?;
        let services = watched.iter().map(|_| ServiceNews::default()).collect();
        Ok(Self::read(&row, services)?)
    }

    /// Services are numbered from 1.
    fn read(row: &Row, mut services: Vec<ServiceNews>) -> Result<Self, tokio_postgres::Error> {
        for number in row.try_get::<_, Vec<i32>>("gone")? {
            if let Some(service) = services.get_mut(number as usize - 1) {
                service.gone = true;
            }
        }
        let of: Vec<i32> = row.try_get("slots_service")?;
        for (number, slots) in of.into_iter().zip(slots(row)?) {
            if let Some(service) = services.get_mut(number as usize - 1) {
                service.slots.push(slots);
            }
        }
        let of: Vec<i32> = row.try_get("held_service")?;
        for (number, span) in of.into_iter().zip(held(row)?) {
            if let Some(service) = services.get_mut(number as usize - 1) {
                service.held.insert(span);
            }
        }
        let after: Option<String> = row.try_get("after")?;
        Ok(Self {
            mark: Mark {
                after: after.unwrap_or_default(),
                seen: row.try_get("seen")?,
            },
            reset: row.try_get("reset")?,
            more: row.try_get("more")?,
            services,
        })
    }
}

/// Starts that may have come or gone, of all services.
fn slots(row: &Row) -> Result<impl Iterator<Item = SlotsChanged>, tokio_postgres::Error> {
    let resources: Vec<Option<Uuid>> = row.try_get("slots_resource")?;
    let from: Vec<Option<Instant>> = row.try_get("from_ts")?;
    let to: Vec<Option<Instant>> = row.try_get("to_ts")?;
    let columns = resources.into_iter().zip(from).zip(to);
    Ok(columns.map(|((resource_id, from), to)| SlotsChanged {
        resource_id,
        from,
        to,
    }))
}

/// What is held, of all services.
fn held(row: &Row) -> Result<impl Iterator<Item = HeldSpan>, tokio_postgres::Error> {
    let resources: Vec<Option<Uuid>> = row.try_get("held_resource")?;
    let starts: Vec<Instant> = row.try_get("starts_at")?;
    let ends: Vec<Instant> = row.try_get("ends_at")?;
    let expires: Vec<Instant> = row.try_get("expires_at")?;
    let claims: Vec<i32> = row.try_get("claims")?;
    let columns = resources
        .into_iter()
        .zip(starts)
        .zip(ends)
        .zip(expires)
        .zip(claims);
    Ok(columns.map(
        |((((resource_id, starts_at), ends_at), expires_at), count)| HeldSpan {
            resource_id,
            starts_at,
            ends_at,
            expires_at,
            count,
        },
    ))
}
