//! Counts along starts: lists of integers, one for each set slot of a map.

use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql, report};
use crate::range::SpanArg;
use crate::scalar::{ArrayArg, IntArrayOut};
use pg_booking_core::{Edge, Span, count};
use pgrx::pg_extern;
use pgrx::prelude::PgSqlErrorCode;

#[pg_extern]
fn slot_counts(starts: Map<'_>, planes: ArrayArg<Map<'_>>) -> Sql<IntArrayOut> {
    let planes = planes.elements("plane")?;
    let views: Vec<_> = planes.iter().map(Map::view).collect::<Sql<_>>()?;
    count::slot_counts(&starts.view()?, &views)
        .map(IntArrayOut)
        .or_report()
}

#[pg_extern]
fn slot_caps(starts: Map<'_>, spans: ArrayArg<SpanArg>, caps: ArrayArg<i32>) -> Sql<IntArrayOut> {
    let (spans, caps) = (spans.elements("span")?, caps.elements("cap")?);
    if spans.len() != caps.len() {
        return Err(report(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            "every span needs a cap".into(),
        ));
    }
    let instants = spans.into_iter().map(|SpanArg(span)| match span {
        Span::Empty => 0..0,
        Span::Between(lower, upper) => first(lower)..first_behind(upper),
    });
    let caps: Vec<_> = instants.zip(caps).collect();
    Ok(IntArrayOut(count::slot_caps(&starts.view()?, &caps)))
}

/// The first instant inside of a lower bound.
fn first(lower: Edge) -> i64 {
    match lower {
        Edge::Unbounded => i64::MIN,
        Edge::Inclusive(at) => at,
        Edge::Exclusive(at) => at.saturating_add(1),
    }
}

/// The first instant outside of an upper bound.
fn first_behind(upper: Edge) -> i64 {
    match upper {
        Edge::Unbounded => i64::MAX,
        Edge::Inclusive(at) => at.saturating_add(1),
        Edge::Exclusive(at) => at,
    }
}

#[pg_extern]
fn slot_fits(free: ArrayArg<i32>, members: i32, pick: i32) -> Sql<IntArrayOut> {
    let free = free.elements("count")?;
    count::slot_fits(&free, usize::try_from(members).unwrap_or(0), pick)
        .map(IntArrayOut)
        .or_report()
}

#[pg_extern]
fn slot_where(starts: Map<'_>, counts: ArrayArg<i32>) -> Sql<Owned> {
    count::slot_where(&starts.view()?, &counts.elements("count")?)
        .map(Owned)
        .or_report()
}

#[pg_extern]
fn slot_least(a: ArrayArg<i32>, b: ArrayArg<i32>) -> Sql<IntArrayOut> {
    count::slot_least(&a.elements("count")?, &b.elements("count")?)
        .map(IntArrayOut)
        .or_report()
}
