//! Where a request comes from.

use std::net::IpAddr;

/// The address of a client, as an extension of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);
