//! The one provider of cryptography for TLS in this process: to the database, to whoever publishes keys, to a collector. And
//! how the database has to prove itself: as `verify-full` of PostgreSQL's own clients, always. A connection that is encrypted
//! with just anybody is worth little.

use std::error::Error;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Chooses it. A second call changes nothing, nor does one where somebody else has chosen.
pub fn choose_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// TLS to the database: its certificate is for the host of the URL, and of an authority in the file, or of one that the system
/// trusts.
pub fn database(authorities: Option<&Path>) -> Result<MakeRustlsConnect, Box<dyn Error>> {
    choose_provider();
    let mut trusted = RootCertStore::empty();
    match authorities {
        Some(file) => {
            let wrong = |reason: &dyn Error| {
                format!(
                    "--database-ca {}: no certificates: {reason}",
                    file.display()
                )
            };
            for found in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
                let certificate = found.map_err(|error| wrong(&error))?;
                trusted.add(certificate).map_err(|error| wrong(&error))?;
            }
        }
        // The system may have some that are of no use here: those are none.
        None => {
            let found = rustls_native_certs::load_native_certs().certs;
            trusted.add_parsable_certificates(found);
        }
    }
    if trusted.is_empty() {
        return Err(
            "TLS to the database: no authority to trust; name a file by --database-ca".into(),
        );
    }
    let mut config = ClientConfig::builder()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    // What `sslnegotiation=direct` insists on.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}
