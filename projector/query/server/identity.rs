//! Who we are to clients that want to know: a certificate and its key, from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why connections cannot be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum BadIdentity {
    /// A file holds none of what it should.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PemError,
    },
    /// The two do not fit, or are of a kind that is not supported.
    #[error("http.tls_certificate and http.tls_key cannot be used")]
    Pair(#[source] rustls::Error),
}

/// Encrypts connections as who this certificate says.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, BadIdentity> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |source| BadIdentity::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect).map_err(of(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(of(key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    Ok(TlsAcceptor::from(Arc::new(config.map_err(BadIdentity::Pair)?)))
}
