//! What clients do. One more is one more row of a table: a name, how often, which refusals it may meet, and a function that
//! writes the call. A call that is about bookings returns rows with `booking_id`, `status`, `starts_at` and `code`, as
//! `booking.booking_result` has them; the ledger takes it from there.
use anyhow::Result;
use pg_booking_tests::Dice;
use uuid::Uuid;

use crate::ledger::{Ledger, State};

/// What owners and jobs do.
mod owner;
/// What visitors do.
mod visitor;

pub use owner::OWNER;
pub use visitor::VISITOR;

/// Somebody who does things.
pub struct Actor<'a> {
    pub dice: Dice,
    /// An SQL literal; two clients share one, as two tabs of a visitor do.
    pub session: String,
    /// The holds that it was given last.
    pub holds: Vec<Uuid>,
    /// The first midnight of the soak, as an SQL literal.
    pub from: &'a str,
    pub ledger: &'a Ledger,
}

/// A statement to send.
#[derive(Default)]
pub struct Call {
    pub sql: String,
    /// The booking that it changes, taken from the ledger.
    pub about: Option<(Uuid, State)>,
    /// The status that it gives it.
    pub becomes: &'static str,
    /// What tells the bookings that it makes from others.
    pub mark: String,
}

/// What somebody may do.
pub struct Action {
    pub name: &'static str,
    pub share: usize,
    /// Besides being done.
    pub refusals: &'static [&'static str],
    /// None where there is nothing to do it with.
    pub write: fn(&mut Actor) -> Result<Option<Call>>,
}

const fn action(
    name: &'static str,
    share: usize,
    refusals: &'static [&'static str],
    write: fn(&mut Actor) -> Result<Option<Call>>,
) -> Action {
    Action {
        name,
        share,
        refusals,
        write,
    }
}

impl Actor<'_> {
    /// One of some actions, each as often as its share says.
    pub fn any(&mut self, actions: &'static [Action]) -> &'static Action {
        let all = actions.iter().map(|action| action.share).sum();
        let mut place = self.dice.roll(all);
        for action in actions {
            if place < action.share {
                return action;
            }
            place -= action.share;
        }
        &actions[0]
    }

    /// A service and a start of it: mostly of the hot ones on few dates, else a cold one on any of many.
    fn slot(&mut self) -> (String, String) {
        const HOT: [&str; 12] = [
            "room", "pool", "pool", "pair", "desk", "visit", "class", "rare", "tidy", "asked",
            "wished", "paid",
        ];
        let (service, dates) = if self.dice.roll(4) > 0 {
            (self.dice.of(&HOT).to_owned(), 2)
        } else {
            (format!("cold-{}", 1 + self.dice.roll(20)), 20)
        };
        (format!("soak.service('{service}')"), self.start(dates))
    }

    /// A start every half an hour of so many dates.
    fn start(&mut self, dates: usize) -> String {
        let minutes = 1440 * self.dice.roll(dates) + 360 + 30 * self.dice.roll(31);
        format!("({} + interval '{minutes} minutes')", self.from)
    }

    fn hot_resource(&mut self) -> &'static str {
        self.dice.of(&["room", "ann", "ben", "cem", "dot", "desk"])
    }

    fn held(&mut self) -> Option<Uuid> {
        let place = self.dice.roll(self.holds.len().max(1));
        self.holds.get(place).copied()
    }
}

/// A booking that makes new ones.
fn booking(sql: impl FnOnce(&str) -> String) -> Call {
    let mark = Uuid::new_v4().to_string();
    let customer = format!("jsonb_build_object('name', 'Ada', 'mark', '{mark}')");
    Call {
        sql: sql(&customer),
        mark,
        ..Call::default()
    }
}

fn plain(sql: String) -> Result<Option<Call>> {
    Ok(Some(Call {
        sql,
        ..Call::default()
    }))
}

/// What is to become of some booking of one of some states.
fn change(
    actor: &mut Actor,
    states: &[&str],
    becomes: &'static str,
    sql: impl FnOnce(Uuid) -> String,
) -> Result<Option<Call>> {
    let about = actor.ledger.take(&mut actor.dice, states)?;
    Ok(about.map(|(id, state)| Call {
        sql: sql(id),
        about: Some((id, state)),
        becomes,
        ..Call::default()
    }))
}
