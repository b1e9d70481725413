//! How many of something each one has, so that nobody can take all of it: connections by address in [`crate::serve`], places of
//! live views in [`crate::live`].

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many for each. Whoever has none is not remembered.
pub struct Shares<K> {
    most: usize,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

/// One of somebody's, until it is dropped.
pub struct Share<K: Eq + Hash> {
    whose: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Clone + Eq + Hash> Shares<K> {
    /// Nobody has any.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// One more, unless this one has as many as one may have.
    pub fn take(&self, whose: K) -> Option<Share<K>> {
        let mut taken = lock(&self.taken);
        let mine = taken.get(&whose).copied().unwrap_or_default();
        if mine >= self.most {
            return None;
        }
        taken.insert(whose.clone(), mine + 1);
        Some(Share {
            whose,
            taken: Arc::clone(&self.taken),
        })
    }

    /// Whether nobody is remembered.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        lock(&self.taken).is_empty()
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        match taken.get_mut(&self.whose) {
            Some(mine) if *mine > 1 => *mine -= 1,
            _ => drop(taken.remove(&self.whose)),
        }
    }
}

fn lock<K>(taken: &Mutex<HashMap<K, usize>>) -> MutexGuard<'_, HashMap<K, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_share_and_whoever_has_nothing_is_forgotten() {
        let shares = Shares::new(2);
        let (first, second) = (shares.take("a"), shares.take("a"));
        assert!(first.is_some() && second.is_some());
        assert!(shares.take("a").is_none());
        assert!(shares.take("b").is_some());
        drop(first);
        let third = shares.take("a");
        assert!(third.is_some() && shares.take("a").is_none());
        drop((second, third));
        assert!(shares.is_empty());
    }
}
