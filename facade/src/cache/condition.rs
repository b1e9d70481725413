//! `If-None-Match` (RFC 9110, section 13.1.2).

use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderValue};

/// The tags that the client has an answer for.
#[derive(Debug)]
pub struct Known(Vec<HeaderValue>);

impl Known {
    /// Of all lines of the header.
    pub fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(IF_NONE_MATCH).iter().cloned().collect())
    }

    /// Whether this is one of them. Compared weakly, since a cache on the way may have weakened it by compressing.
    pub fn has(&self, tag: &HeaderValue) -> bool {
        self.0
            .iter()
            .any(|line| lists(line.as_bytes(), tag.as_bytes()))
    }
}

/// A tag may have commas in it, so that a list of them is read from the start. Whatever is no tag ends it.
fn lists(line: &[u8], tag: &[u8]) -> bool {
    let mut rest = line.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while !rest.is_empty() {
        rest = rest.strip_prefix(b"W/").unwrap_or(rest);
        let Some(length) = rest
            .strip_prefix(b"\"")
            .and_then(|inside| inside.iter().position(|byte| *byte == b'"'))
        else {
            return false;
        };
        let (one, after) = rest.split_at(length + 2);
        if one == tag {
            return true;
        }
        rest = after.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(b"").trim_ascii_start();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_NONE_MATCH, HeaderValue::from_static(line));
        }
        Known::of(&headers).has(&HeaderValue::from_static("\"tag\""))
    }

    #[test]
    fn a_tag_is_found_wherever_it_stands() {
        for lines in [
            &["\"tag\""][..],
            &["W/\"tag\""],
            &["*"],
            &["\"a\", \"tag\""],
            &["\"a,\" ,W/\"tag\",\"b\""],
            &["\"a\"", "\"tag\""],
        ] {
            assert!(has(lines), "{lines:?}");
        }
    }

    #[test]
    fn what_is_another_tag_or_none_is_not() {
        for lines in [
            &[][..],
            &[""],
            &["tag"],
            &["\"Tag\""],
            &["\"tag"],
            &["\"a,\"tag\""],
            &["w/\"tag\""],
            &["**"],
            &["\"a\" \"tag\""],
        ] {
            assert!(!has(lines), "{lines:?}");
        }
    }
}
