//! Certificates of an authority that nobody else knows, in files.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// An authority, and a certificate with its key for whoever is on this machine: servers and clients.
pub struct Certificates {
    /// The file of the authority.
    pub authority: PathBuf,
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

// === impl Certificates ===

impl Certificates {
    /// Makes them, in this folder.
    pub fn make(folder: &Path) -> Certificates {
        let (issuer, authority) = authority();
        let key = KeyPair::generate().expect("keys can be made");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("it is an address");
        let certificate = params.signed_by(&key, &issuer).expect("certificates can be signed");
        let written = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).expect("files can be written");
            path
        };
        Certificates {
            authority: written("authority.pem", authority),
            certificate: written("certificate.pem", certificate.pem()),
            key: written("key.pem", key.serialize_pem()),
        }
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let key = KeyPair::generate().expect("keys can be made");
    let mut params = CertificateParams::default();
    // Of another name than what it signs, which would pass for signed by itself.
    params.distinguished_name.push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let text = params.self_signed(&key).expect("certificates can be signed").pem();
    (Issuer::new(params, key), text)
}
