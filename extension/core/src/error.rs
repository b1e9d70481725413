//! What can go wrong. The extension maps each variant to one SQLSTATE, wording and hint.

use crate::grain::Grain;

/// A refusal; the values are what its message needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Minutes that are no grain.
    UnknownGrain(i64),
    /// Two maps of different grains met in one operation.
    MixedGrains(Grain, Grain),
    /// A map of one grain where another is declared: what it is, what was wanted.
    WrongGrain(Grain, Grain),
    /// An instant (microseconds since 2000-01-01 UTC) that starts no slot, or a bound of the wrong kind on one that does.
    OffGrid(i64, Grain),
    /// A range without a bound.
    Unbounded,
    /// An infinite or impossible timestamp.
    OutOfRange,
    /// More than `MAX_SLOTS` from the first set slot to the last.
    TooLong,
    /// A length of time with months in it.
    Months,
    /// A length of time beyond 64 bits of microseconds.
    LengthOverflow,
    /// A length of time that is no multiple of the grain, in microseconds.
    LengthOffGrain(i64, Grain),
    /// A length of time below zero, or zero where something must be counted.
    LengthTooSmall,
    /// A slot number outside the day: the number, slots per day.
    SlotOutOfDay(i64, i64),
    /// Midnights that do not ascend.
    Unsorted,
    /// `k` below one.
    NotPositive,
    /// `k` that changed between two rows of one aggregate.
    NotConstant,
    /// Lists of counts that are not as long as each other.
    Ragged,
    /// A count beyond 32 bits.
    CountOverflow,
    /// Bytes that no slotmap has.
    Malformed,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl core::error::Error for Error {}
