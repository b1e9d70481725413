//! The code blocks of the README, for the tests that run them: those in `sql` anywhere, those in `sql pg_cron` where pg_cron is.

const README: &str = include_str!("../../README.md");

/// Its code blocks: language and contents.
#[must_use]
pub fn blocks() -> Vec<(&'static str, String)> {
    let mut blocks = Vec::new();
    let mut lines = README.lines();
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
