//! Why a token is worth nothing, in words that help its owner and tell a forger nothing. No word of the token is in them.

use jsonwebtoken::errors::{Error, ErrorKind};

use crate::problem::Problem;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NoneAccepted,
    TooLong,
    Malformed,
    Header,
    Critical,
    Kind,
    Algorithm,
    UnknownKey,
    NoKeyNamed,
    Signature,
    Claims,
    Times,
    NoExpiry,
    Expired,
    NotYet,
    IssuedLater,
    Audience,
    Issuer,
    Subject,
    Zero,
    /// The issuer's keys are not known yet: not the token's fault.
    IssuerAway,
}

impl Refused {
    fn words(self) -> &'static str {
        match self {
            Self::NoneAccepted => "no token is accepted here",
            Self::TooLong => "the token is longer than 8 kB",
            Self::Malformed => "the token is not a JSON Web Token",
            Self::Header => {
                "the header of the token is not understood, or it is signed in a way that is not accepted here"
            }
            Self::Critical => "the token has critical headers (crit) that are not understood here",
            Self::Kind => "the token was made for something else (typ)",
            Self::Algorithm => "the token is signed in a way that is not accepted here (alg)",
            Self::UnknownKey => {
                "the token is signed with a key that its issuer does not publish (kid)"
            }
            Self::NoKeyNamed => "the token does not say which key it is signed with (kid)",
            Self::Signature => "the signature of the token is not right",
            Self::Claims => {
                "the claims of the token are not a JSON object, or one of them has an odd form"
            }
            Self::Times => "a time in the token is not a number (exp, nbf, iat)",
            Self::NoExpiry => "the token has no end (exp)",
            Self::Expired => "the token has expired (exp)",
            Self::NotYet => "the token is not valid yet (nbf)",
            Self::IssuedLater => "the token was issued in the future (iat)",
            Self::Audience => "the token was made for somebody else (aud)",
            Self::Issuer => "the token was made by somebody else (iss)",
            Self::Subject => "the token names nobody: sub must be a text of 1 to 255 bytes",
            Self::Zero => "the claims of the token have a zero byte in them",
            Self::IssuerAway => "the keys of the issuer are not known yet; please try again",
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::IssuerAway => Self {
                detail: refused.words().into(),
                ..Self::unavailable(5)
            },
            _ => Self::invalid_token(refused.words()),
        }
    }
}

impl From<Error> for Refused {
    /// What the library says of a token whose header was understood.
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYet,
            ErrorKind::MissingRequiredClaim(_) => Self::NoExpiry,
            ErrorKind::InvalidClaimFormat(_) => Self::Times,
            ErrorKind::Json(_) | ErrorKind::Utf8(_) => Self::Claims,
            ErrorKind::InvalidToken | ErrorKind::Base64(_) => Self::Malformed,
            ErrorKind::InvalidAlgorithm => Self::Algorithm,
            _ => Self::Signature,
        }
    }
}
