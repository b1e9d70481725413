//! What the server logged, for tests that promise that something does not happen (a deadlock, a secret in the log).
use std::{fs, io::Read, io::Seek, io::SeekFrom};

use anyhow::{Context, Result};

use crate::{Server, TestDb};

/// A place in the log.
#[derive(Clone, Copy, Debug)]
pub struct Mark(u64);

impl Server {
    /// The end of the log as it is now.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log_mark(&self) -> Result<Mark> {
        Ok(Mark(
            fs::metadata(&self.log)
                .with_context(|| self.log.display().to_string())?
                .len(),
        ))
    }

    /// Everything logged since, by whatever session.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log_since(&self, mark: Mark) -> Result<String> {
        let mut file = fs::File::open(&self.log).with_context(|| self.log.display().to_string())?;
        file.seek(SeekFrom::Start(mark.0))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl TestDb {
    /// Everything the sessions of this database logged. An entry begins with the prefix that `bin/cluster` sets, in which
    /// the database stands, and goes on in lines that begin with a tab.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        let database = format!("] {} ", self.name);
        let (mut ours, mut text) = (false, String::new());
        for line in self.server.log_since(Mark(0))?.lines() {
            ours = if line.starts_with('\t') {
                ours
            } else {
                line.contains(&database)
            };
            if ours {
                text.push_str(line);
                text.push('\n');
            }
        }
        Ok(text)
    }
}
