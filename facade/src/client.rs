//! Where a request comes from.

use std::net::IpAddr;

/// The address of a client, as an extension of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);

/// The address at the other end of the connection, as an extension of its request: a client's, or a proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);
