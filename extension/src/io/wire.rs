//! Binary: a version byte, then the stored payload as `pg_booking_core::layout` draws it. What comes in is believed in nothing.

use crate::datum::{Map, Owned};
use crate::error::{Sql, bad_binary};
use crate::io::typmod::declared;
use core::slice;
use pg_booking_core::{Bits, Stored};
use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

/// The only version there is.
const VERSION: u8 = 1;

#[pg_extern]
fn slotmap_recv(mut message: Internal, _type_io_param: pg_sys::Oid, typmod: i32) -> Sql<Owned> {
    // SAFETY: PostgreSQL calls a receive function with a StringInfo, and nothing else can: its argument is internal.
    let buffer = unsafe { message.get_mut::<pg_sys::StringInfoData>() }.ok_or_else(bad_binary)?;
    let (from, to) = (buffer.cursor.max(0) as usize, buffer.len.max(0) as usize);
    // SAFETY: `data` holds `len` bytes, of which those before the cursor were read already.
    let bytes = unsafe { slice::from_raw_parts(buffer.data.cast::<u8>(), to) };
    buffer.cursor = buffer.len;
    let Some((&VERSION, payload)) = bytes.get(from..).and_then(<[u8]>::split_first) else {
        return Err(bad_binary());
    };
    let map = Stored::read(payload).map_err(|_| bad_binary())?;
    declared(map.grain(), typmod)?;
    Ok(Owned(map.to_map()))
}

#[pg_extern]
fn slotmap_send(map: Map<'_>) -> Sql<Vec<u8>> {
    map.view()?;
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(map.payload());
    Ok(bytes)
}
