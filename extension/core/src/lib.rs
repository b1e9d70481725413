//! The slotmap algebra.
#![forbid(unsafe_code)]
