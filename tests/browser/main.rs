//! What a visitor does, in a real browser: Debian's Chromium, by WebDriver, in front of a real facade and database.

/// A browser.
mod browser;
/// A shop, and a facade in front of it; the same as in the tests of HTTP.
#[allow(dead_code, reason = "these need less of it")]
#[path = "../http/world.rs"]
mod world;

/// `/docs`.
mod docs;
/// The calendar in a frame.
mod embed;
