//! Keys in and out of GiST's entries. In SQL they are `bytea`: short, so never compressed nor out of line, but with a header
//! of one byte once they are on a page. Next: `grow`.

use crate::error::{OrReport, Sql, report};
use core::ptr;
use core::slice;
use pg_booking_core::index::{KEY_LEN, Key};
use pgrx::datum::Internal;
use pgrx::prelude::PgSqlErrorCode;
use pgrx::{pg_sys, varlena};

/// What an `internal` argument of a GiST support function points to.
///
/// # Safety
/// The function's place in the operator class says that it is a `T`.
pub unsafe fn argument<T>(internal: &mut Internal) -> Sql<&mut T> {
    // SAFETY: as the caller promises; nobody but GiST can pass an internal argument, and it lives as long as the call.
    unsafe { internal.get_mut() }.ok_or_else(|| {
        report(
            PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            "GiST support function called without its arguments".into(),
        )
    })
}

/// The key of an entry that is not a map any more.
///
/// # Safety
/// `entry` is one that GiST made of a key of ours.
pub unsafe fn key_of(entry: &pg_sys::GISTENTRY) -> Sql<Key> {
    // SAFETY: a plain varlena, which its header measures.
    let bytes = unsafe {
        let key: *const pg_sys::varlena = entry.key.cast_mut_ptr();
        slice::from_raw_parts(
            varlena::vardata_any(key).cast(),
            varlena::varsize_any_exhdr(key),
        )
    };
    Key::read(bytes).or_report()
}

/// A fresh `bytea` of a key.
pub fn key_datum(key: Key) -> pg_sys::Datum {
    let total = pg_sys::VARHDRSZ + KEY_LEN;
    // SAFETY: palloc returns `total` aligned bytes of ours; the key goes right behind the 4-byte header.
    unsafe {
        let value: *mut pg_sys::varlena = pg_sys::palloc(total).cast();
        varlena::set_varsize_4b(value, total as i32);
        let payload = value.cast::<u8>().add(pg_sys::VARHDRSZ);
        ptr::copy_nonoverlapping(key.to_bytes().as_ptr(), payload, KEY_LEN);
        value.into()
    }
}

/// Is it on a leaf, so that its key is that of one map?
///
/// # Safety
/// GiST passed the entry for a search: then it stands on a page.
pub unsafe fn on_leaf(entry: &pg_sys::GISTENTRY) -> bool {
    // SAFETY: the page is in a buffer that the scan holds, and ends with GiST's opaque data.
    unsafe {
        let header: *const pg_sys::PageHeaderData = entry.page.cast();
        let special = entry.page.add(usize::from((*header).pd_special));
        let opaque: *const pg_sys::GISTPageOpaqueData = special.cast();
        u32::from((*opaque).flags) & pg_sys::F_LEAF != 0
    }
}

/// The entries of a vector, from a place on.
///
/// # Safety
/// GiST made the vector.
pub unsafe fn entries(vector: &pg_sys::GistEntryVector, from: usize) -> &[pg_sys::GISTENTRY] {
    // SAFETY: `n` entries follow the head.
    let all = unsafe { slice::from_raw_parts(vector.vector.as_ptr(), vector.n.max(0) as usize) };
    all.get(from..).unwrap_or_default()
}
