//! What a server and we need to trust each other: the same settings for every place that is a server.

use std::fmt;
use std::path::PathBuf;

use super::checked::Checker;

/// Whom encrypted connections trust, and who we are to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file of authorities to trust.
    pub authority: Option<PathBuf>,
    /// The files of our certificate and of its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A text that is not to be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

// === impl Secret ===

impl Secret {
    /// This text, hidden from now on.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

// === impl Checker ===

impl Checker<'_> {
    /// A setting, if it is not empty.
    pub(super) fn filled(&self, key: &str) -> Option<String> {
        self.text(key).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The `tls_…` settings of this section.
    pub(super) fn tls(&mut self, section: &str) -> Option<Tls> {
        let authority = self.file(section, "tls_authority");
        Some(Tls { authority, identity: self.tls_identity(section)? })
    }

    /// The files of a certificate and of its key; `Some(None)` where neither is given.
    pub(super) fn tls_identity(&mut self, section: &str) -> Option<Option<(PathBuf, PathBuf)>> {
        let (certificate, key) = (self.file(section, "tls_certificate"), self.file(section, "tls_key"));
        if certificate.is_some() != key.is_some() {
            let setting = format!("{section}.tls_certificate");
            self.refuse(&setting, "a certificate needs its key, and a key its certificate");
            return None;
        }
        Some(certificate.zip(key))
    }

    fn file(&self, section: &str, name: &str) -> Option<PathBuf> {
        self.filled(&format!("{section}.{name}")).map(|path| self.base.join(path))
    }
}
