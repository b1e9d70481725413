//! The stored form: what is written reads back, what is not canonical is refused, and no bytes whatever do harm.

use crate::model::{case, map};
use pg_booking_core::aggregate::{AtLeast, Counts, Intersection, State, Union};
use pg_booking_core::run::{from_runs, next_clear, next_set, runs};
use pg_booking_core::{Bits, Error, Grain, Stored, day, set};
use proptest::prelude::*;

fn payload(grain: u8, first: i64, words: &[u64]) -> Vec<u8> {
    core::iter::once(grain)
        .chain(first.to_le_bytes())
        .chain(words.iter().flat_map(|word| word.to_le_bytes()))
        .collect()
}

fn refused(bytes: &[u8]) {
    assert_eq!(
        Stored::read(bytes).err(),
        Some(Error::Malformed),
        "{bytes:?}"
    );
}

/// Everything that walks a map, on bytes that were let in.
fn exercise(payload: &[u8]) -> Result<(), Error> {
    let Ok(map) = Stored::read(payload) else {
        return Ok(());
    };
    assert_eq!(map.to_map().payload(), payload);
    let count: i64 = runs(&map).map(|run| run.end - run.start).sum();
    assert_eq!(count, map.count());
    assert!(
        map.hull()
            .is_none_or(|hull| map.has(hull.start) && map.has(hull.end - 1))
    );
    for from in [i64::MIN, 0, i64::MAX - 1] {
        next_set(&map, from);
        next_clear(&map, from);
    }
    day::slots(&map, 0)?;
    assert_eq!(set::union(&map, &map)?.payload(), payload);
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_reads_back((grain, [a]) in case::<1>()) {
        let map = map(grain, &a)?;
        let payload = map.payload();
        prop_assert_eq!(Stored::read(&payload)?.to_map(), map);
        exercise(&payload)?;
    }

    #[test]
    fn no_bytes_do_harm(payload in prop::collection::vec(any::<u8>(), 0..64)) {
        exercise(&payload)?;
        let _ = Union::from_bytes(&payload);
        let _ = Intersection::from_bytes(&payload);
        let _ = Counts::from_bytes(&payload);
        let _ = AtLeast::from_bytes(&payload);
    }

    #[test]
    fn a_damaged_map_is_refused_or_another_map(
        (grain, [a]) in case::<1>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in 0..20usize,
    ) {
        let mut payload = map(grain, &a)?.payload();
        let at = at.index(payload.len());
        payload[at] = byte;
        exercise(&payload)?;
        payload.truncate(payload.len().saturating_sub(cut));
        exercise(&payload)?;
    }
}

#[test]
fn only_the_canonical_form_is_read() -> Result<(), Error> {
    assert!(Stored::read(&payload(15, 64, &[1, 0, 1])).is_ok());
    refused(&[]);
    refused(&[15]);
    refused(&payload(15, 0, &[])[..8]);
    refused(&payload(7, 0, &[1]));
    refused(&payload(15, 1, &[1]));
    refused(&payload(15, 64, &[]));
    refused(&payload(15, 0, &[0]));
    refused(&payload(15, 0, &[0, 1]));
    refused(&payload(15, 0, &[1, 0]));
    refused(&payload(15, i64::MIN, &[1]));
    refused(&payload(15, i64::MAX & !63, &[1]));
    let mut long = vec![0; 1 << 14];
    (long[0], long[(1 << 14) - 1]) = (1, 1 << 63);
    assert!(Stored::read(&payload(15, 0, &long)).is_ok());
    long.push(1);
    refused(&payload(15, 0, &long));
    let mut odd = payload(15, 0, &[1]);
    odd.push(0);
    refused(&odd);
    Ok(())
}

#[test]
fn no_map_reaches_beyond_time() -> Result<(), Error> {
    for grain in Grain::ALL {
        let all = grain.slots();
        let first = from_runs(grain, core::slice::from_ref(&(all.start..all.start + 1)))?;
        let last = from_runs(grain, core::slice::from_ref(&(all.end - 1..all.end)))?;
        exercise(&first.payload())?;
        exercise(&last.payload())?;
        for slot in [all.start - 1, all.end] {
            let run = slot..slot + 1;
            assert_eq!(
                from_runs(grain, core::slice::from_ref(&run)),
                Err(Error::OutOfRange)
            );
            let bytes = payload(grain.minutes(), slot >> 6 << 6, &[1 << (slot & 63)]);
            refused(&bytes);
        }
    }
    Ok(())
}
