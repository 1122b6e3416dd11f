//! Certificates and keys that somebody brings along, checked before anything listens.

use std::path::Path;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, RootCertStore};

use super::certificates::TlsError;

/// Reads a chain, the server's certificate first, and its key, both as PEM.
pub(super) fn certified_key(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = chain(certificate).map_err(|source| TlsError::Certificate { path: certificate.to_owned(), source })?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::PrivateKey { path: key.to_owned(), source })?;
    CertifiedKey::from_der(chain, private, provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::OtherKey { certificate: certificate.to_owned(), key: key.to_owned() }
        }
        source => TlsError::Unusable { certificate: certificate.to_owned(), key: key.to_owned(), source },
    })
}

/// Reads the authorities, as PEM, that upstream registries may be signed by beside the usual ones.
pub fn upstream_authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let unreadable = |source| TlsError::UpstreamAuthority { path: path.to_owned(), source };
    let mut authorities = RootCertStore::empty();
    for authority in chain(path).map_err(|error| unreadable(error.into()))? {
        authorities.add(authority).map_err(|error| unreadable(error.into()))?;
    }
    Ok(authorities)
}

/// The certificates of a file; at least one.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?;
    if chain.is_empty() { Err(PemError::NoItemsFound) } else { Ok(chain) }
}
