use super::collect::{Collector, Page};
use super::offer::{Ask, Offer};
use super::*;
use crate::grain::Grain;
use crate::run::from_runs;
use crate::start::Need;
use core::ops::Range;

const ONE: (Id, i32) = ([1; 16], 1);
const TWO: (Id, i32) = ([2; 16], 2);
const NEED: Need = Need {
    duration: 2,
    before: 0,
    after: 1,
};

fn map(runs: &[Range<i64>]) -> Slotmap {
    from_runs(Grain::DEFAULT, runs).unwrap()
}

fn run(run: Range<i64>) -> Slotmap {
    map(core::slice::from_ref(&run))
}

/// What a page says of a unit.
enum Says {
    Open(Range<i64>),
    Busy(i32, Range<i64>),
    Held(i32, Range<i64>),
}
use Says::{Busy, Held, Open};

/// Adds a member and its pages.
fn add(pool: &mut Collector, (id, pick): (Id, i32), resource: u8, capacity: i32, pages: &[Says]) {
    let place = pool.requirement(id, pick).unwrap();
    pool.member(place, [resource; 16], capacity);
    for says in pages {
        let (unit, Range { start, end }) = match says {
            Open(run) => (0, run),
            Busy(unit, run) | Held(unit, run) => (*unit, run),
        };
        let bytes = run(*start..*end).payload();
        let stored = Some(Stored::read(&bytes).unwrap());
        let (open, busy) = match says {
            Open(_) => (stored, None),
            _ => (None, stored),
        };
        let held = matches!(says, Held(..));
        pool.page(Page {
            unit,
            open,
            busy,
            held,
        })
        .unwrap();
    }
}

fn pool(build: impl Fn(&mut Collector)) -> Vec<u8> {
    let mut pool = Collector::default();
    build(&mut pool);
    pool.bytes().unwrap()
}

fn inside() -> Ask<Slotmap> {
    Ask::Inside(NEED)
}

#[test]
fn pages_of_a_member_add_up_in_any_order() {
    let bytes = pool(|pool| {
        add(pool, ONE, 9, 1, &[Open(700..710), Busy(1, 700..701)]);
        add(pool, ONE, 3, 2, &[Open(0..4)]);
        add(pool, ONE, 9, 1, &[Open(2..4), Busy(0, 3..4), Busy(1, 2..3)]);
    });
    let pool = Pool::read(&bytes).unwrap();
    let [first, second] = &pool.members[..] else {
        panic!("{:?}", pool.members)
    };
    assert_eq!(
        (first.resource, first.weeks, first.capacity),
        ([3; 16], 1, 2)
    );
    assert_eq!((second.resource, second.weeks), ([9; 16], 2));
    assert_eq!(second.open.unwrap().to_map(), map(&[2..4, 700..710]));
    assert_eq!(second.busy.unwrap().to_map(), run(3..4));
    assert_eq!(
        second.units[0].busy.unwrap().to_map(),
        map(&[2..3, 700..701])
    );
    assert_eq!(pool.weeks(), 1);

    // What is taken back and added to has both.
    let mut more = Collector::default();
    more.pool(&pool).unwrap();
    assert_eq!(more.bytes().unwrap(), bytes);
    add(&mut more, ONE, 3, 2, &[Open(6..8), Held(2, 6..7)]);
    let bytes = more.bytes().unwrap();
    let pool = Pool::read(&bytes).unwrap();
    assert_eq!(pool.members[0].open.unwrap().to_map(), map(&[0..4, 6..8]));
    assert_eq!(pool.members[0].units[0].held.unwrap().to_map(), run(6..7));
}

#[test]
fn a_service_is_open_when_every_requirement_has_members_enough() {
    let bytes = pool(|pool| {
        add(pool, ONE, 1, 1, &[Open(0..20)]);
        add(pool, TWO, 2, 1, &[Open(0..10)]);
        add(pool, TWO, 3, 1, &[Open(5..30)]);
        add(pool, TWO, 4, 1, &[Open(18..40)]);
    });
    let pool = Pool::read(&bytes).unwrap();
    assert_eq!(pool.open(), Ok(Some(map(&[5..10, 18..20]))));
}

#[test]
fn who_can_never_be_met_is_never_open() {
    let alone = pool(|pool| add(pool, TWO, 2, 5, &[Open(0..10)]));
    let nobody = pool(|pool| {
        add(pool, ONE, 2, 5, &[Open(0..10)]);
        pool.requirement(TWO.0, TWO.1).unwrap();
    });
    for bytes in [alone, nobody, pool(|_| ())] {
        assert_eq!(Pool::read(&bytes).unwrap().open(), Ok(None));
    }
}

#[test]
fn a_unit_is_free_by_its_own_claims_only() {
    // Two units, one booked early, the other later: a booking over both has nobody.
    let bytes = pool(|pool| {
        add(
            pool,
            ONE,
            1,
            2,
            &[Open(0..10), Busy(1, 0..4), Busy(2, 4..8)],
        );
    });
    let pool = Pool::read(&bytes).unwrap();
    let all = run(0..10);
    assert_eq!(
        pool.counts(&all, &inside(), true),
        Ok(vec![1, 1, 0, 0, 1, 1, 1, 1, 2, 0])
    );
}

#[test]
fn units_that_nobody_has_are_one_offer() {
    let bytes = pool(|pool| {
        add(
            pool,
            ONE,
            1,
            7,
            &[Open(0..6), Busy(2, 0..2), Held(1, 2..3), Busy(9, 0..6)],
        );
    });
    let pool = Pool::read(&bytes).unwrap();
    let offer = |unit, units, stable, free| Offer {
        member: 0,
        unit,
        units,
        hours: Some(run(0..5)),
        stable,
        free,
    };
    let offers = pool.offers(&inside(), Grain::DEFAULT, true).unwrap();
    let expected = [
        offer(1, 1, run(0..5), Some(run(3..5))),
        offer(2, 1, run(2..5), None),
        offer(3, 5, run(0..5), None),
    ];
    assert_eq!(offers, expected);
    let starts = map(&[0..1, 3..4]);
    assert_eq!(pool.counts(&starts, &inside(), true), Ok(vec![5, 7]));
    assert_eq!(pool.counts(&starts, &inside(), false), Ok(vec![6, 7]));
}

#[test]
fn what_keeps_the_resource_keeps_all_units() {
    let bytes = pool(|pool| add(pool, ONE, 1, 3, &[Open(0..6), Busy(0, 3..4)]));
    let pool = Pool::read(&bytes).unwrap();
    assert_eq!(
        pool.counts(&run(0..5), &inside(), true),
        Ok(vec![3, 0, 0, 0, 3])
    );
}

#[test]
fn a_team_counts_what_all_its_members_have_together() {
    let bytes = pool(|pool| {
        add(pool, TWO, 1, 1, &[Open(0..2)]);
        add(pool, TWO, 2, 3, &[Open(0..2)]);
        add(pool, TWO, 3, 2, &[Open(0..2)]);
        add(pool, ONE, 4, 9, &[Open(0..2)]);
    });
    let pool = Pool::read(&bytes).unwrap();
    assert_eq!(pool.counts(&run(0..1), &inside(), true), Ok(vec![3]));
}

#[test]
fn across_closed_hours_only_what_is_busy_counts() {
    let bytes = pool(|pool| add(pool, ONE, 1, 1, &[Open(0..2), Busy(1, 12..13)]));
    let pool = Pool::read(&bytes).unwrap();
    let long = Need {
        duration: 6,
        ..NEED
    };
    let ask = Ask::Across(
        vec![(NEED, map(&[1..2, 11..12])), (long, map(&[5..6, 7..8]))],
        vec![run(0..8)],
    );
    assert_eq!(
        pool.counts(&map(&[1..2, 5..6, 7..8, 11..12]), &ask, true),
        Ok(vec![1, 1, 0, 0])
    );
}

#[test]
fn bytes_are_not_believed() {
    let bytes = pool(|pool| add(pool, ONE, 1, 2, &[Open(0..6), Busy(1, 0..2), Held(1, 2..3)]));
    for len in 0..bytes.len() {
        assert_eq!(Pool::read(&bytes[..len]).unwrap_err(), Error::Malformed);
    }
    for place in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = value;
            // Any answer, but an answer.
            if let Ok(pool) = Pool::read(&bytes) {
                let _ = pool.open();
                let _ = pool.counts(&run(0..5), &inside(), true);
            }
        }
    }
    assert!(Pool::read(&[bytes, vec![0]].concat()).is_err());
}
