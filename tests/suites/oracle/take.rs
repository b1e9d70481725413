//! What is offered can be had, as often as it says, and nothing else: holds and bookings, each undone by a savepoint.
use anyhow::Result;
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::{
    check::{Tally, ask},
    clock::text,
    hours::Hours,
    rule::{Rule, Verdict, Wish},
    world::{Attempt, By, Claim, Taken, World},
};

/// Tries everything that a world wants tried.
pub async fn all(
    transaction: &mut Transaction<'_>,
    world: &World,
    hours: &Hours,
    tally: &mut Tally,
) -> Result<Option<String>> {
    for attempt in &world.attempts {
        let savepoint = transaction.savepoint("attempt").await?;
        let fault = until_refused(&savepoint, world, hours, attempt, tally).await?;
        savepoint.rollback().await?;
        if fault.is_some() {
            return Ok(fault);
        }
    }
    Ok(None)
}

async fn until_refused(
    transaction: &Transaction<'_>,
    world: &World,
    hours: &Hours,
    attempt: &Attempt,
    tally: &mut Tally,
) -> Result<Option<String>> {
    let mut world = world.clone();
    world.questions.truncate(2);
    let mut promised = None;
    for times in 0.. {
        let session = attempt
            .session
            .clone()
            .unwrap_or_else(|| format!("a-new-visitor-number-{times}"));
        let rule = Rule {
            world: &world,
            hours,
        };
        let clock: f64 = transaction
            .query_one("select extract(epoch from clock_timestamp())::float8", &[])
            .await?
            .get(0);
        let wish = Wish {
            duration: attempt.duration.unwrap_or_else(|| rule.shortest()),
            resource: attempt.resource,
            session: (!attempt.book).then(|| session.clone()),
            now: clock as i64,
            mind_holds: true,
        };
        let grid = hours.grid(rule.step());
        let verdict = rule.judge(&wish, &grid, attempt.at)?;
        let in_a_minute = rule.judge(
            &Wish {
                now: wish.now + 60,
                ..wish.clone()
            },
            &grid,
            attempt.at,
        )?;
        // An edge of the clock is near, or a hold that is only renewed, whatever changed since.
        if verdict != in_a_minute
            || (!matches!(verdict, Verdict::Free(_)) && rule.has(&session, &wish, attempt.at))
        {
            tally.count("attempts given up");
            return Ok(None);
        }
        let query = world.take(attempt, &session);
        let fault = |what: String| {
            Ok(Some(format!(
                "attempt {} at {}: {what}\n{query}",
                times + 1,
                text(attempt.at)
            )))
        };
        let row = match transaction.query_one(&query, &[]).await {
            Ok(row) => row,
            Err(error) if error.as_db_error().is_some() => return fault(format!("{error:?}")),
            Err(error) => return Err(error.into()),
        };
        let code: Option<&str> = row.get(1);
        let expected = match verdict {
            Verdict::NotOffered => Some("BK003"),
            Verdict::Taken => Some("BK001"),
            Verdict::Free(_) => None,
        };
        if code != expected {
            return fault(format!("{expected:?} expected, got {code:?}"));
        }
        tally.count(code.unwrap_or(if attempt.book { "booked" } else { "held" }));

        let promised = *promised.get_or_insert(verdict);
        if code.is_some() {
            if let Verdict::Free(promised) = promised
                && promised != times
            {
                if rule.is_simple() {
                    return fault(format!("{promised} times expected, got {times}"));
                }
                tally.count("taken less often than remaining said, with teams of several units");
            }
            return Ok(None);
        }
        let id: Uuid = row.get(0);
        let resources: Option<Vec<Uuid>> = row.get(2);
        let fresh = world.taken.iter().all(|taken| taken.id != id);
        let taken = read(transaction, &world, id, &session, attempt, &wish).await?;
        if let Some(wrong) = rule.misfit(&taken, &wish, resources).filter(|_| fresh) {
            return fault(wrong);
        }
        let left: Vec<Uuid> = holds(transaction, &world).await?;
        let gone = |taken: &Taken| matches!(taken.by, By::Hold { .. }) && !left.contains(&taken.id);
        if let Some(gone) = world
            .taken
            .iter()
            .find(|taken| gone(taken) && rule.minds(taken, &wish))
        {
            return fault(format!("a live hold of somebody else is gone: {gone:?}"));
        }
        world.taken.retain(|taken| !gone(taken) && taken.id != id);
        world.taken.push(taken);
        if attempt.session.is_some() || times == 0 {
            let rule = Rule {
                world: &world,
                hours,
            };
            if let Some(fault) = ask(transaction, &rule, "after one was taken", tally).await? {
                return Ok(Some(format!("{fault}\n-- after\n{query};")));
            }
        }
        if attempt.session.is_some() {
            return Ok(None);
        }
    }
    Ok(None)
}

async fn holds(transaction: &Transaction<'_>, world: &World) -> Result<Vec<Uuid>> {
    let query = "select hold_id from booking.hold where tenant_id = $1";
    let rows = transaction.query(query, &[&world.tenant]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What was taken, as it stands in the tables.
async fn read(
    transaction: &Transaction<'_>,
    world: &World,
    id: Uuid,
    session: &str,
    attempt: &Attempt,
    wish: &Wish,
) -> Result<Taken> {
    let rows = transaction
        .query(
            "select c.resource_id, c.unit, extract(epoch from lower(c.span))::bigint, extract(epoch from upper(c.span))::bigint,
                 extract(epoch from h.expires_at)::bigint
             from booking.claim c
             left join booking.hold h using (tenant_id, hold_id)
             where c.tenant_id = $1 and $2 in (c.hold_id, c.booking_id)",
            &[&world.tenant, &id],
        )
        .await?;
    let mut claims = Vec::new();
    let mut expires_at = None;
    for row in &rows {
        claims.push(Claim {
            resource: world.resource_of(row.get(0))?,
            unit: row.get(1),
            span: row.get(2)..row.get(3),
        });
        expires_at = row.get(4);
    }
    let by = match expires_at {
        Some(expires_at) => By::Hold {
            session: session.to_owned(),
            expires_at,
        },
        None => By::Booking {
            status: "confirmed",
        },
    };
    Ok(Taken {
        id,
        ours: true,
        span: attempt.at..attempt.at + wish.duration,
        by,
        claims,
    })
}

impl Rule<'_> {
    /// Whether choosing badly cannot spoil what was promised.
    fn is_simple(&self) -> bool {
        let all_single = self
            .world
            .resources
            .iter()
            .all(|resource| resource.capacity == 1);
        all_single
            || self
                .world
                .service
                .requirements
                .iter()
                .all(|requirement| requirement.pick == 1)
    }

    /// Whether the session has exactly this slot already.
    fn has(&self, session: &str, wish: &Wish, at: i64) -> bool {
        self.world.taken.iter().any(|taken| {
            matches!(&taken.by, By::Hold { session: its, .. } if its == session)
                && taken.span == (at..at + wish.duration)
        })
    }

    /// What is wrong with what was taken: the right number of each requirement's members, each a unit that was free.
    fn misfit(&self, taken: &Taken, wish: &Wish, resources: Option<Vec<Uuid>>) -> Option<String> {
        let Taken { span, claims, .. } = taken;
        let mut had: Vec<_> = claims.iter().map(|claim| claim.resource).collect();
        had.sort_unstable();
        let mut told: Vec<_> = match resources {
            Some(resources) => resources
                .iter()
                .filter_map(|id| self.world.resource_of(*id).ok())
                .collect(),
            None => had.clone(),
        };
        told.sort_unstable();
        let claimed = self.claimed(span.start, span.end);
        let right = claims.iter().all(|claim| {
            claim.span == claimed
                && self.is_open(claim.resource, span.start, span.end)
                && claim.unit <= self.world.resources[claim.resource].capacity
                && self.is_free(wish, claim.resource, claim.unit, span.start, span.end)
        });
        let enough = self.world.service.requirements.iter().all(|requirement| {
            let members = requirement
                .members
                .iter()
                .filter(|member| had.contains(&member.resource));
            members.count() as i64 == requirement.pick
        });
        let picks: i64 = self
            .world
            .service
            .requirements
            .iter()
            .map(|requirement| requirement.pick)
            .sum();
        let given = wish.resource.is_none_or(|given| had.contains(&given));
        let fine = right && enough && given && told == had && picks == had.len() as i64;
        (!fine).then(|| format!("took what it should not: {taken:?}, told {told:?}"))
    }
}
