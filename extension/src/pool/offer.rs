//! `pool_offers`: the units of a pool as an array of a composite type, built here: to join them together from maps in SQL
//! took as long as to find them.

use super::asking;
use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use crate::scalar::ArrayArg;
use core::ffi::{c_char, c_int};
use pg_booking_core::Bits;
use pg_booking_core::pool::Id;
use pg_booking_core::pool::offer::Offer;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{IntoDatum, Uuid, pg_extern, pg_sys};

#[pg_extern]
#[allow(clippy::too_many_arguments)]
fn pool_offers(
    pool: Option<&[u8]>,
    starts: Option<Map<'_>>,
    lengths: Option<ArrayArg<i32>>,
    before: Option<i32>,
    after: Option<i32>,
    arrivals: Option<ArrayArg<Map<'_>>>,
    allowed: Option<ArrayArg<Map<'_>>>,
    with_hours: Option<bool>,
) -> Sql<Option<OfferArrayOut>> {
    let maps = arrivals.zip(allowed);
    asking(
        pool,
        starts,
        lengths,
        before,
        after,
        maps,
        |pool, starts, ask| {
            let offers = pool.offers(ask, starts.grain(), with_hours.unwrap_or(false));
            let starts = Owned(starts.to_map()).into_datum();
            let row = |offer: Offer| {
                let member = pool.members.get(offer.member)?;
                let requirement = pool.requirements.get(member.requirement)?;
                let free = offer.free.unwrap_or_else(|| offer.stable.clone());
                Some([
                    uuid(requirement.id),
                    Some(requirement.pick.into()),
                    uuid(member.resource),
                    Some(offer.unit.into()),
                    Some(offer.units.into()),
                    Some(starts),
                    offer.hours.map(|hours| Owned(hours).into_datum()),
                    Some(Owned(offer.stable).into_datum()),
                    Some(Owned(free).into_datum()),
                ])
            };
            let offers = offers.or_report()?.into_iter();
            Ok(OfferArrayOut(offers.filter_map(row).collect()))
        },
    )
}

fn uuid(id: Id) -> Option<pg_sys::Datum> {
    Uuid::from_bytes(id).into_datum()
}

/// A `booking.offer[]` result, attribute by attribute.
struct OfferArrayOut(Vec<[Option<pg_sys::Datum>; 9]>);

// SAFETY: returns an array of the composite type that the call was declared to return.
unsafe impl BoxRet for OfferArrayOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: the type is read off the declaration of the call; its descriptor is a copy in the current context, and
        // begins with the attributes that `row` fills, in their order: sql declares type and function side by side. Core
        // copies the values into rows, and the rows into an array.
        unsafe {
            let declared = pg_sys::get_fn_expr_rettype((*fcinfo.as_mut_ptr()).flinfo);
            let element = pg_sys::get_element_type(declared);
            let shape = pg_sys::lookup_rowtype_tupdesc_copy(element, -1);
            // A later version may have added some, which are null.
            let all = usize::try_from((*shape).natts).unwrap_or(0).max(9);
            let mut rows: Vec<_> = self
                .0
                .iter()
                .map(|row| {
                    let mut values = vec![pg_sys::Datum::null(); all];
                    let mut nulls = vec![true; all];
                    for (place, value) in row.iter().enumerate() {
                        if let Some(value) = value {
                            (values[place], nulls[place]) = (*value, false);
                        }
                    }
                    let tuple =
                        pg_sys::heap_form_tuple(shape, values.as_mut_ptr(), nulls.as_mut_ptr());
                    pg_sys::heap_copy_tuple_as_datum(tuple, shape)
                })
                .collect();
            let array = pg_sys::construct_array(
                rows.as_mut_ptr(),
                rows.len() as c_int,
                element,
                -1,
                false,
                b'd' as c_char,
            );
            fcinfo.return_raw_datum(array.into())
        }
    }
}
