//! From every version that was released to this one: with data in it, by ALTER EXTENSION UPDATE and by restoring a dump. What
//! comes out is, object by object, what a fresh installation has, passes the same tests and answers the same.
use anyhow::Result;
use pg_booking_tests::upgrade::{NEVER, released};

/// Object by object.
mod catalog;
/// What the site's roles may do.
mod grants;
/// Scripts that are released, and how they come to be.
mod release;
/// What was entered.
mod rows;

/// From where: what was released, and what never was.
fn versions() -> Result<Vec<String>> {
    Ok([vec![NEVER.to_owned()], released()?].concat())
}

/// The regress suite, on a database that was updated from the oldest version there is: one function a file, by `build.rs`.
mod regress {
    use std::path::Path;

    use pg_booking_tests::{regress::REGRESS, upgrade::updated};

    use super::{NEVER, Result, released};

    fn run(name: &str) -> Result<()> {
        let oldest = released()?.first().cloned().unwrap_or(NEVER.to_owned());
        let database = tokio::runtime::Runtime::new()?.block_on(updated(&oldest, name))?;
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("updated");
        REGRESS.run_in(name, &scratch, &database)
    }

    include!(concat!(env!("OUT_DIR"), "/regress.rs"));
}
