//! Hashing the stored bytes: equal sets are equal bytes.

use crate::datum::Map;
use core::ffi::{c_int, c_uchar};
use pgrx::pg_extern;

unsafe extern "C" {
    fn hash_bytes(k: *const c_uchar, keylen: c_int) -> u32;
    fn hash_bytes_extended(k: *const c_uchar, keylen: c_int, seed: u64) -> u64;
}

#[pg_extern]
fn slotmap_hash(map: Map<'_>) -> i32 {
    let bytes = map.payload();
    // SAFETY: reads that many bytes and cannot fail.
    unsafe { hash_bytes(bytes.as_ptr(), bytes.len() as c_int) as i32 }
}

#[pg_extern]
fn slotmap_hash_extended(map: Map<'_>, seed: i64) -> i64 {
    let bytes = map.payload();
    // SAFETY: reads that many bytes and cannot fail.
    unsafe { hash_bytes_extended(bytes.as_ptr(), bytes.len() as c_int, seed as u64) as i64 }
}
