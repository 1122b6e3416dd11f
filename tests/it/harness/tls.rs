//! A client's side of TLS: whom it trusts, whom it asks for, and which HTTP it offers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::http::{Connection, Received, Request, connect};
use super::http2::Http2;

/// Whom a client trusts: one certificate authority and nobody else.
#[derive(Clone, Debug)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Trust in an authority, given as PEM, with nothing offered above TLS.
    pub(crate) fn in_authority(pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }

    /// The same with protocols to choose from.
    pub(crate) fn offering(&self, protocols: &[&str]) -> Self {
        let mut config = (*self.0).clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Self(Arc::new(config))
    }

    /// Connects and asks for a host, be it a name or an address.
    pub(crate) async fn connect(&self, address: SocketAddr, host: &str) -> io::Result<TlsStream<TcpStream>> {
        let host = ServerName::try_from(host.to_owned()).expect("a name or an address");
        TlsConnector::from(Arc::clone(&self.0)).connect(host, connect(address).await).await
    }

    /// Connects to whoever is at this address.
    pub(crate) async fn open(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        self.connect(address, &address.ip().to_string()).await.expect("the certificate is good for its address")
    }
}

/// How a caller reaches the registry surface.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// HTTP/1.1 without TLS.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls(Trust),
    /// HTTP/2 over TLS.
    Http2(Trust),
}

impl Way {
    pub(crate) fn scheme(&self) -> &'static str {
        if matches!(self, Self::Plain) { "http" } else { "https" }
    }

    /// Sends a request on a connection of its own, however the answer ends.
    pub(crate) async fn exchange(&self, address: SocketAddr, request: &Request) -> Received {
        match self {
            Self::Plain => Connection::open(address).await.exchange(request).await,
            Self::Tls(trust) => {
                let stream = trust.offering(&["http/1.1"]).open(address).await;
                Connection::over(stream, address).exchange(request).await
            }
            Self::Http2(trust) => Http2::open(trust, address).await.exchange(request).await,
        }
    }
}
