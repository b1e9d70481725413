//! What is true of any text that claims to be a token. Tokens with keys of each kind: the tests of HTTP.

use clap::Parser;
use jsonwebtoken::{EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::{Cli, Command, Config};

const SECRET: &str = "a-secret-that-is-long-enough-for-hs256";

fn config(flags: &[&str]) -> Config {
    let program = ["booking-facade", "--jwt-secret", SECRET];
    parsed(program.iter().chain(flags).copied())
}

fn parsed<'a>(program: impl Iterator<Item = &'a str>) -> Config {
    match Cli::parse_from(program).command() {
        Command::Serve(config) => config,
        #[allow(unreachable_patterns)]
        _ => unreachable!(),
    }
}

fn auth(flags: &[&str]) -> Auth {
    Auth::new(&config(flags).auth).unwrap()
}

fn token(claims: &Value) -> String {
    encode(
        &Header::default(),
        claims,
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap()
}

fn judge(auth: &Auth, token: &str) -> Result<Claims, Refused> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(auth.judge(token))
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

#[test]
fn claims_must_be_in_time() {
    let auth = auth(&["--jwt-leeway=30s"]);
    for (claims, refused) in [
        (json!({"exp": now() + 60}), None),
        (json!({"exp": now() - 20}), None),
        (json!({"exp": now() as f64 + 60.5}), None),
        (json!({"exp": now() - 60}), Some(Refused::Expired)),
        (json!({"exp": 0}), Some(Refused::Expired)),
        (json!({}), Some(Refused::NoExpiry)),
        (json!({"exp": null}), Some(Refused::NoExpiry)),
        (json!({"exp": "2100-01-01"}), Some(Refused::NoExpiry)),
        (json!({"exp": -1}), Some(Refused::NoExpiry)),
        (json!({"exp": now() + 60, "nbf": now() + 20}), None),
        (
            json!({"exp": now() + 60, "nbf": now() + 50}),
            Some(Refused::NotYet),
        ),
        (
            json!({"exp": now() + 60, "nbf": "now"}),
            Some(Refused::Times),
        ),
        (json!({"exp": now() + 60, "iat": now() + 20}), None),
        (
            json!({"exp": now() + 60, "iat": now() + 50}),
            Some(Refused::IssuedLater),
        ),
        (
            json!({"exp": now() + 60, "iat": "now"}),
            Some(Refused::Times),
        ),
    ] {
        assert_eq!(judge(&auth, &token(&claims)).err(), refused, "{claims}");
    }
}

#[test]
fn claims_must_be_for_us_and_from_the_issuer_unless_the_secret_made_them_for_nobody() {
    let auth = auth(&[
        "--jwt-audience=authenticated,site",
        "--jwt-issuer=https://issuer/",
    ]);
    let exp = now() + 60;
    let iss = "https://issuer/";
    for (claims, refused) in [
        (json!({"aud": "site", "iss": iss}), None),
        (json!({"aud": ["x", "authenticated"], "iss": iss}), None),
        (json!({"aud": "other", "iss": iss}), Some(Refused::Audience)),
        (json!({"aud": [], "iss": iss}), Some(Refused::Audience)),
        (
            json!({"aud": {"site": 1}, "iss": iss}),
            Some(Refused::Audience),
        ),
        (json!({"iss": iss}), Some(Refused::Audience)),
        (json!({"aud": "site"}), Some(Refused::Issuer)),
        (
            json!({"aud": "site", "iss": "https://issuer"}),
            Some(Refused::Issuer),
        ),
        (json!({"aud": "site", "iss": [iss]}), Some(Refused::Issuer)),
    ] {
        let mut claims = claims;
        claims["exp"] = exp.into();
        claims["sub"] = "ada".into();
        assert_eq!(judge(&auth, &token(&claims)).err(), refused, "{claims}");
    }
    let key = json!({"exp": exp, "iss": "supabase", "role": "anon"});
    assert_eq!(judge(&auth, &token(&key)).err(), None);
    assert_eq!(
        auth.rules.check(key.as_object().unwrap(), false).err(),
        Some(Refused::Audience),
        "a key of the issuer's is not the site's"
    );
}

#[test]
fn claims_must_be_such_that_postgresql_can_read_them() {
    let auth = auth(&[]);
    let exp = now() + 60;
    for (claims, refused) in [
        (json!({"exp": exp, "sub": "x".repeat(255)}), None),
        (
            json!({"exp": exp, "sub": "x".repeat(256)}),
            Some(Refused::Subject),
        ),
        (json!({"exp": exp, "sub": ""}), Some(Refused::Subject)),
        (json!({"exp": exp, "sub": null}), Some(Refused::Subject)),
        (json!({"exp": exp, "sub": 7}), Some(Refused::Subject)),
        (json!({"exp": exp, "sub": ["ada"]}), Some(Refused::Claims)),
        (json!({"exp": exp, "sub": "a\u{0}"}), Some(Refused::Zero)),
        (json!({"exp": exp, "\u{0}": 1}), Some(Refused::Zero)),
        (
            json!({"exp": exp, "app_metadata": {"a": [{"b\u{0}": 1}]}}),
            Some(Refused::Zero),
        ),
        (
            json!({"exp": exp, "app_metadata": {"a": ["\u{0}"]}}),
            Some(Refused::Zero),
        ),
        (json!(["exp", exp]), Some(Refused::Claims)),
        (json!("exp"), Some(Refused::Claims)),
        (json!(null), Some(Refused::Claims)),
    ] {
        assert_eq!(judge(&auth, &token(&claims)).err(), refused, "{claims}");
    }
}

#[test]
fn a_wrong_set_up_says_what_to_do() {
    for (flag, said) in [
        ("--jwt-secret=short", "openssl rand"),
        ("--service-key=short", "openssl rand"),
        ("--jwks-url=/nowhere", "/nowhere"),
        ("--jwks-url=ftp://example.org", "https://"),
    ] {
        let config = parsed(["booking-facade", flag].into_iter());
        let Err(error) = Auth::new(&config.auth) else {
            unreachable!("{flag} is taken")
        };
        assert!(error.to_string().contains(said), "{flag}: {error}");
    }
    assert!(Cli::try_parse_from(["booking-facade", "--jwt-leeway=1min"]).is_ok());
    assert!(Cli::try_parse_from(["booking-facade", "--jwt-leeway=6min"]).is_err());
}

proptest! {
    #[test]
    fn whatever_is_no_token_of_ours_is_refused(text in "[ -~]{0,80}", other in any::<u8>(), at in any::<prop::sample::Index>()) {
        let auth = auth(&[]);
        prop_assert!(judge(&auth, &text).is_err());
        // One byte of a good one is another.
        let good = token(&json!({"exp": now() + 60, "sub": "ada"}));
        let mut bytes = good.clone().into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = b'!' + other % 94;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(judge(&auth, &changed).is_ok(), changed == good);
    }
}
