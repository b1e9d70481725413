//! Places of viewers: so many in all, and so many of one address, so that nobody can take all of them.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client::Client;
use crate::problem::Problem;
use crate::protect::shares::{Share, Shares};

/// How many there are, and who has them.
pub(super) struct Places {
    all: Arc<Semaphore>,
    of_address: Shares<Option<IpAddr>>,
}

/// One of them, until it is dropped.
pub(super) struct Place {
    _one: OwnedSemaphorePermit,
    _share: Share<Option<IpAddr>>,
}

impl Places {
    /// All of them are free.
    pub fn new(most: usize, of_address: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            of_address: Shares::new(of_address),
        }
    }

    /// A place; 503 where there is none, 429 where this address has its share.
    pub fn take(&self, client: Option<Client>) -> Result<Place, Problem> {
        let one = Arc::clone(&self.all).try_acquire_owned();
        let one = one.map_err(|_| Problem::unavailable(5))?;
        let share = self
            .of_address
            .take(client.map(|Client(address)| address))
            .ok_or_else(|| Problem::too_many(60))?;
        Ok(Place {
            _one: one,
            _share: share,
        })
    }
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
        assert!(places.of_address.is_empty());
    }
}
