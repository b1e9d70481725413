//! Ranges of instants as PostgreSQL has them, and their three roundings to slots.
//!
//! Time is continuous here, as it is to `tstzrange`: `(a,b]` holds no `a`, but everything right after it.

use crate::error::Error;
use crate::grain::Grain;
use core::ops::Range;

/// One end of a range. `-infinity` and `infinity` are the smallest and largest instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// No bound at all.
    Unbounded,
    /// A bound that belongs to the range.
    Inclusive(i64),
    /// A bound that does not.
    Exclusive(i64),
}

/// A range of instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// No instant.
    Empty,
    /// From a lower to an upper edge, with something in between.
    Between(Edge, Edge),
}

impl Edge {
    /// The instant that a map could have, else why it can't.
    fn finite(self) -> Result<i64, Error> {
        match self {
            Edge::Unbounded => Err(Error::Unbounded),
            Edge::Inclusive(i64::MIN | i64::MAX) | Edge::Exclusive(i64::MIN | i64::MAX) => {
                Err(Error::OutOfRange)
            }
            Edge::Inclusive(instant) | Edge::Exclusive(instant) => Ok(instant),
        }
    }

    /// Where it lies among the instants; `beyond` for no bound.
    fn instant_or(self, beyond: i64) -> i64 {
        match self {
            Edge::Unbounded => beyond,
            Edge::Inclusive(instant) | Edge::Exclusive(instant) => instant,
        }
    }
}

/// Exactly these slots, else `OffGrid`.
pub fn exact(span: Span, grain: Grain) -> Result<Range<i64>, Error> {
    let Span::Between(lower, upper) = span else {
        return Ok(0..0);
    };
    let (from, to) = (lower.finite()?, upper.finite()?);
    if matches!(lower, Edge::Exclusive(_)) || !grain.starts_at(from) {
        return Err(Error::OffGrid(from, grain));
    }
    if matches!(upper, Edge::Inclusive(_)) || !grain.starts_at(to) {
        return Err(Error::OffGrid(to, grain));
    }
    Ok(grain.floor(from)..grain.floor(to))
}

/// The slots that lie in the range as a whole.
pub fn inside(span: Span, grain: Grain) -> Result<Range<i64>, Error> {
    let Span::Between(lower, upper) = span else {
        return Ok(0..0);
    };
    let (from, to) = (lower.finite()?, upper.finite()?);
    let start = match lower {
        Edge::Exclusive(_) => grain.floor(from) + 1,
        _ => grain.ceil(from),
    };
    Ok(start..grain.floor(to))
}

/// The slots that hold an instant of the range.
pub fn cover(span: Span, grain: Grain) -> Result<Range<i64>, Error> {
    if let Span::Between(lower, upper) = span {
        lower.finite()?;
        upper.finite()?;
    }
    Ok(touched(span, grain))
}

/// Like `cover`, and what has no bound touches everything on that side.
pub fn touched(span: Span, grain: Grain) -> Range<i64> {
    let Span::Between(lower, upper) = span else {
        return 0..0;
    };
    let end = match upper {
        Edge::Exclusive(to) => grain.ceil(to),
        Edge::Inclusive(to) => grain.floor(to) + 1,
        Edge::Unbounded => i64::MAX,
    };
    grain.floor(lower.instant_or(i64::MIN))..end
}

/// Does the range hold all of `start..end`, both instants, `end` itself excluded?
pub fn holds(span: Span, instants: Range<i64>) -> bool {
    let Span::Between(lower, upper) = span else {
        return false;
    };
    let from_start = match lower {
        Edge::Exclusive(from) => from < instants.start,
        _ => lower.instant_or(i64::MIN) <= instants.start,
    };
    from_start && instants.end <= upper.instant_or(i64::MAX)
}
