//! What is offered can be had, as often as it says, and nothing else: holds and bookings, each undone by a savepoint.
use anyhow::Result;
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::{
    check::{Tally, ask},
    clock::text,
    hours::Hours,
    rule::{Rule, Verdict, Wish, is_in_the_way},
    seats::units,
    world::{Attempt, By, Claim, Kind, Taken, World},
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
    let starts = Rule {
        world: &world,
        hours,
    }
    .starts(None)?;
    let mut promised = None;
    for times in 0.. {
        // Of this world alone: a session is locked whatever the tenant, and other worlds are at work meanwhile.
        let session = attempt
            .session
            .clone()
            .unwrap_or_else(|| format!("visitor-{times}-of-{}", world.tenant));
        let rule = Rule {
            world: &world,
            hours,
        };
        let clock = "select extract(epoch from clock_timestamp())::float8";
        let clock: f64 = transaction.query_one(clock, &[]).await?.get(0);
        let wish = rule.wish(attempt, Some(session.clone()), clock as i64);
        let verdict = rule.judge(&wish, &starts, attempt.at)?;
        let in_a_minute = rule.judge(
            &Wish {
                now: wish.now + 60,
                ..wish.clone()
            },
            &starts,
            attempt.at,
        )?;
        // An edge of the clock is near, or a hold that is only renewed, whatever changed since.
        if verdict != in_a_minute
            || (!matches!(verdict, Verdict::Free(_)) && rule.has(&wish, attempt.at))
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
            Verdict::UsedUp => Some("BK004"),
            Verdict::Taken => Some("BK001"),
            Verdict::Free(_) => None,
        };
        if code != expected {
            return fault(format!("{expected:?} expected, got {code:?}"));
        }
        tally.count(code.unwrap_or(if attempt.book.is_some() {
            "booked"
        } else {
            "held"
        }));

        let promised = *promised.get_or_insert(verdict);
        if code.is_some() {
            if let Verdict::Free(promised) = promised
                && attempt.seats == 1
                && promised != times
            {
                return fault(format!("{promised} times expected, got {times}"));
            }
            return Ok(None);
        }
        let id: Uuid = row.get(0);
        let resources: Option<Vec<Uuid>> = row.get(2);
        let fresh = world.taken.iter().all(|taken| taken.id != id);
        let taken = read(
            transaction,
            &world,
            id,
            &session,
            attempt,
            rule.end(attempt.at, wish.length)?,
        )
        .await?;
        if let Some(wrong) = rule.misfit(&taken, &wish, resources)?.filter(|_| fresh) {
            return fault(wrong);
        }
        let left: Vec<Uuid> = holds(transaction, &world).await?;
        let gone = |taken: &Taken| matches!(taken.by, By::Hold { .. }) && !left.contains(&taken.id);
        if let Some(gone) = world
            .taken
            .iter()
            .find(|taken| gone(taken) && is_in_the_way(taken, &wish))
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
    end: i64,
) -> Result<Taken> {
    let rows = transaction
        .query(
            "select c.resource_id, c.unit, extract(epoch from lower(c.span))::bigint, extract(epoch from upper(c.span))::bigint,
                 array_agg(c.seat order by c.seat) filter (where c.seat is not null),
                 (select extract(epoch from h.expires_at)::bigint from booking.hold h where (h.tenant_id, h.hold_id) = ($1, $2))
             from booking.claim c
             where c.tenant_id = $1 and $2 in (c.hold_id, c.booking_id)
             group by c.resource_id, c.unit, c.span",
            &[&world.tenant, &id],
        )
        .await?;
    let (mut claims, mut seats, mut expires_at) = (Vec::new(), None, None);
    for row in &rows {
        claims.push(Claim {
            resource: world.resource_of(row.get(0))?,
            unit: row.get(1),
            span: row.get(2)..row.get(3),
        });
        let its: Vec<i32> = row.get::<_, Option<_>>(4).unwrap_or_default();
        anyhow::ensure!(
            *seats.get_or_insert(its.clone()) == its,
            "different seats in the sittings of one class"
        );
        expires_at = row.get(5);
    }
    let by = match expires_at {
        Some(expires_at) => By::Hold {
            session: session.to_owned(),
            expires_at,
        },
        None => By::Booking {
            status: "confirmed",
            expires_at: None,
            customer: attempt.book.clone().flatten(),
        },
    };
    let seats = seats.unwrap_or_default();
    Ok(Taken {
        id,
        ours: true,
        span: attempt.at..end,
        by,
        claims,
        stands: true,
        seats,
    })
}

impl Rule<'_> {
    /// Whether the session has exactly this slot already.
    fn has(&self, wish: &Wish, at: i64) -> bool {
        self.world.taken.iter().any(|taken| {
            matches!(&taken.by, By::Hold { session, .. } if Some(session) == wish.session.as_ref())
                && taken.span.start == at
        })
    }

    /// What is wrong with what was taken.
    fn misfit(
        &self,
        taken: &Taken,
        wish: &Wish,
        told: Option<Vec<Uuid>>,
    ) -> Result<Option<String>> {
        let mut had: Vec<_> = taken
            .claims
            .iter()
            .map(|claim| self.world.resources[claim.resource].id)
            .collect();
        had.sort_unstable();
        let mut told = told.unwrap_or_else(|| had.clone());
        told.sort_unstable();
        let claimed = self.claimed(&taken.span);
        let given = wish
            .resource
            .is_none_or(|given| taken.claims.iter().any(|claim| claim.resource == given));
        let mut fine =
            told == had && given && taken.claims.iter().all(|claim| claim.span == claimed);
        if let Kind::Slot { seats: Some(seats) } = self.world.service.kind {
            let classes = self.joinable(wish, &taken.span)?;
            let joinable = |taken: i64| seats - taken >= wish.seats;
            let joined = classes
                .iter()
                .find(|class| class.units == units(&taken.claims));
            fine = fine
                && taken.seats.len() as i64 == wish.seats
                && taken
                    .seats
                    .iter()
                    .all(|seat| (1..=seats).contains(&i64::from(*seat)))
                && match joined {
                    Some(class) => joinable(class.taken),
                    None => {
                        self.is_new(taken, wish)?
                            && !classes.iter().any(|class| joinable(class.taken))
                    }
                };
        } else {
            fine = fine && taken.seats.is_empty() && self.is_new(taken, wish)?;
        }
        Ok((!fine).then(|| format!("took what it should not: {taken:?}, told {told:?}")))
    }

    /// The right number of each requirement's members, each a unit that was free.
    fn is_new(&self, taken: &Taken, wish: &Wish) -> Result<bool> {
        let mut right = true;
        for claim in &taken.claims {
            right = right
                && self.is_open(wish, claim.resource, &taken.span)?
                && claim.unit <= self.world.resources[claim.resource].capacity
                && self.is_free(wish, claim.resource, claim.unit, &taken.span)
                && self.room(wish, Some(claim.resource), &taken.span)? > 0;
        }
        let had = |resource| taken.claims.iter().any(|claim| claim.resource == resource);
        let enough = self.world.service.requirements.iter().all(|requirement| {
            let members = requirement
                .members
                .iter()
                .filter(|member| had(member.resource));
            members.count() as i64 == requirement.pick
        });
        let picks: i64 = self
            .world
            .service
            .requirements
            .iter()
            .map(|requirement| requirement.pick)
            .sum();
        Ok(right && enough && picks == taken.claims.len() as i64)
    }
}
