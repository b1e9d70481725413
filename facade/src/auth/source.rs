//! An address or a file with the issuer's keys. Whoever answers at the address is not trusted with our time or memory.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::jwks::KeySet;

/// From the connection to the last byte.
const PATIENCE: Duration = Duration::from_secs(3);
/// A hundred keys with their certificates.
const LONGEST: usize = 256 * 1024;

/// Where.
pub(super) enum Source {
    Address(Client, Url),
    File(PathBuf),
}

impl Source {
    /// Fails on what is neither an address nor a file that can be read, with keys in it.
    pub(super) fn new(place: &str) -> Result<Self, String> {
        if !place.contains("://") {
            let source = PathBuf::from(place);
            let read = match read_file(&source) {
                Ok(keys) if keys.is_empty() => {
                    Err("it has no public key to verify signatures with".to_owned())
                }
                read => read,
            };
            read.map_err(|reason| {
                format!(
                    "BOOKING_JWKS_URL: {place} is taken for a file, which is of no use: {reason}"
                )
            })?;
            return Ok(Self::File(source));
        }
        let url: Url = place
            .parse()
            .map_err(|error| format!("BOOKING_JWKS_URL is not an address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(
                "BOOKING_JWKS_URL must begin with https:// or http://, or be a file".into(),
            );
        }
        // Not followed: an answer must not lead us to another host, or into the house.
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("booking-facade/", env!("CARGO_PKG_VERSION")));
        // This machine is not reached through a proxy.
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let client = if here { client.no_proxy() } else { client };
        let client = client
            .build()
            .map_err(|error| format!("no HTTPS client can be made: {error}"))?;
        Ok(Self::Address(client, url))
    }

    /// The keys that are there now. The reason of a failure has no address in it, which may have a password.
    pub(super) async fn read(&self) -> Result<KeySet, String> {
        match self {
            Self::File(path) => read_file(path),
            Self::Address(client, url) => fetch(client, url.clone()).await,
        }
    }
}

/// A small file, now and then.
fn read_file(path: &PathBuf) -> Result<KeySet, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    KeySet::parse(&text)
}

async fn fetch(client: &Client, url: Url) -> Result<KeySet, String> {
    let mut response = client.get(url).send().await.map_err(reason)?;
    if response.status().is_redirection() {
        return Err("it redirects, which is not followed: set the address that it leads to".into());
    }
    if response.status() != 200 {
        return Err(format!("it answers {}", response.status()));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reason)? {
        if text.len() + chunk.len() > LONGEST {
            return Err("it answers more than 256 kB".into());
        }
        text.extend_from_slice(&chunk);
    }
    KeySet::parse(&text)
}

fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_http_address_or_a_file_with_keys() {
        crate::tls::choose_provider();
        assert!(Source::new("https://example.org/jwks.json").is_ok());
        for wrong in [
            "",
            "/nowhere/jwks.json",
            "/etc/hostname",
            "ftp://example.org/jwks.json",
            "file:///etc/hostname",
            "https://",
        ] {
            let Err(said) = Source::new(wrong) else {
                unreachable!("{wrong} is taken")
            };
            assert!(said.contains("BOOKING_JWKS_URL"), "{said}");
        }
    }
}
