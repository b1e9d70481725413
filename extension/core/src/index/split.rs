//! Where a new key goes, and how a full page becomes two.
//!
//! A page is read when a query meets its key. The odds of that grow with the time that the key spans and with the hours of the
//! week that it has; their product is what both decisions keep small.

use super::key::Key;
use core::cmp::Ordering;

/// A page in two: places in the list that was split, and the keys of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What stays.
    pub left: Vec<usize>,
    /// What moves.
    pub right: Vec<usize>,
    /// Covers all that stay.
    pub left_key: Key,
    /// Covers all that move.
    pub right_key: Key,
}

/// At least one in so many goes either way.
const LEAST: usize = 3;

/// By start, by hours.
const ORDERS: [fn(&Key, &Key) -> Ordering; 2] = [
    |a, b| (a.start, a.end).cmp(&(b.start, b.end)),
    |a, b| a.hours.cmp(&b.hours),
];

fn odds(key: Key) -> i64 {
    (key.end - key.start) * key.hours.count()
}

/// What a page grows by when that key is put there: nothing if the page's key covers it.
pub fn penalty(page: Key, new: Key) -> f32 {
    (odds(page.union(new)) - odds(page)) as f32
}

/// Puts the keys in order of their start, then of their hours, and cuts where the two parts are the least likely
/// to be read; among equals in the middle. `None` if there are not two.
pub fn picksplit(keys: &[Key]) -> Option<Split> {
    let cuts = ORDERS.into_iter().filter_map(|order| {
        let mut places: Vec<usize> = (0..keys.len()).collect();
        places.sort_by(|&a, &b| order(&keys[a], &keys[b]));
        best_cut(keys, places)
    });
    let (_, split) = cuts.min_by_key(|&(cost, _)| cost)?;
    Some(split)
}

/// The best cut of an order, and its cost.
fn best_cut(keys: &[Key], mut places: Vec<usize>) -> Option<((i64, usize), Split)> {
    let total = places.len();
    let least = (total / LEAST).max(1);
    // `heads[n]` covers the first n + 1, `tails[n]` the last.
    let heads = running(places.iter().map(|&place| keys[place]));
    let tails = running(places.iter().rev().map(|&place| keys[place]));
    let parts = |cut: usize| (heads[cut - 1], tails[total - cut - 1]);
    let cost = |cut: usize| {
        let (head, tail) = parts(cut);
        (odds(head) + odds(tail), cut.abs_diff(total / 2))
    };
    let cut = (least..=total.checked_sub(least)?).min_by_key(|&cut| cost(cut))?;
    let (left_key, right_key) = parts(cut);
    let right = places.split_off(cut);
    let split = Split {
        left: places,
        right,
        left_key,
        right_key,
    };
    Some((cost(cut), split))
}

/// The union so far, at each of some keys.
fn running(keys: impl Iterator<Item = Key>) -> Vec<Key> {
    let unions = keys.scan(None, |union: &mut Option<Key>, key| {
        *union = Some(union.map_or(key, |union| union.union(key)));
        *union
    });
    unions.collect()
}
