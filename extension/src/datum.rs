//! A slotmap in and out of a `Datum`. The payload is drawn in `pg_booking_core::layout`; here is only what PostgreSQL wraps around it.
//!
//! A value may come with a 4-byte header, a 1-byte header, compressed or out of line; only the last two are copied,
//! and the copy is freed with the `Map`, since an index or a hash table calls in a context that lives long.

use crate::error::{OrReport, Sql};
use core::ptr;
use core::slice;
use pg_booking_core::{Slotmap, Stored};
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{FromDatum, pg_sys, varlena};

/// A slotmap argument.
pub struct Map<'a> {
    payload: &'a [u8],
    copy: *mut pg_sys::varlena,
}

impl Map<'_> {
    /// The map, checked.
    pub fn view(&self) -> Sql<Stored<'_>> {
        Stored::read(self.payload).or_report()
    }

    /// The bytes behind the header.
    pub fn payload(&self) -> &[u8] {
        self.payload
    }
}

impl Drop for Map<'_> {
    fn drop(&mut self) {
        if !self.copy.is_null() {
            // SAFETY: `copy` was palloc'd by pg_detoast_datum_packed for this value alone, and the payload dies with it.
            unsafe { pg_sys::pfree(self.copy.cast()) }
        }
    }
}

impl FromDatum for Map<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: a datum that is not null and declared slotmap in SQL points to a varlena that outlives the call;
        // after detoasting its header says how many bytes follow.
        unsafe {
            let stored: *mut pg_sys::varlena = datum.cast_mut_ptr();
            let mut copy = ptr::null_mut();
            let mut plain = stored;
            if varlena::varatt_is_1b_e(stored) || varlena::varatt_is_4b_c(stored) {
                plain = pg_sys::pg_detoast_datum_packed(stored);
                if plain != stored {
                    copy = plain;
                }
            }
            let payload = slice::from_raw_parts(
                varlena::vardata_any(plain).cast(),
                varlena::varsize_any_exhdr(plain),
            );
            Some(Map { payload, copy })
        }
    }
}

// SAFETY: the unboxing above holds for any argument declared slotmap.
unsafe impl<'fcx> ArgAbi<'fcx> for Map<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises; null reaches only functions that are not STRICT, and they take an Option.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(map) => map,
            None => Map {
                payload: &[],
                copy: ptr::null_mut(),
            },
        }
    }
}

/// A slotmap result.
pub struct Owned(pub Slotmap);

impl Owned {
    /// A fresh varlena in the current memory context.
    pub fn into_datum(self) -> pg_sys::Datum {
        let len = self.0.payload_len();
        let total = pg_sys::VARHDRSZ + len;
        // SAFETY: palloc0 returns `total` aligned bytes of ours; the payload starts right behind the 4-byte header.
        unsafe {
            let value: *mut pg_sys::varlena = pg_sys::palloc0(total).cast();
            varlena::set_varsize_4b(value, total as i32);
            let payload = value.cast::<u8>().add(pg_sys::VARHDRSZ);
            self.0.write(slice::from_raw_parts_mut(payload, len));
            value.into()
        }
    }
}

// SAFETY: returns a varlena as the SQL declarations say.
unsafe impl BoxRet for Owned {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: the datum was palloc'd just now in the caller's context.
        unsafe { fcinfo.return_raw_datum(self.into_datum()) }
    }
}
