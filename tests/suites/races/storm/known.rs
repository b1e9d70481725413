//! What all in a storm know: which bookings are there, how often each thing happened, and when something may begin.
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use anyhow::{Result, anyhow};
use pg_booking_tests::Dice;
use uuid::Uuid;

/// What all know: bookings that were acknowledged and not cancelled, and how often each thing happened.
#[derive(Default)]
pub struct Known {
    booked: Mutex<HashSet<Uuid>>,
    happened: Mutex<BTreeMap<String, usize>>,
}

impl Known {
    /// Once more.
    pub fn count(&self, what: &str) -> Result<()> {
        *self.happened()?.entry(what.to_owned()).or_default() += 1;
        Ok(())
    }

    pub fn happened(&self) -> Result<MutexGuard<'_, BTreeMap<String, usize>>> {
        self.happened.lock().map_err(|_| anyhow!("poisoned"))
    }

    pub fn booked(&self) -> Result<MutexGuard<'_, HashSet<Uuid>>> {
        self.booked.lock().map_err(|_| anyhow!("poisoned"))
    }

    /// Takes a booking off the list, so that only one client is to cancel it.
    pub fn any(&self, dice: &mut Dice) -> Result<Option<Uuid>> {
        let mut booked = self.booked()?;
        let place = dice.roll(booked.len().max(1));
        let id = booked.iter().nth(place).copied();
        Ok(id.and_then(|id| booked.take(&id)))
    }
}

/// One of three dates, a start every half an hour: enough room for some to win and too little for most.
pub fn any_start(dice: &mut Dice) -> String {
    format!(
        "test.at('{} minutes')",
        1440 * dice.roll(3) + 480 + 30 * dice.roll(22)
    )
}
