use super::*;
use crate::grain::Grain;
use crate::map::Slotmap;
use crate::run::from_runs;
use crate::tally::Tally;

fn map(slots: &[i64]) -> Slotmap {
    let runs: Vec<_> = slots.iter().map(|&slot| slot..slot + 1).collect();
    from_runs(Grain::DEFAULT, &runs).unwrap()
}

#[test]
fn a_count_is_how_many_maps_hold_the_start() {
    let mut tally = Tally::new(Grain::DEFAULT);
    for map in [map(&[1, 63, 64]), map(&[1, 64, 200]), map(&[1])] {
        tally.add(&map).unwrap();
    }
    let counts = slot_counts(&map(&[-7, 1, 2, 63, 64, 900]), &tally.planes().unwrap());
    assert_eq!(counts, Ok(vec![0, 3, 0, 1, 2, 0]));
    assert_eq!(
        slot_counts(&map(&[1, 2]), &[] as &[Slotmap]),
        Ok(vec![0, 0])
    );
    assert_eq!(slot_counts(&map(&[]), &tally.planes().unwrap()), Ok(vec![]));
}

#[test]
fn the_least_cap_that_holds_a_start_counts() {
    let at = |slot| Grain::DEFAULT.instant(slot);
    let caps = [(at(1)..at(3), 5), (at(2)..at(9), 2), (at(4)..at(4), 0)];
    assert_eq!(
        slot_caps(&map(&[0, 1, 2, 4, 9]), &caps),
        [i32::MAX, 5, 2, 2, i32::MAX]
    );
    // Half-open: an instant behind the start of a slot leaves it out.
    assert_eq!(slot_caps(&map(&[1]), &[(at(1) + 1..at(9), 0)]), [i32::MAX]);
    assert_eq!(slot_caps(&map(&[1]), &[(at(9)..at(1), 0)]), [i32::MAX]);
}

#[test]
fn every_booking_takes_different_members() {
    // Three members, each row one: 5 units of one help no more than the others allow.
    assert_eq!(slot_fits(&[5, 1, 1, 1, 1, 1], 3, 2), Ok(vec![2, 1]));
    assert_eq!(slot_fits(&[5, 1, 1], 3, 1), Ok(vec![7]));
    assert_eq!(slot_fits(&[2, 2, 2], 3, 2), Ok(vec![3]));
    assert_eq!(slot_fits(&[9, 0, 0], 3, 2), Ok(vec![0]));
    assert_eq!(slot_fits(&[1, 1], 2, 3), Ok(vec![0]));
    assert_eq!(slot_fits(&[], 2, 3), Ok(vec![]));
    assert_eq!(slot_fits(&[1, 1, 1], 2, 1), Err(Error::Ragged));
    assert_eq!(slot_fits(&[1], 1, 0), Err(Error::NotPositive));
    assert_eq!(slot_fits(&[i32::MAX, 1], 2, 1), Err(Error::CountOverflow));
}

#[test]
fn fits_are_what_trying_every_number_finds() {
    let mut seed = 1u32;
    for _ in 0..2000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let members = 1 + (seed >> 28) as usize % 5;
        let free: Vec<i32> = (0..members)
            .map(|m| (seed >> (3 * m + 4) & 7) as i32)
            .collect();
        for pick in 1..4 {
            let fits = |m: i32| free.iter().map(|f| *f.min(&m)).sum::<i32>() >= m * pick;
            let tried = (0..40).rev().find(|&m| fits(m)).unwrap();
            assert_eq!(
                slot_fits(&free, members, pick),
                Ok(vec![tried]),
                "{free:?} {pick}"
            );
        }
    }
}

#[test]
fn the_lesser_of_two() {
    assert_eq!(slot_least(&[1, 5], &[3, 2]), Ok(vec![1, 2]));
    assert_eq!(slot_least(&[1], &[]), Err(Error::Ragged));
}

#[test]
fn starts_with_a_count_above_zero() {
    let starts = map(&[-7, 1, 2, 63, 64]);
    assert_eq!(slot_where(&starts, &[1, 0, 2, 0, 3]), Ok(map(&[-7, 2, 64])));
    assert_eq!(slot_where(&starts, &[0, -1, 0, 0, 0]), Ok(map(&[])));
    assert_eq!(slot_where(&starts, &[1]), Err(Error::Ragged));
}
