//! The code blocks of the README and of docs/clients.md, for the tests that run them. Of the README: those in `sql` anywhere, those in `sql pg_cron` where pg_cron is.

const README: &str = include_str!("../../README.md");

/// The page for clients, with code in several languages.
pub const CLIENTS: &str = include_str!("../../docs/clients.md");

/// The code blocks of the README: language and contents.
#[must_use]
pub fn blocks() -> Vec<(&'static str, String)> {
    blocks_of(README)
}

/// The code blocks of a page.
#[must_use]
pub fn blocks_of(page: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language, body.join("\n")));
        }
    }
    blocks
}

/// Lines without the blanks at their ends, which editors eat.
#[must_use]
pub fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}
