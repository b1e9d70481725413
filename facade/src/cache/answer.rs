//! A body and its tag.

use axum::http::HeaderValue;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// An answer, written once for all who get it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The bytes.
    pub body: Bytes,
    /// Strong: the same tag, the same bytes. Half of a sha256 is more than enough for that.
    pub tag: HeaderValue,
}

impl Answer {
    /// With its tag.
    pub fn new(body: Vec<u8>) -> Self {
        let mut tag = String::with_capacity(34);
        tag.push('"');
        for byte in &Sha256::digest(&body)[..16] {
            tag.push_str(&format!("{byte:02x}"));
        }
        tag.push('"');
        Self {
            body: body.into(),
            // Hexadecimal digits between quotes are a header.
            tag: HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_that_of_the_bytes() {
        let tag = |body: &str| Answer::new(body.into()).tag;
        assert_eq!(tag(""), "\"e3b0c44298fc1c149afbf4c8996fb924\"");
        assert_eq!(tag("{}"), tag("{}"));
        assert_ne!(tag("{}"), tag("{ }"));
    }
}
