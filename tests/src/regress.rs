//! PostgreSQL's own regression drivers, once for each file with a database of its own.
use std::{env, fs, path::Path, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::TestDb;

/// What a driver needs to know about its kind of test.
#[derive(Clone, Copy, Debug)]
pub struct Driver {
    /// The folder below `tests` with the inputs and `expected`.
    pub kind: &'static str,
    /// The program, below the folder of the server's PGXS.
    pub program: &'static str,
}

/// SQL against what psql prints.
pub const REGRESS: Driver = Driver {
    kind: "regress",
    program: "regress/pg_regress",
};
/// Permutations of the steps of several sessions.
pub const ISOLATION: Driver = Driver {
    kind: "isolation",
    program: "isolation/pg_isolation_regress",
};

impl Driver {
    /// Runs one file; `scratch` is for its output, where `bin/accept` finds it.
    ///
    /// # Errors
    /// When the output is not the expected one; the error shows the difference.
    pub fn run(&self, name: &str, scratch: &Path) -> Result<()> {
        self.run_in(name, scratch, &TestDb::new_blocking(name)?)
    }

    /// Like [`Driver::run`], in a database that is there already.
    ///
    /// # Errors
    /// As there.
    pub fn run_in(&self, name: &str, scratch: &Path, database: &TestDb) -> Result<()> {
        let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.kind);
        // What all files of a kind begin with.
        let fixture = inputs.join("fixture.sql");
        if fixture.exists() {
            database.execute_blocking(&fs::read_to_string(fixture)?)?;
        }
        let output = scratch.join(self.kind).join(name);
        fs::create_dir_all(&output)?;
        let driver = pgxs_tests()?.join(self.program);
        let run = Command::new(&driver)
            .arg(format!("--inputdir={}", inputs.display()))
            .arg(format!("--outputdir={}", output.display()))
            .arg(format!("--bindir={}", database.server.bindir.display()))
            .arg(format!("--host={}", database.server.host))
            .arg(format!("--port={}", database.server.port))
            .arg(format!("--dbname={}", database.name))
            .args(["--user=postgres", "--use-existing", name])
            .output()
            .with_context(|| driver.display().to_string())?;
        if run.status.success() {
            return Ok(());
        }
        let difference = fs::read_to_string(output.join("regression.diffs")).unwrap_or_default();
        bail!(
            "{name} printed something else than expected; if it is right: make accept TESTS={name}\n{difference}{}{}",
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&run.stderr),
        )
    }
}

/// Where the server's PGXS keeps the drivers: beside its makefiles.
fn pgxs_tests() -> Result<PathBuf> {
    let pg_config = env::var("PG_CONFIG")
        .context("PG_CONFIG is not set: run through `make test` or `bin/with-cluster`")?;
    let run = Command::new(&pg_config)
        .arg("--pgxs")
        .output()
        .context(pg_config)?;
    let makefile = PathBuf::from(String::from_utf8(run.stdout)?.trim());
    let source = makefile.ancestors().nth(2).context("pg_config --pgxs")?;
    Ok(source.join("test"))
}
