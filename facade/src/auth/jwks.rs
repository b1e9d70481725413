//! A set of public keys (RFC 7517). What is not understood in it is passed over: an issuer may publish keys for others, too.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde_json::Value;
use tracing::debug;

use super::refused::Refused;

/// More than any issuer publishes, and few enough to look through.
const MOST_KEYS: usize = 100;
/// 2048 bits: what is shorter is no longer signed with.
const SHORTEST_MODULUS: usize = 256;

/// The keys of an issuer.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl KeySet {
    /// Fails on what is no such set. One without a key that can be used says that none counts.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let published: Published = serde_json::from_slice(text)
            .map_err(|_| "it is not a JSON Web Key Set: {\"keys\": [...]}")?;
        let keys: Vec<Key> = published
            .keys
            .iter()
            .take(MOST_KEYS)
            .filter_map(key)
            .collect();
        debug!(
            published = published.keys.len(),
            used = keys.len(),
            "keys of the issuer"
        );
        Ok(Self(keys))
    }

    /// Whether no signature can be verified with it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key with this id for this algorithm; without an id, the only key for it.
    pub(super) fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&DecodingKey, Refused> {
        let mut found = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(&key.key),
            (Some(_), Some(_)) if id.is_none() => Err(Refused::NoKeyNamed),
            _ => Err(Refused::UnknownKey),
        }
    }
}

/// A key that verifies signatures, for one algorithm: the one that it names, or the usual one of its kind. A secret is no
/// public key.
fn key(published: &Value) -> Option<Key> {
    let jwk = Jwk::deserialize(published).ok()?;
    if matches!(&jwk.common.public_key_use, Some(used) if *used != PublicKeyUse::Signature)
        || matches!(&jwk.common.key_operations, Some(may) if !may.contains(&KeyOperations::Verify))
    {
        return None;
    }
    let usual = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Algorithm::ES256,
            EllipticCurve::P384 => Algorithm::ES384,
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        _ => return None,
    };
    let algorithm = match jwk.common.key_algorithm {
        Some(named) => Algorithm::try_from(named).ok()?,
        None => usual,
    };
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    // An elliptic curve has one algorithm; RSA has several.
    let fits = match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => {
            algorithm.family() == key.family() && n.len() >= SHORTEST_MODULUS
        }
        DecodingKeyKind::SecretOrDer(_) => algorithm == usual,
    };
    fits.then_some(Key {
        id: jwk.common.key_id,
        algorithm,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ec(id: Option<&str>) -> Value {
        let mut key = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
        if let Some(id) = id {
            key["kid"] = id.into();
        }
        key
    }

    fn set(keys: Value) -> Result<KeySet, String> {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes())
    }

    #[test]
    fn a_key_is_found_by_its_id_and_algorithm() {
        let keys = set(json!([ec(Some("a")), ec(Some("b"))])).unwrap();
        assert!(keys.find(Some("a"), Algorithm::ES256).is_ok());
        assert_eq!(
            keys.find(Some("c"), Algorithm::ES256).unwrap_err(),
            Refused::UnknownKey
        );
        assert_eq!(
            keys.find(Some("a"), Algorithm::RS256).unwrap_err(),
            Refused::UnknownKey
        );
        assert_eq!(
            keys.find(None, Algorithm::ES256).unwrap_err(),
            Refused::NoKeyNamed
        );
        let one = set(json!([ec(None)])).unwrap();
        assert!(one.find(None, Algorithm::ES256).is_ok());
        assert_eq!(
            one.find(Some("a"), Algorithm::ES256).unwrap_err(),
            Refused::UnknownKey
        );
    }

    #[test]
    fn what_verifies_nothing_is_passed_over() {
        let mut encrypts = ec(Some("a"));
        encrypts["use"] = "enc".into();
        let mut signs = ec(Some("a"));
        signs["key_ops"] = json!(["sign"]);
        let mut confused = ec(Some("a"));
        confused["alg"] = "HS256".into();
        let mut other = ec(Some("a"));
        other["alg"] = "ES384".into();
        for useless in [
            encrypts,
            signs,
            confused,
            other,
            json!(7),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
            json!({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "alg": "HS256"}),
            json!({"kty": "AKP", "pub": "x"}),
            json!({"kty": "EC", "crv": "secp256k1", "x": "AQAB", "y": "AQAB"}),
        ] {
            assert!(set(json!([useless])).unwrap().is_empty(), "{useless}");
            let with_another = set(json!([useless, ec(Some("b"))])).unwrap();
            assert_eq!(with_another.0.len(), 1, "{useless}");
        }
        let none = set(json!([])).unwrap();
        assert_eq!(
            none.find(None, Algorithm::ES256).unwrap_err(),
            Refused::UnknownKey
        );
        for wrong in ["", "null", "[]", "{}", r#"{"keys": {}}"#, "<html>"] {
            assert!(KeySet::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
