//! Places of viewers: so many in all, and so many of one address, so that nobody can take all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::Client;
use crate::problem::Problem;

/// How many there are, and who has them.
pub(super) struct Places {
    most: usize,
    of_address: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<Option<IpAddr>, usize>,
}

/// One of them, until it is dropped.
pub(super) struct Place {
    address: Option<IpAddr>,
    taken: Arc<Mutex<Taken>>,
}

impl Places {
    /// All of them are free.
    pub fn new(most: usize, of_address: usize) -> Self {
        Self {
            most,
            of_address,
            taken: Arc::default(),
        }
    }

    /// A place; 503 where there is none, 429 where this address has its share.
    pub fn take(&self, client: Option<Client>) -> Result<Place, Problem> {
        let address = client.map(|Client(address)| address);
        let mut taken = lock(&self.taken);
        let mine = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all >= self.most {
            return Err(Problem::unavailable(5));
        } else if mine >= self.of_address {
            return Err(Problem::too_many(60));
        }
        taken.all += 1;
        taken.by_address.insert(address, mine + 1);
        Ok(Place {
            address,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        match taken.by_address.get_mut(&self.address) {
            Some(mine) if *mine > 1 => *mine -= 1,
            _ => drop(taken.by_address.remove(&self.address)),
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(taken: &Result<Place, Problem>) -> Option<u16> {
        taken.as_ref().err().map(|problem| problem.status.as_u16())
    }

    #[test]
    fn an_address_gets_its_share_and_all_get_what_there_is() {
        let places = Places::new(3, 2);
        let of = |last: u8| places.take(Some(Client([192, 0, 2, last].into())));
        let first = of(1);
        let second = of(1);
        assert_eq!(status(&of(1)), Some(429));
        let third = of(2);
        assert_eq!(status(&of(3)), Some(503));
        drop(first);
        assert_eq!(status(&of(3)), None);
        drop((second, third));
        assert!(lock(&places.taken).by_address.is_empty());
    }
}
