//! The start in a `slot_id`: minutes since 1970 as 9 bytes, big-endian, in base64url (RFC 4648 section 5): 12 digits.

/// Microseconds from 1970-01-01 to 2000-01-01, both UTC.
const EPOCH: i64 = 946_684_800_000_000;
const MINUTE: i64 = 60_000_000;
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The digits of an instant, microseconds since 2000-01-01 UTC; seconds are left out.
pub fn start_digits(instant: i64) -> [u8; 12] {
    let minutes = instant.div_euclid(MINUTE) + EPOCH / MINUTE;
    // The leading byte is zero and the sign would reach into it, so of 72 bits these are the last 64.
    let bits = u128::from(minutes as u64);
    core::array::from_fn(|digit| DIGITS[(bits >> (6 * (11 - digit)) & 63) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_base64url_of_nine_bytes() {
        assert_eq!(&start_digits(-EPOCH), b"AAAAAAAAAAAA");
        assert_eq!(&start_digits(-EPOCH + 63 * MINUTE), b"AAAAAAAAAAA_");
        assert_eq!(&start_digits(-EPOCH + 64 * MINUTE), b"AAAAAAAAAABA");
        // One minute before 1970: eight bytes of ones behind a zero.
        assert_eq!(&start_digits(-EPOCH - 1), b"AP__________");
    }
}
