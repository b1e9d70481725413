//! What a token looks like, before anything of it is believed.

use jsonwebtoken::{Header, decode_header};

use super::refused::Refused;

/// Larger than the cookie that a browser would keep a token in; a Supabase token with its metadata has one to two kB.
const LONGEST: usize = 8192;

/// The header of a token that can be judged.
pub(super) fn header(token: &str) -> Result<Header, Refused> {
    if token.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    if token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(Refused::Malformed);
    }
    // `none` and whatever else is no signature is not among the algorithms that this understands.
    let header = decode_header(token).map_err(|_| Refused::Header)?;
    if header.crit.is_some() {
        return Err(Refused::Critical);
    }
    // An issuer signs other things with the same keys: a notice of logging out has a `sub` and an `exp`, too (RFC 8725, 3.11).
    let kind = header.typ.as_deref().unwrap_or("JWT");
    let kind = kind.strip_prefix("application/").unwrap_or(kind);
    if !["JWT", "at+jwt"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
    {
        return Err(Refused::Kind);
    }
    Ok(header)
}
