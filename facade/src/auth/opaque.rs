//! The key of the site's own that is no token: for jobs and servers that have no issuer. Supabase's secret API keys are such.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const SHORTEST: usize = 32;

/// Its hash.
pub(super) struct ServiceKey([u8; 32]);

impl ServiceKey {
    pub(super) fn new(key: &str) -> Result<Self, String> {
        if key.len() < SHORTEST || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "BOOKING_SERVICE_KEY must be at least {SHORTEST} characters of plain ASCII without blanks; make one with \
                 `openssl rand -hex 32`"
            ));
        }
        Ok(Self(Sha256::digest(key).into()))
    }

    /// Takes as long whatever is compared: hashes have one length, and all of them is looked at.
    pub(super) fn is(&self, token: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(token).into();
        self.0.ct_eq(&hash).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_key_is_long_and_itself() {
        let text = "0123456789abcdef0123456789abcdef";
        let key = ServiceKey::new(text).unwrap();
        assert!(key.is(text));
        for other in [
            "",
            "0123456789abcdef0123456789abcdeF",
            "0123456789abcdef0123456789abcdef ",
        ] {
            assert!(!key.is(other), "{other}");
        }
        for wrong in [
            "",
            &text[1..],
            "0123456789abcdef 0123456789abcdef",
            "0123456789abcdef0123456789abcdé",
        ] {
            assert!(ServiceKey::new(wrong).is_err(), "{wrong}");
        }
    }
}
