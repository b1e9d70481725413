//! Where a page of slots ended, as a text that means something to this server only.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::problem::Problem;

/// The last row of a page: its start and, in a list of resources, its resource. The next page is what comes after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// The start of the last slot.
    pub start: DateTime<Utc>,
    /// Its resource, where each has a row.
    pub resource: Option<Uuid>,
}

/// What a list was asked for. A cursor of another list leads nowhere.
pub struct Question(u64);

impl Question {
    /// All that makes up a list, but not the size of its pages or how times are written.
    pub fn new(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The text of a cursor in this list.
    pub fn write(&self, cursor: Cursor) -> String {
        let start = cursor.start.timestamp_micros();
        match cursor.resource {
            Some(resource) => format!("{:016x}{start:016x}{:032x}", self.0, resource.as_u128()),
            None => format!("{:016x}{start:016x}", self.0),
        }
    }

    /// The cursor in a text, which [`Question::write`] has written, for this list.
    pub fn read(&self, text: &str) -> Result<Cursor, Problem> {
        let read = || {
            let resource = match text.len() {
                32 => None,
                64 => Some(Uuid::from_u128(
                    u128::from_str_radix(text.get(32..)?, 16).ok()?,
                )),
                _ => return None,
            };
            let micros = u64::from_str_radix(text.get(16..32)?, 16).ok()?;
            let cursor = Cursor {
                start: DateTime::from_timestamp_micros(micros.cast_signed())?,
                resource,
            };
            // One spelling only, and of this list.
            (self.write(cursor) == text).then_some(cursor)
        };
        read().ok_or_else(|| {
            Problem::bad_request(
                "the cursor is not one of this list; start without one, and ask for each page as for the first",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(micros: i64, resource: Option<u128>) -> Cursor {
        Cursor {
            start: DateTime::from_timestamp_micros(micros).unwrap(),
            resource: resource.map(Uuid::from_u128),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let list = Question::new(&["acme", "haircut"]);
        for cursor in [
            cursor(4_102_444_800_000_000, None),
            cursor(-1, Some(7)),
            cursor(0, Some(u128::MAX)),
        ] {
            assert_eq!(list.read(&list.write(cursor)).unwrap(), cursor);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let text = Question::new(&["acme", "haircut"]).write(cursor(1, None));
        for other in [&["acme", "shave"][..], &["acmeh", "aircut"], &["acme"]] {
            assert!(Question::new(other).read(&text).is_err());
        }
    }

    #[test]
    fn whatever_else_is_refused() {
        let list = Question::new(&["acme"]);
        let good = list.write(cursor(1, Some(1)));
        assert!(list.read(&good).is_ok());
        for wrong in [
            "",
            "null",
            &good[1..],
            &good[..32].replace('1', "x"),
            &good.to_uppercase(),
            &format!("{}+{}", &good[..16], &good[17..]),
            &"é".repeat(16),
            &format!("{}7fffffffffffffff", &good[..16]),
        ] {
            assert!(list.read(wrong).is_err(), "{wrong}");
        }
    }
}
