//! What becomes of a map on its way into the tree: its key, the page it goes to, the split of a full page. Next: `search`.

use super::entry::{argument, entries, key_datum, key_of};
use crate::datum::Map;
use crate::error::{OrReport, Sql, report};
use pg_booking_core::Error;
use pg_booking_core::index::{Key, penalty, picksplit};
use pgrx::datum::Internal;
use pgrx::prelude::PgSqlErrorCode;
use pgrx::{FromDatum, pg_extern, pg_sys};

#[pg_extern]
fn slotmap_gist_compress(mut entry: Internal) -> Sql<Internal> {
    // SAFETY: compress gets an entry; on a leaf its key is a map yet, further up a key already.
    unsafe {
        let old: &mut pg_sys::GISTENTRY = argument(&mut entry)?;
        if !old.leafkey {
            return Ok(entry);
        }
        let Some(map) = Map::from_datum(old.key, false) else {
            return Ok(entry);
        };
        let new: *mut pg_sys::GISTENTRY = pg_sys::palloc(size_of::<pg_sys::GISTENTRY>()).cast();
        new.write(pg_sys::GISTENTRY {
            key: key_datum(Key::of_map(&map.view()?)),
            leafkey: false,
            ..*old
        });
        Ok(Internal::from(Some(pg_sys::Datum::from(new))))
    }
}

#[pg_extern]
fn slotmap_gist_union(mut vector: Internal, _size: Internal) -> Sql<Vec<u8>> {
    // SAFETY: union gets a vector, and all of its entries count.
    let keys: Vec<Key> = unsafe {
        let vector = argument(&mut vector)?;
        let keys = entries(vector, 0).iter().map(|entry| key_of(entry));
        keys.collect::<Sql<_>>()?
    };
    let union = keys.into_iter().reduce(Key::union);
    let union = union.ok_or(Error::Malformed).or_report()?;
    Ok(union.to_bytes().to_vec())
}

#[pg_extern]
fn slotmap_gist_penalty(
    mut page: Internal,
    mut new: Internal,
    mut result: Internal,
) -> Sql<Internal> {
    // SAFETY: penalty gets two entries and the place of a float.
    unsafe {
        let (page, new) = (key_of(argument(&mut page)?)?, key_of(argument(&mut new)?)?);
        *argument::<f32>(&mut result)? = penalty(page, new);
    }
    Ok(result)
}

#[pg_extern]
fn slotmap_gist_picksplit(mut vector: Internal, mut result: Internal) -> Sql<Internal> {
    // SAFETY: picksplit gets a vector, of which the first entry is none, and the place of the answer.
    unsafe {
        let vector = argument(&mut vector)?;
        let keys = entries(vector, 1).iter().map(|entry| key_of(entry));
        let keys: Vec<Key> = keys.collect::<Sql<_>>()?;
        let split = picksplit(&keys).ok_or_else(|| {
            report(
                PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
                "page with less than two entries to split".into(),
            )
        })?;
        let answer: &mut pg_sys::GIST_SPLITVEC = argument(&mut result)?;
        (answer.spl_left, answer.spl_nleft) = offsets(&split.left, keys.len());
        (answer.spl_right, answer.spl_nright) = offsets(&split.right, keys.len());
        answer.spl_ldatum = key_datum(split.left_key);
        answer.spl_rdatum = key_datum(split.right_key);
    }
    Ok(result)
}

/// Places in the list as offsets on the page, with room for all of them: GiST moves some over for the sake of further columns.
fn offsets(places: &[usize], room: usize) -> (*mut pg_sys::OffsetNumber, i32) {
    // SAFETY: palloc returns room for that many, and no more are written.
    unsafe {
        let offsets: *mut pg_sys::OffsetNumber =
            pg_sys::palloc((room + 1) * size_of::<pg_sys::OffsetNumber>()).cast();
        for (index, &place) in places.iter().enumerate() {
            offsets.add(index).write(place as pg_sys::OffsetNumber + 1);
        }
        (offsets, places.len() as i32)
    }
}

#[pg_extern]
fn slotmap_gist_same(a: &[u8], b: &[u8], mut result: Internal) -> Sql<Internal> {
    // SAFETY: same gets the place of a bool.
    unsafe { *argument::<bool>(&mut result)? = a == b };
    Ok(result)
}
