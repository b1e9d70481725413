//! What is printed, a row as soon as it is measured, and written to a file in the end.
use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::measure::Times;

/// What a row should reach.
#[derive(Clone, Copy)]
pub struct Target {
    /// The least ratio.
    ratio: f64,
    /// The same as people say it.
    says: &'static str,
}

impl Target {
    /// So many times as fast as the peer.
    pub const fn at_least(ratio: f64, says: &'static str) -> Self {
        Self { ratio, says }
    }

    /// No more than so many times what the peer takes.
    pub const fn at_most(times: f64, says: &'static str) -> Self {
        Self {
            ratio: 1.0 / times,
            says,
        }
    }
}

/// A row of the file.
#[derive(Serialize)]
struct Row {
    name: String,
    ours_ms: f64,
    peer_ms: f64,
    /// `peer_ms / ours_ms`: how many times as fast we are.
    ratio: f64,
    /// What `ratio` should be at least.
    target: Option<f64>,
    met: Option<bool>,
}

/// All rows so far.
pub struct Report {
    /// Pairs of runs a row.
    pub runs: usize,
    rows: Vec<Row>,
}

impl Report {
    /// An empty one.
    pub fn new(runs: usize) -> Self {
        Self {
            runs,
            rows: Vec::new(),
        }
    }

    /// The head of a group of rows.
    pub fn group(&self, title: &str, ours: &str, peer: &str) {
        println!("\n{title:<58} {ours:>19} {peer:>19} {:>8}  target", "ratio");
        println!(
            "{:58} {:>9} {:>9} {:>9} {:>9}",
            "", "min ms", "median", "min ms", "median"
        );
    }

    /// A line below a row.
    pub fn note(&self, text: &str) {
        println!("    {text}");
    }

    /// A row whose fastest runs count.
    pub fn row(&mut self, name: &str, ours: &Times, peer: &Times, target: Option<Target>) {
        let medians = (ours.median(), peer.median());
        self.add(name, ours.min(), peer.min(), Some(medians), target);
    }

    /// A row of two figures that are not of repeated runs.
    pub fn figures(&mut self, name: &str, ours_ms: f64, peer_ms: f64, target: Option<Target>) {
        self.add(name, ours_ms, peer_ms, None, target);
    }

    fn add(
        &mut self,
        name: &str,
        ours_ms: f64,
        peer_ms: f64,
        medians: Option<(f64, f64)>,
        target: Option<Target>,
    ) {
        let ratio = peer_ms / ours_ms;
        let met = target.map(|target| ratio >= target.ratio);
        let (our_median, peer_median) = medians.map_or_else(Default::default, |(ours, peer)| {
            (format!("{ours:.3}"), format!("{peer:.3}"))
        });
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        println!(
            "{name:58} {ours_ms:9.3} {our_median:>9} {peer_ms:9.3} {peer_median:>9} {ratio:7.2}x  {:12} {verdict}",
            target.map_or("", |target| target.says)
        );
        self.rows.push(Row {
            name: name.to_owned(),
            ours_ms,
            peer_ms,
            ratio,
            target: target.map(|target| target.ratio),
            met,
        });
    }

    /// Writes the file and says what was missed, which is no error: figures are of a machine.
    pub fn write(&self, path: &Path) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(&self.rows)? + "\n";
        fs::write(path, text).with_context(|| path.display().to_string())?;
        let of = |met| self.rows.iter().filter(|row| row.met == Some(met)).count();
        println!(
            "\n{} targets met, {} missed; {}",
            of(true),
            of(false),
            path.display()
        );
        Ok(())
    }
}

/// A number as people read it: 10,000,000.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
