//! What the clients were told, against what is in the database afterwards.
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use chrono::{DateTime, Utc};
use pg_booking_tests::Dice;
use tokio_postgres::Client;
use uuid::Uuid;

/// How a booking stands. One that lapses by itself stays `pending` here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub status: String,
    pub starts_at: DateTime<Utc>,
}

/// Statuses and starts that a booking may have; none: any start.
type States = Vec<(String, Option<DateTime<Utc>>)>;

#[derive(Default)]
struct Known {
    /// Bookings that anybody may change, as they were last acknowledged. Whoever changes one takes it out meanwhile.
    free: Vec<(Uuid, State)>,
    /// Those that nobody changes any more: acknowledged as ended (one state), or lost on the way to another (either one, and
    /// at any start where it was to be moved).
    settled: HashMap<Uuid, States>,
    /// The marks of bookings whose call was lost: they may be there or not.
    lost: HashSet<String>,
    happened: BTreeMap<String, usize>,
    longest: (Duration, String),
}

/// How much longer it may go on where the machine has a lot else to do.
const LONGER: Duration = Duration::from_secs(60);

/// What all clients know together.
pub struct Ledger {
    known: Mutex<Known>,
    end: Instant,
    /// What is to happen at least, and how often.
    least: Vec<(&'static str, usize)>,
}

impl Ledger {
    pub fn new(end: Instant, least: Vec<(&'static str, usize)>) -> Self {
        Self {
            known: Mutex::default(),
            end,
            least,
        }
    }

    /// Until the end, and until nothing is missing.
    pub fn goes_on(&self) -> Result<bool> {
        let now = Instant::now();
        Ok(now < self.end || now < self.end + LONGER && self.missing()?.is_some())
    }

    /// What has not happened often enough.
    pub fn missing(&self) -> Result<Option<&'static str>> {
        let known = self.known()?;
        let missing = |what: &str, often: usize| known.happened.get(what) < Some(&often);
        Ok(self
            .least
            .iter()
            .find(|(what, often)| missing(what, *often))
            .map(|(what, _)| *what))
    }

    fn known(&self) -> Result<MutexGuard<'_, Known>> {
        self.known.lock().map_err(|_| anyhow!("poisoned"))
    }

    /// Takes any booking of one of some states, so that nobody else changes it until it is back.
    pub fn take(&self, dice: &mut Dice, states: &[&str]) -> Result<Option<(Uuid, State)>> {
        let mut known = self.known()?;
        let all = known.free.len();
        let first = dice.roll(all.max(1));
        let place = (0..all)
            .map(|n| (first + n) % all)
            .take(200)
            .find(|place| states.contains(&known.free[*place].1.status.as_str()));
        Ok(place.map(|place| known.free.swap_remove(place)))
    }

    /// A booking as it was acknowledged, or gave back unchanged.
    pub fn acknowledged(&self, id: Uuid, state: State) -> Result<()> {
        let mut known = self.known()?;
        if ["confirmed", "pending"].contains(&state.status.as_str()) {
            known.free.push((id, state));
        } else {
            known
                .settled
                .insert(id, vec![(state.status, Some(state.starts_at))]);
        }
        Ok(())
    }

    /// A call that was to make something of a booking, and nobody knows whether it did.
    pub fn lost(&self, about: Option<(Uuid, State)>, becomes: &str, mark: String) -> Result<()> {
        let mut known = self.known()?;
        if let Some((id, before)) = about {
            // To be moved: at which start it then is nobody knows.
            let start = Some(before.starts_at).filter(|_| becomes != before.status);
            let states = vec![(before.status, start), (becomes.to_owned(), start)];
            known.settled.insert(id, states);
        }
        known.lost.insert(mark);
        Ok(())
    }

    /// One more of those.
    pub fn count(&self, what: &str) -> Result<()> {
        *self.known()?.happened.entry(what.to_owned()).or_default() += 1;
        Ok(())
    }

    /// How often each thing happened.
    pub fn happened(&self) -> Result<BTreeMap<String, usize>> {
        Ok(self.known()?.happened.clone())
    }

    /// How long a call took that was answered.
    pub fn waited(&self, what: &str, time: Duration) -> Result<()> {
        let mut known = self.known()?;
        if time > known.longest.0 {
            known.longest = (time, what.to_owned());
        }
        Ok(())
    }

    /// The longest of those, and what it was.
    pub fn longest(&self) -> Result<(Duration, String)> {
        Ok(self.known()?.longest.clone())
    }

    /// That everything acknowledged is there as it was last acknowledged, and nothing else. How many bookings that were.
    pub async fn holds(&self, client: &Client) -> Result<usize> {
        let mut there: HashMap<Uuid, (State, String)> = client
            .query(
                "select booking_id, case status when 'expired' then 'pending' else status end, lower(span),
                    coalesce(customer ->> 'mark', '')
                from booking.booking",
                &[],
            )
            .await?
            .iter()
            .map(|row| {
                let state = State {
                    status: row.get(1),
                    starts_at: row.get(2),
                };
                (row.get(0), (state, row.get(3)))
            })
            .collect();
        let known = self.known()?;
        let mut wrong = Vec::new();
        for (id, state) in &known.free {
            match there.remove(id) {
                Some((found, _)) if found == *state => {}
                found => wrong.push(format!("{id} was {state:?}, is {found:?}")),
            }
        }
        for (id, states) in &known.settled {
            match there.remove(id) {
                Some((found, _))
                    if states.iter().any(|(status, start)| {
                        *status == found.status
                            && start.is_none_or(|start| start == found.starts_at)
                    }) => {}
                found => wrong.push(format!("{id} was any of {states:?}, is {found:?}")),
            }
        }
        for (id, (state, mark)) in there {
            if !known.lost.contains(&mark) {
                wrong.push(format!("{id}, {state:?}, was acknowledged to nobody"));
            }
        }
        ensure!(wrong.is_empty(), "{wrong:#?}");
        Ok(known.free.len() + known.settled.len())
    }
}
