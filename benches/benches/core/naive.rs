//! The same as sorted, disjoint ranges of slots, as a multirange has them: one pass over the bounds of both sides.
use std::ops::Range;

/// Slots from `start` on, before `end`.
pub type Ranges = Vec<Range<i64>>;

/// Ranges in order of their starts, joined where they meet.
fn joined(sorted: impl Iterator<Item = Range<i64>>) -> Ranges {
    let mut result = Ranges::new();
    for range in sorted {
        match result.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => result.push(range),
        }
    }
    result
}

/// Every slot of either.
pub fn union(a: &[Range<i64>], b: &[Range<i64>]) -> Ranges {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    joined(std::iter::from_fn(move || {
        let from_a = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) => x.start <= y.start,
            (x, _) => x.is_some(),
        };
        if from_a { a.next() } else { b.next() }.cloned()
    }))
}

/// The slots of `a` that are not in `b`.
fn difference(a: &[Range<i64>], b: &[Range<i64>]) -> Ranges {
    let mut result = Ranges::new();
    let mut next = 0;
    for range in a {
        let mut from = range.start;
        while b.get(next).is_some_and(|cut| cut.end <= from) {
            next += 1;
        }
        for cut in b.iter().skip(next) {
            if cut.start >= range.end {
                break;
            }
            if cut.start > from {
                result.push(from..cut.start);
            }
            from = from.max(cut.end);
        }
        if from < range.end {
            result.push(from..range.end);
        }
    }
    result
}

/// Every slot at which a whole `duration` is open and nothing busy is in it or in the buffers around it.
pub fn slot_starts(
    open: &[Range<i64>],
    busy: &[Range<i64>],
    duration: i64,
    before: i64,
    after: i64,
) -> Ranges {
    let fits: Ranges = open
        .iter()
        .map(|run| run.start..run.end - duration + 1)
        .filter(|starts| starts.start < starts.end)
        .collect();
    let blocked = joined(
        busy.iter()
            .map(|run| run.start - duration - after + 1..run.end + before),
    );
    difference(&fits, &blocked)
}

/// Every `step`-th slot of each run.
pub fn slot_grid(open: &[Range<i64>], step: i64) -> Ranges {
    let mut result = Ranges::new();
    for run in open {
        let mut slot = run.start;
        while slot < run.end {
            match result.last_mut() {
                Some(last) if last.end == slot => last.end = slot + 1,
                _ => result.push(slot..slot + 1),
            }
            slot += step;
        }
    }
    result
}

/// The slots that are in at least `least` of the sets: their bounds in one order, and a running count.
pub fn at_least(sets: &[Ranges], least: i64) -> Ranges {
    let mut bounds: Vec<(i64, i64)> = sets
        .iter()
        .flatten()
        .flat_map(|range| [(range.start, 1), (range.end, -1)])
        .collect();
    bounds.sort_unstable();
    let (mut count, mut result) = (0, Ranges::new());
    for pair in bounds.windows(2) {
        if let [(at, change), (next, _)] = *pair {
            count += change;
            if count >= least && at < next {
                result.push(at..next);
            }
        }
    }
    joined(result.into_iter())
}
