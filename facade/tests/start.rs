//! What cannot work is said at the start, and ends the program with a status that is not zero.

use std::process::{Command, Stdio};

#[test]
fn keys_that_are_none_end_the_start_with_what_to_do() {
    for (variable, value, said) in [
        ("BOOKING_JWT_SECRET", "brief", "openssl rand -hex 32"),
        (
            "BOOKING_JWT_SECRET",
            "base64:c2hvcnQ=",
            "openssl rand -hex 32",
        ),
        ("BOOKING_SERVICE_KEY", "brief", "openssl rand -hex 32"),
        (
            "BOOKING_JWKS_URL",
            "/nowhere/jwks.json",
            "/nowhere/jwks.json",
        ),
        ("BOOKING_JWKS_URL", "/etc/passwd", "JSON Web Key Set"),
        ("BOOKING_JWKS_URL", "ldap://issuer/keys", "https://"),
        ("BOOKING_JWT_LEEWAY", "1h", "--jwt-leeway"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_booking-facade"))
            .env("BOOKING_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
            .env("BOOKING_LISTEN", "127.0.0.1:0")
            .env(variable, value)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{variable}={value}: {error}");
        assert!(error.contains(said), "{variable}={value}: {error}");
        assert!(
            !error.contains("brief") && !error.contains("c2hvcnQ"),
            "{error}"
        );
    }
}
