//! Where a request comes from: its peer, or whom a trusted proxy saw. What anybody else says about it is not read.

use std::net::IpAddr;
use std::sync::Once;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::{IpNet, Ipv6Net};
use tracing::field::display;
use tracing::warn;

use super::settings::{Forwarding, Origin};
use crate::client::{Client, Peer};
use crate::state::AppState;

/// Notes the client of a request, before anything else looks at it.
pub async fn locate(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(Peer(peer)) = request.extensions().get().copied() {
        let client = state.origin.client(peer, request.headers());
        state
            .origin
            .warn_of_proxy(peer, request.headers(), state.log_addresses);
        request.extensions_mut().insert(client);
    }
    next.run(request).await
}

impl Origin {
    /// The nearest hop that is no trusted proxy. A hop that cannot be read ends the search: beyond it all may be invented.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut client = peer.to_canonical();
        let mut hops = hops(headers, self.forwarded_header);
        while self.trusts(client) {
            match hops.next() {
                Some(Some(hop)) => client = hop.to_canonical(),
                _ => break,
            }
        }
        Client(self.network(client))
    }

    /// Whoever is at the other end of a connection, unless that is a trusted proxy, who carries everybody.
    pub fn stranger(&self, peer: IpAddr) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        (!self.trusts(peer)).then(|| self.network(peer))
    }

    /// An operator who forgot to name the proxy would have all visitors share one limit: that is said, once. Which address it is
    /// about only where addresses may be in the log: it could be that of a visitor in the same network.
    fn warn_of_proxy(&self, peer: IpAddr, headers: &HeaderMap, log_addresses: bool) {
        static SAID: Once = Once::new();
        let peer = peer.to_canonical();
        let near = match peer {
            IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
            IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
        };
        if near && headers.contains_key(self.forwarded_header.name()) && !self.trusts(peer) {
            SAID.call_once(|| {
                let peer = log_addresses.then(|| display(peer));
                warn!(
                    peer,
                    "what a neighbour says of its clients is not believed: is it a proxy for --trusted-proxies?"
                );
            });
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    }

    /// One customer of a provider has at least a /64 of IPv6, and could be somebody else for every request.
    fn network(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V6(address) => Ipv6Net::new(address, self.ipv6_prefix)
                .map_or(address, |network| network.network())
                .into(),
            IpAddr::V4(_) => address,
        }
    }
}

/// The hops that the header lists, the last one first. It is split at every comma, quoted or not: a client could else open a
/// quotation that swallows what the proxy appends.
fn hops(headers: &HeaderMap, header: Forwarding) -> impl Iterator<Item = Option<IpAddr>> {
    headers
        .get_all(header.name())
        .iter()
        .rev()
        .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','))
        .map(move |hop| {
            let hop = std::str::from_utf8(hop).ok()?;
            match header {
                Forwarding::XForwardedFor => address(hop),
                Forwarding::Forwarded => hop.split(';').find_map(|pair| {
                    let (name, value) = pair.split_once('=')?;
                    name.trim()
                        .eq_ignore_ascii_case("for")
                        .then(|| address(value))?
                }),
            }
        })
}

/// An address, with a port and in quotes as it may come: `192.0.2.1`, `192.0.2.1:80`, `"[2001:db8::1]:80"`, `2001:db8::1`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next());
    let with_port = || text.rsplit_once(':').map(|(host, _)| host);
    bare.unwrap_or(text).parse().ok().or_else(|| {
        with_port()?
            .parse::<std::net::Ipv4Addr>()
            .ok()
            .map(Into::into)
    })
}

/// A network, or a single address.
pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "an address or a network is wanted, such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: Forwarding, peer: &str, values: &[&str]) -> String {
        let origin = Origin {
            trusted_proxies: vec![
                parse_network("10.0.0.0/8").unwrap(),
                parse_network("fd00::1").unwrap(),
            ],
            forwarded_header: header,
            ipv6_prefix: 64,
        };
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header.name(), value.parse().unwrap());
        }
        origin.client(peer.parse().unwrap(), &headers).0.to_string()
    }

    fn x(peer: &str, values: &[&str]) -> String {
        of(Forwarding::XForwardedFor, peer, values)
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(x("192.0.2.9", &["203.0.113.1"]), "192.0.2.9");
        assert_eq!(x("192.0.2.9", &["10.0.0.1"]), "192.0.2.9");
    }

    #[test]
    fn the_nearest_hop_that_is_no_proxy_is_the_client() {
        assert_eq!(x("10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(x("10.0.0.1", &["6.6.6.6, 203.0.113.1"]), "203.0.113.1");
        assert_eq!(
            x("10.0.0.1", &["6.6.6.6, 203.0.113.1,10.9.9.9"]),
            "203.0.113.1"
        );
        assert_eq!(x("10.0.0.1", &["6.6.6.6", "203.0.113.1"]), "203.0.113.1");
        assert_eq!(x("fd00::1", &["203.0.113.1:8080"]), "203.0.113.1");
        assert_eq!(x("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
    }

    #[test]
    fn what_cannot_be_read_ends_the_search() {
        for nonsense in [
            "",
            "unknown",
            "6.6.6.6, _hidden",
            "6.6.6.6, ",
            "6.6.6.6,1.2.3",
        ] {
            assert_eq!(x("10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense}");
        }
        assert_eq!(x("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn one_header_is_read_and_the_other_is_not() {
        let forwarded = |values: &[&str]| of(Forwarding::Forwarded, "10.0.0.1", values);
        assert_eq!(forwarded(&["for=203.0.113.1;proto=https"]), "203.0.113.1");
        assert_eq!(forwarded(&["For=\"[2001:db8::7]:443\""]), "2001:db8::");
        assert_eq!(
            forwarded(&["for=6.6.6.6, by=10.0.0.1;for=203.0.113.1"]),
            "203.0.113.1"
        );
        assert_eq!(
            forwarded(&["for=\"6.6.6.6, for=203.0.113.1"]),
            "203.0.113.1"
        );
        assert_eq!(forwarded(&["proto=https"]), "10.0.0.1");
    }

    #[test]
    fn ipv6_counts_by_network_and_ipv4_in_it_as_ipv4() {
        assert_eq!(x("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(x("::ffff:192.0.2.9", &[]), "192.0.2.9");
        assert_eq!(x("::ffff:10.0.0.1", &["::ffff:203.0.113.1"]), "203.0.113.1");
    }

    #[test]
    fn networks_are_read_as_they_are_written() {
        for good in ["10.0.0.1", "10.0.0.1/8", "fd00::/8", " ::1 "] {
            assert!(parse_network(good).is_ok(), "{good}");
        }
        for bad in ["", "proxy", "10.0.0.0/33", "*"] {
            assert!(parse_network(bad).is_err(), "{bad}");
        }
    }
}
