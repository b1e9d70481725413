//! Descend, or not: what a scan asks at every key on its way. Next: `split`.

use super::hours::Hours;
use super::key::Key;
use crate::grain::Grain;
use crate::map::Bits;
use crate::span::{Span, touched};
use core::ops::Range;

/// What the maps are asked for, seen from the indexed side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// `map && query`
    Overlaps,
    /// `map @> query`
    Contains,
    /// `map <@ query`
    ContainedBy,
    /// `map = query`
    Equals,
}

/// What they are compared with. A page has 156 keys, so nothing is worked out before it is needed.
pub trait Query {
    /// The only grain that it may be compared with; `None` is any.
    fn only_grain(&self) -> Option<Grain>;
    /// Its bounds.
    fn minutes(&self) -> Range<i64>;
    /// The hours of the week that it touches within some minutes, or a few more.
    fn hours(&self, within: Range<i64>) -> Hours;
}

impl<M: Bits> Query for M {
    fn only_grain(&self) -> Option<Grain> {
        Some(self.grain())
    }

    fn minutes(&self) -> Range<i64> {
        let minutes = i64::from(self.grain().minutes());
        let hull = self.hull().unwrap_or(0..0);
        hull.start * minutes..hull.end * minutes
    }

    fn hours(&self, within: Range<i64>) -> Hours {
        Hours::of_map(self, within)
    }
}

/// Also of one instant.
impl Query for Span {
    fn only_grain(&self) -> Option<Grain> {
        None
    }

    /// Maps have whole minutes, so every minute that is touched counts as a whole.
    fn minutes(&self) -> Range<i64> {
        touched(*self, Grain::MINUTE)
    }

    fn hours(&self, within: Range<i64>) -> Hours {
        Hours::of_minutes(common(self.minutes(), within))
    }
}

/// May there be a map under this key of which that holds? `leaf`: the key is that of one map.
///
/// A map of another grain always may. The operator then refuses it as it does without the index, which thus never hides by
/// chance that there are maps that cannot be compared.
pub fn consistent(strategy: Strategy, key: Key, query: &impl Query, leaf: bool) -> bool {
    if query
        .only_grain()
        .is_some_and(|grain| key.has_other_than(grain))
    {
        return true;
    }
    match strategy {
        Strategy::Overlaps => meets(key, query),
        Strategy::Contains => query.minutes().is_empty() || covers(key, query),
        Strategy::ContainedBy if leaf => key.is_empty() || fits(key, query),
        Strategy::ContainedBy => key.has_empty() || meets(key, query),
        Strategy::Equals if query.minutes().is_empty() => key.has_empty(),
        Strategy::Equals => (!leaf || fits(key, query)) && covers(key, query),
    }
}

/// May something under the key be in the query?
fn meets(key: Key, query: &impl Query) -> bool {
    let common = common(key.start..key.end, query.minutes());
    !common.is_empty() && query.hours(common).meet(key.hours)
}

/// May something under the key be all of the query?
fn covers(key: Key, query: &impl Query) -> bool {
    let all = query.minutes();
    key.start <= all.start && all.end <= key.end && key.hours.cover(query.hours(all))
}

/// May all of the map with that key be in the query?
fn fits(key: Key, query: &impl Query) -> bool {
    let all = query.minutes();
    let within = all.start <= key.start && key.end <= all.end;
    within && query.hours(key.start..key.end).cover(key.hours)
}

fn common(a: Range<i64>, b: Range<i64>) -> Range<i64> {
    a.start.max(b.start)..a.end.min(b.end)
}
