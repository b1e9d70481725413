//! One mapping from the kernel's errors to SQLSTATE, primary message, DETAIL and HINT, in core's words.

use crate::range::timestamp_text;
use pg_booking_core::{Error, Grain};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::PgSqlErrorCode as Code;

/// What a function of the kernel returns: its value, or the report that PostgreSQL raises.
pub type Sql<T> = Result<T, ErrorReport>;

/// Turns a kernel result into an SQL one.
pub trait OrReport<T> {
    /// `Ok`, or the error's report.
    fn or_report(self) -> Sql<T>;
}

impl<T> OrReport<T> for Result<T, Error> {
    fn or_report(self) -> Sql<T> {
        self.map_err(|error| Refusal(error).into())
    }
}

/// An error on its way out; a type of our own, so that `From` can be ours.
pub struct Refusal(pub Error);

impl From<Refusal> for ErrorReport {
    fn from(Refusal(error): Refusal) -> Self {
        match error {
            Error::UnknownGrain(minutes) => {
                report(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("invalid grain: {minutes} minutes"))
                    .set_hint("A grain is 1, 5, 10, 15, 20, 30 or 60 minutes.")
            }
            Error::MixedGrains(a, b) => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                format!("different slotmap grains {} and {}", a.minutes(), b.minutes()),
            ),
            Error::WrongGrain(is, wanted) => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                format!("expected grain {}, not {}", wanted.minutes(), is.minutes()),
            ),
            Error::OffGrid(instant, grain) => off_grid(instant, grain),
            Error::Unbounded => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "slotmap bounds must be finite".into(),
            )
            .set_detail("A range without a bound has no last slot."),
            Error::OutOfRange => report(
                Code::ERRCODE_DATETIME_FIELD_OVERFLOW,
                "timestamp out of range".into(),
            ),
            Error::TooLong => report(
                Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                "slotmap too long".into(),
            )
            .set_detail(format!(
                "A slotmap spans at most {} slots from its first to its last.",
                pg_booking_core::map::MAX_SLOTS
            )),
            Error::Months => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "interval must not contain months or years".into(),
            )
            .set_hint("Give the length in days, hours and minutes."),
            Error::LengthOverflow => report(
                Code::ERRCODE_DATETIME_FIELD_OVERFLOW,
                "interval out of range".into(),
            ),
            Error::LengthOffGrain(micros, grain) => length_off_grain(micros, grain),
            Error::LengthTooSmall => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "interval is too small".into(),
            )
            .set_hint("A duration or step must be above zero, a buffer zero or more; all are whole multiples of the grain."),
            Error::SlotOutOfDay(number, last) => report(
                Code::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                format!("slot {number} out of range"),
            )
            .set_detail(format!("The slots of a day are 0 to {last}.")),
            Error::Unsorted => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "midnights must ascend".into(),
            ),
            Error::NotPositive => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "number must be at least 1".into(),
            ),
            Error::Ragged => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "lists differ in length".into(),
            ),
            Error::NotConstant => report(
                Code::ERRCODE_INVALID_PARAMETER_VALUE,
                "k must be the same in every row".into(),
            ),
            Error::CountOverflow => {
                report(Code::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "count out of range".into())
            }
            Error::Malformed => report(Code::ERRCODE_DATA_CORRUPTED, "malformed slotmap or pool".into()),
        }
    }
}

/// A report of ours.
#[track_caller]
pub fn report(code: Code, message: String) -> ErrorReport {
    ErrorReport::new(code, message, "pg_booking")
}

/// NULL where there must be something.
pub fn null_not_allowed(what: &str) -> ErrorReport {
    report(
        Code::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        format!("{what} must not be null"),
    )
}

/// Bytes from outside that are no slotmap.
pub fn bad_binary() -> ErrorReport {
    report(
        Code::ERRCODE_INVALID_BINARY_REPRESENTATION,
        "incorrect binary data format for type slotmap".into(),
    )
}

fn off_grid(instant: i64, grain: Grain) -> ErrorReport {
    let error = report(
        Code::ERRCODE_INVALID_PARAMETER_VALUE,
        "range bound is not on the slot grid".into(),
    );
    let at = timestamp_text(instant);
    if grain.starts_at(instant) {
        return error
            .set_detail(format!(
                "The range ends with \"{at}\" included, or begins with it excluded."
            ))
            .set_hint("Slots are half-open: use [lower, upper).");
    }
    error
        .set_detail(format!(
            "\"{at}\" starts no slot of {} minutes.",
            grain.minutes()
        ))
        .set_hint("Use booking.slotmap_inside or booking.slotmap_cover to round.")
}

fn length_off_grain(micros: i64, grain: Grain) -> ErrorReport {
    let error = report(
        Code::ERRCODE_INVALID_PARAMETER_VALUE,
        "interval is not a multiple of the grain".into(),
    )
    .set_detail(format!(
        "{} seconds are no multiple of {} minutes.",
        micros as f64 / 1e6,
        grain.minutes()
    ));
    match Grain::largest_dividing(micros) {
        Some(fits) => error.set_hint(format!(
            "Use multiples of the grain, {} minutes, or a grain of {}.",
            grain.minutes(),
            fits.minutes()
        )),
        None => error.set_hint(format!(
            "Use multiples of the grain, {} minutes.",
            grain.minutes()
        )),
    }
}
