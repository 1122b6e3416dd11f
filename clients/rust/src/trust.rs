//! The way to the registry surface: plain TCP, or TLS with trust in the authority that the daemon made.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::errors::{Error, Result};

/// What a connection runs over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Whom to trust; nobody in particular where there is no TLS.
#[derive(Clone)]
pub(crate) struct Trust(Option<Arc<ClientConfig>>);

impl Trust {
    /// What it takes to reach an endpoint whose daemon made this authority, given as PEM.
    pub(crate) fn of(endpoint: &str, authority: &str) -> Result<Self> {
        if !endpoint.starts_with("https:") {
            return Ok(Self(None));
        }
        let failed = |error: &dyn std::fmt::Display| Error::broken(endpoint, format!("no authority to trust: {error}"));
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(authority.as_bytes()).map_err(|error| failed(&error))?;
        roots.add(authority).map_err(|error| failed(&error))?;
        // Named, because another crate may bring another provider.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Some(Arc::new(config))))
    }

    /// Connects to `host:port`.
    pub(crate) async fn connect(&self, host: &str) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(host).await?;
        let Some(config) = &self.0 else { return Ok(Box::new(stream)) };
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(Arc::clone(config)).connect(name, stream).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secured_endpoint_needs_an_authority() {
        assert!(Trust::of("http://127.0.0.1:1", "").is_ok());
        let error = Trust::of("https://127.0.0.1:1", "").err().expect("nobody to trust");
        assert!(error.to_string().contains("no authority to trust"), "{error}");
    }
}
