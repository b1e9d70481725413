//! The secret of HS256. RFC 7518 wants as many bytes as the hash has; a shorter one can be found by trying.

use jsonwebtoken::DecodingKey;

const SHORTEST: usize = 32;

/// The key of a secret, as it is or in base64.
pub(super) fn key(secret: &str) -> Result<DecodingKey, String> {
    let key = match secret.strip_prefix("base64:") {
        Some(encoded) => DecodingKey::from_base64_secret(encoded.trim()).map_err(|_| {
            "BOOKING_JWT_SECRET: what follows base64: is not base64; leave the prefix away if the secret is used as it is"
        })?,
        None => DecodingKey::from_secret(secret.as_bytes()),
    };
    match key.try_get_as_bytes() {
        Ok(bytes) if bytes.len() >= SHORTEST => Ok(key),
        _ => Err(format!(
            "BOOKING_JWT_SECRET is shorter than {SHORTEST} bytes; take the issuer's (Supabase: Settings, JWT Keys), or make \
             one with `openssl rand -hex 32` and give it to the issuer"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_32_bytes_as_it_is_or_in_base64() {
        let long = "x".repeat(32);
        let encoded = "base64:eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=";
        for secret in [long.as_str(), encoded] {
            assert_eq!(
                key(secret).unwrap().try_get_as_bytes().unwrap(),
                long.as_bytes()
            );
        }
        for wrong in [
            "",
            &"x".repeat(31),
            "base64:eHg=",
            "base64:not in base64, though it is long enough for a secret",
        ] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
