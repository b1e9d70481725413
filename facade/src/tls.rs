//! The one provider of cryptography for TLS in this process: to the database, to whoever publishes keys, to a collector.

/// Chooses it. A second call changes nothing, nor does one where somebody else has chosen.
pub fn choose_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
