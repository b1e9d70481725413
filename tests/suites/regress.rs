//! Every file of `tests/regress/sql` against `tests/regress/expected`; the functions are made by `build.rs`.
use std::path::Path;

use pg_booking_tests::regress::REGRESS;

fn run(name: &str) -> anyhow::Result<()> {
    REGRESS.run(name, Path::new(env!("CARGO_TARGET_TMPDIR")))
}

include!(concat!(env!("OUT_DIR"), "/regress.rs"));
