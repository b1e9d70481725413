//! Every file of `tests/isolation/specs` against `tests/isolation/expected`; the functions are made by `build.rs`.
use std::path::Path;

use pg_booking_tests::regress::ISOLATION;

fn run(name: &str) -> anyhow::Result<()> {
    ISOLATION.run(name, Path::new(env!("CARGO_TARGET_TMPDIR")))
}

include!(concat!(env!("OUT_DIR"), "/isolation.rs"));
