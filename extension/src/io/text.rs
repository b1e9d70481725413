//! Text: what `tstzmultirange` reads and prints, with the grain in front when it is not 15: `5m{...}`.

use crate::datum::{Map, Owned};
use crate::error::{OrReport, Sql};
use crate::io::cast::{exact_map, instants};
use crate::io::typmod::declared;
use crate::range::{multirange_text, parse_multirange};
use core::ffi::CStr;
use pg_booking_core::{Bits, Grain};
use pgrx::{pg_extern, pg_sys};
use std::ffi::CString;

/// Splits `5m{...}` into its grain and the rest. What does not begin like that is left to core's parser and its errors.
fn split_grain(text: &CStr) -> Sql<(Grain, &CStr)> {
    let bytes = text.to_bytes_with_nul();
    let start = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let digits = bytes
        .iter()
        .skip(start)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let end = start + digits;
    if digits == 0 || digits > 9 || bytes.get(end) != Some(&b'm') {
        return Ok((Grain::DEFAULT, text));
    }
    let minutes = bytes[start..end]
        .iter()
        .fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    let grain = Grain::new(minutes).or_report()?;
    Ok((
        grain,
        CStr::from_bytes_until_nul(&bytes[end + 1..]).unwrap_or(c""),
    ))
}

#[pg_extern]
fn slotmap_in(text: &CStr, _type_io_param: pg_sys::Oid, typmod: i32) -> Sql<Owned> {
    let (grain, ranges) = split_grain(text)?;
    declared(grain, typmod)?;
    exact_map(parse_multirange(ranges)?, grain)
}

#[pg_extern]
fn slotmap_out(map: Map<'_>) -> Sql<CString> {
    let map = map.view()?;
    let ranges = multirange_text(instants(&map));
    if map.grain() == Grain::DEFAULT {
        return Ok(ranges);
    }
    let mut text = format!("{}m", map.grain().minutes()).into_bytes();
    text.extend_from_slice(ranges.to_bytes());
    Ok(CString::new(text).unwrap_or_default())
}
