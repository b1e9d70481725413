//! A `slot_id`: base64url (RFC 4648 section 5), without padding, of tenant, service, minutes, start and perhaps resource.

/// Microseconds from 1970-01-01 to 2000-01-01, both UTC.
const EPOCH: i64 = 946_684_800_000_000;
const MINUTE: i64 = 60_000_000;
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The digits: 60, or 82 with a resource. The start is in microseconds since 2000-01-01 UTC; its seconds are left out.
pub fn slot_id(
    tenant: &[u8; 16],
    service: &[u8; 16],
    minutes: i32,
    start: i64,
    resource: Option<&[u8; 16]>,
) -> String {
    let start = start.div_euclid(MINUTE) + EPOCH / MINUTE;
    let mut bytes = Vec::with_capacity(61);
    bytes.extend(tenant);
    bytes.extend(service);
    bytes.extend(minutes.to_be_bytes());
    bytes.push(0);
    bytes.extend(start.to_be_bytes());
    bytes.extend(resource.into_iter().flatten());
    base64url(&bytes)
}

fn base64url(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().fold(0, |bits, (place, byte)| {
            bits | u32::from(*byte) << (16 - 8 * place)
        });
        for digit in 0..=three.len() {
            digits.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_rfc() {
        // RFC 4648 section 10, without padding.
        let examples = [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
        ];
        for (text, digits) in examples {
            assert_eq!(base64url(text.as_bytes()), digits);
        }
        assert_eq!(base64url(&[0xff, 0xef, 0xbe]), "_---");
    }

    #[test]
    fn an_id_has_its_start_behind_service_and_minutes() {
        let of = |start, resource| slot_id(&[0; 16], &[0; 16], 60, start, resource);
        let id = of(-EPOCH + 64 * MINUTE + 1, None);
        assert_eq!(id.len(), 60);
        assert_eq!(id.get(42..), Some("AAAAA8AAAAAAAAAABA"));
        // One minute before 1970: eight bytes of ones behind a zero.
        assert_eq!(of(-EPOCH - 1, None).get(48..), Some("AP__________"));
        let id = of(-EPOCH, Some(&[0xff; 16]));
        assert_eq!(id.get(60..), Some("_____________________w"));
    }
}
