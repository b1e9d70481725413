//! Intervals and arrays in and out of a `Datum`. `timestamptz` and `date` need nothing: they are passed as plain `i64` and `i32`.

use crate::datum::{Map, Owned};
use crate::error::{Sql, null_not_allowed};
use crate::range::SpanArg;
use core::ffi::c_int;
use core::ptr;
use core::slice;
use pg_booking_core::length::Length;
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{FromDatum, IntoDatum, Uuid, pg_sys};

/// An `interval` argument.
pub struct IntervalArg(pub Length);

/// An array argument; `None` stands for a NULL in it.
pub struct ArrayArg<T>(Vec<Option<T>>);

impl<T> ArrayArg<T> {
    /// Its elements, none of them NULL.
    pub fn elements(self, what: &str) -> Sql<Vec<T>> {
        let all: Option<Vec<T>> = self.0.into_iter().collect();
        all.ok_or_else(|| null_not_allowed(what))
    }

    /// Its elements as they are.
    pub fn all(self) -> Vec<Option<T>> {
        self.0
    }
}

/// How an element type is stored in arrays.
pub trait Element: FromDatum {
    /// Its `typlen`, `typbyval` and `typalign`.
    const STORAGE: (c_int, bool, u8);
}

impl Element for i32 {
    const STORAGE: (c_int, bool, u8) = (4, true, b'i');
}

impl Element for i64 {
    const STORAGE: (c_int, bool, u8) = (8, true, b'd');
}

impl Element for Uuid {
    const STORAGE: (c_int, bool, u8) = (16, false, b'c');
}

impl Element for SpanArg {
    const STORAGE: (c_int, bool, u8) = (-1, false, b'd');
}

impl Element for Map<'_> {
    const STORAGE: (c_int, bool, u8) = (-1, false, b'i');
}

impl FromDatum for IntervalArg {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: declared interval in SQL and not null, so it points to one.
        let interval = unsafe { &*datum.cast_mut_ptr::<pg_sys::Interval>() };
        Some(IntervalArg(Length {
            months: interval.month,
            days: interval.day,
            micros: interval.time,
        }))
    }
}

// SAFETY: the unboxing above holds for any argument declared interval; null reaches no function that takes it bare.
unsafe impl<'fcx> ArgAbi<'fcx> for IntervalArg {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(IntervalArg(Length {
            months: 0,
            days: 0,
            micros: 0,
        }))
    }
}

impl<T: Element> FromDatum for ArrayArg<T> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        let (len, by_value, align) = T::STORAGE;
        let (mut values, mut nulls, mut count) = (ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: declared an array of this element type in SQL, and not null. The detoasted array lives until the
        // caller's context is reset; core pallocs `count` values and flags, freed here.
        unsafe {
            let array: *mut pg_sys::ArrayType =
                pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast();
            pg_sys::deconstruct_array(
                array,
                (*array).elemtype,
                len,
                by_value,
                align as core::ffi::c_char,
                &mut values,
                &mut nulls,
                &mut count,
            );
            let mut elements = Vec::with_capacity(count as usize);
            if count > 0 {
                let values = slice::from_raw_parts(values, count as usize);
                let nulls = slice::from_raw_parts(nulls, count as usize);
                for (&value, &null) in values.iter().zip(nulls) {
                    elements.push(T::from_datum(value, null));
                }
            }
            pg_sys::pfree(values.cast());
            pg_sys::pfree(nulls.cast());
            Some(ArrayArg(elements))
        }
    }
}

// SAFETY: the unboxing above holds for any argument declared an array of T's type; null reaches only an Option of it.
unsafe impl<'fcx, T: Element> ArgAbi<'fcx> for ArrayArg<T> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(ArrayArg(Vec::new()))
    }
}

/// A `slotmap[]` result.
pub struct MapArrayOut(pub Vec<Owned>);

// SAFETY: returns an array of the element type that the call was declared to return.
unsafe impl BoxRet for MapArrayOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        let (len, by_value, align) = Map::STORAGE;
        let mut maps: Vec<_> = self.0.into_iter().map(Owned::into_datum).collect();
        // SAFETY: `maps` are varlenas palloc'd just now, which core copies. The type's oid differs from database to
        // database, so it is read off the declaration of the call itself.
        unsafe {
            let declared = pg_sys::get_fn_expr_rettype((*fcinfo.as_mut_ptr()).flinfo);
            let array = pg_sys::construct_array(
                maps.as_mut_ptr(),
                maps.len() as c_int,
                pg_sys::get_element_type(declared),
                len,
                by_value,
                align as core::ffi::c_char,
            );
            fcinfo.return_raw_datum(array.into())
        }
    }
}

/// An `int[]` result.
pub struct IntArrayOut(pub Vec<i32>);

// SAFETY: returns an array of int4, as every function with this result is declared to.
unsafe impl BoxRet for IntArrayOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: as above.
        unsafe { array_of(fcinfo, self.0, pg_sys::INT4OID) }
    }
}

/// A `timestamptz[]` result.
pub struct InstantArrayOut(pub Vec<i64>);

// SAFETY: returns an array of timestamptz, as every function with this result is declared to.
unsafe impl BoxRet for InstantArrayOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: as above; an instant is stored as an i64.
        unsafe { array_of(fcinfo, self.0, pg_sys::TIMESTAMPTZOID) }
    }
}

/// A `timestamp[]` result.
pub struct WallClockArrayOut(pub Vec<i64>);

// SAFETY: returns an array of timestamp, as every function with this result is declared to.
unsafe impl BoxRet for WallClockArrayOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: as above; a wall clock is stored as an i64, too.
        unsafe { array_of(fcinfo, self.0, pg_sys::TIMESTAMPOID) }
    }
}

/// A `uuid[]` result.
pub struct UuidArrayOut(pub Vec<[u8; 16]>);

// SAFETY: returns an array of uuid, as every function with this result is declared to.
unsafe impl BoxRet for UuidArrayOut {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        let uuids = self.0.into_iter().map(Uuid::from_bytes).collect();
        // SAFETY: as above.
        unsafe { array_of(fcinfo, uuids, pg_sys::UUIDOID) }
    }
}

/// Values as an array.
///
/// # Safety
///
/// `element` is the type that is stored as `T::STORAGE` says, and the call is declared to return an array of it.
unsafe fn array_of<'fcx, T: Element + IntoDatum>(
    fcinfo: &mut FcInfo<'fcx>,
    values: Vec<T>,
    element: pg_sys::Oid,
) -> Datum<'fcx> {
    let (len, by_value, align) = T::STORAGE;
    let mut values: Vec<_> = values.into_iter().filter_map(T::into_datum).collect();
    // SAFETY: core copies the values into an array that it pallocs; the rest is the caller's promise.
    unsafe {
        let array = pg_sys::construct_array(
            values.as_mut_ptr(),
            values.len() as c_int,
            element,
            len,
            by_value,
            align as core::ffi::c_char,
        );
        fcinfo.return_raw_datum(array.into())
    }
}
