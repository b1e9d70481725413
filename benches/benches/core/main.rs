//! The kernel without PostgreSQL, beside the same on sorted ranges: `cargo bench -p pg_booking_benches`. Hours with a break
//! on working days, half of them booked, a quarter of an hour a slot. `naive` is what it is compared with.
use std::{hint::black_box, ops::Range};

use criterion::{BenchmarkId, Criterion};
use pg_booking_core::{
    Error, Grain, Slotmap,
    grid::slot_grid,
    run::{from_runs, runs},
    set::union,
    start::{Need, slot_starts},
    tally::Tally,
};

/// The peer.
mod naive;

use naive::Ranges;

const DAY: i64 = 96;
const NEED: Need = Need {
    duration: 4,
    before: 0,
    after: 1,
};

/// A member: when it is open and when it is busy, as maps and as ranges.
struct Member {
    open: (Slotmap, Ranges),
    busy: (Slotmap, Ranges),
}

impl Member {
    /// The n-th of them: each opens a little later than the one before, and is busy at other times.
    fn new(grain: Grain, number: i64, days: i64) -> Result<Self, Error> {
        // 2026-01-05, a Monday, in slots.
        let monday = 20_458 * DAY;
        let open: Ranges = (0..days)
            .filter(|day| day % 7 < 5)
            .flat_map(|day| {
                let opens = monday + day * DAY + 32 + number % 5;
                [opens..opens + 16, opens + 18..opens + 34]
            })
            .collect();
        let mut random = 2 * number as u64 + 1;
        let busy: Ranges = open
            .iter()
            .flat_map(|run| (run.start..run.end - 4).step_by(5))
            .filter(|_| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                random >> 63 == 1
            })
            .map(|start| start..start + 5)
            .collect();
        // As a multirange would have them.
        let busy = naive::union(&busy, &[]);
        Ok(Self {
            open: (from_runs(grain, &open)?, open),
            busy: (from_runs(grain, &busy)?, busy),
        })
    }

    fn starts(&self) -> Result<(Slotmap, Ranges), Error> {
        let (open, busy) = (&self.open, &self.busy);
        Ok((
            slot_starts(&open.0, &busy.0, NEED)?,
            naive::slot_starts(&open.1, &busy.1, NEED.duration, NEED.before, NEED.after),
        ))
    }
}

/// That both sides have the same answer.
fn same(map: &Slotmap, ranges: &[Range<i64>]) {
    assert!(!ranges.is_empty());
    assert_eq!(runs(map).collect::<Ranges>(), ranges);
}

/// Of one member.
fn one(criterion: &mut Criterion, grain: Grain, days: i64) -> Result<(), Error> {
    let (first, second) = (Member::new(grain, 1, days)?, Member::new(grain, 2, days)?);
    let (open, busy) = (&first.open, &first.busy);

    let (map, ranges) = first.starts()?;
    same(&map, &ranges);
    let mut group = criterion.benchmark_group("slot_starts");
    group.bench_function(BenchmarkId::new("slotmap", days), |b| {
        b.iter(|| slot_starts(black_box(&open.0), black_box(&busy.0), NEED));
    });
    group.bench_function(BenchmarkId::new("ranges", days), |b| {
        b.iter(|| {
            naive::slot_starts(
                black_box(&open.1),
                black_box(&busy.1),
                NEED.duration,
                NEED.before,
                NEED.after,
            )
        });
    });
    group.finish();

    same(&slot_grid(&open.0, 3, &[])?, &naive::slot_grid(&open.1, 3));
    let mut group = criterion.benchmark_group("slot_grid");
    group.bench_function(BenchmarkId::new("slotmap", days), |b| {
        b.iter(|| slot_grid(black_box(&open.0), 3, &[]));
    });
    group.bench_function(BenchmarkId::new("ranges", days), |b| {
        b.iter(|| naive::slot_grid(black_box(&open.1), 3));
    });
    group.finish();

    let other = &second.busy;
    same(&union(&busy.0, &other.0)?, &naive::union(&busy.1, &other.1));
    let mut group = criterion.benchmark_group("union");
    group.bench_function(BenchmarkId::new("slotmap", days), |b| {
        b.iter(|| union(black_box(&busy.0), black_box(&other.0)));
    });
    group.bench_function(BenchmarkId::new("ranges", days), |b| {
        b.iter(|| naive::union(black_box(&busy.1), black_box(&other.1)));
    });
    group.finish();
    Ok(())
}

/// When at least three of `members` are free.
fn tally(criterion: &mut Criterion, grain: Grain, members: i64) -> Result<(), Error> {
    let (mut maps, mut sets) = (Vec::new(), Vec::new());
    for number in 0..members {
        let (map, ranges) = Member::new(grain, number, 30)?.starts()?;
        maps.push(map);
        sets.push(ranges);
    }
    let count = |maps: &[Slotmap]| {
        let mut tally = Tally::new(grain);
        maps.iter().try_for_each(|map| tally.add(map))?;
        tally.at_least(3)
    };
    same(&count(&maps)?, &naive::at_least(&sets, 3));
    let mut group = criterion.benchmark_group("tally");
    group.bench_function(BenchmarkId::new("slotmap", members), |b| {
        b.iter(|| count(black_box(&maps)));
    });
    group.bench_function(BenchmarkId::new("ranges", members), |b| {
        b.iter(|| naive::at_least(black_box(&sets), 3));
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Error> {
    let mut criterion = Criterion::default().configure_from_args();
    let grain = Grain::new(15)?;
    for days in [30, 365] {
        one(&mut criterion, grain, days)?;
    }
    for members in [50, 200] {
        tally(&mut criterion, grain, members)?;
    }
    criterion.final_summary();
    Ok(())
}
