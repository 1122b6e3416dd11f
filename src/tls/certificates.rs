//! Which certificate a connection is shown: the one that was brought along, or one made for the name that it asks for.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::SanType;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem;
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::authority::Authority;
use super::files;
use crate::clock::RealTime;

/// Names whose certificates are kept. Whoever asks for more has all made again.
const KEPT_NAMES: usize = 256;
/// Sessions that can be taken up again.
const KEPT_SESSIONS: usize = 1_024;
/// What is spoken above TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    NotMade(#[from] rcgen::Error),
    /// The library refused a setting.
    #[error("TLS could not be set up")]
    Setup(#[from] rustls::Error),
    /// There is no certificate to read.
    #[error("--tls-cert: {} holds no readable certificate chain as PEM", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// There is no key to read.
    #[error("--tls-key: {} holds no readable private key as PEM without a passphrase", path.display())]
    PrivateKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// Key and certificate do not belong together.
    #[error("--tls-key: {} is not the key of the first certificate in {}, the file of --tls-cert", key.display(), certificate.display())]
    OtherKey {
        /// File of the certificate.
        certificate: PathBuf,
        /// File of the key.
        key: PathBuf,
    },
    /// There are no authorities to read.
    #[error("--upstream-ca: {} holds no readable certificate authority as PEM", path.display())]
    UpstreamAuthority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// They are of a kind that cannot be used.
    #[error("--tls-cert {} and --tls-key {} cannot be used", certificate.display(), key.display())]
    Unusable {
        /// File of the certificate.
        certificate: PathBuf,
        /// File of the key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// The certificates of a daemon's registry surface.
pub struct Tls(Certificates);

enum Certificates {
    Own(Arc<ServerConfig>),
    Made(Box<Made>),
}

/// Certificates that are made as they are asked for.
struct Made {
    authority: Authority,
    real: RealTime,
    sessions: Arc<dyn StoresServerSessions>,
    configs: Mutex<HashMap<ServedName, Arc<ServerConfig>>>,
}

/// What a certificate is made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ServedName {
    /// The host that the client asked for.
    Host(String),
    /// The client asked for none: the address that it reached.
    Address(IpAddr),
}

impl Tls {
    /// Makes an authority. Each name gets a certificate when it is first asked for.
    pub fn self_signed(real: RealTime) -> Result<Self, TlsError> {
        Ok(Self(Certificates::Made(Box::new(Made {
            authority: Authority::make(real.now())?,
            real,
            sessions: ServerSessionMemoryCache::new(KEPT_SESSIONS),
            configs: Mutex::default(),
        }))))
    }

    /// Shows the certificate chain in one file, whose key is in the other, to everybody.
    pub fn own(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let key = files::certified_key(certificate, key, &ring::default_provider())?;
        let sessions = ServerSessionMemoryCache::new(KEPT_SESSIONS);
        Ok(Self(Certificates::Own(config(key, sessions)?)))
    }

    /// Certificate of the authority that signs what is made here, as PEM. Absent with a certificate that was brought along.
    pub fn authority_pem(&self) -> Option<&str> {
        match &self.0 {
            Certificates::Own(_) => None,
            Certificates::Made(made) => Some(made.authority.pem()),
        }
    }

    /// How to speak with a client that asked for `host` and reached `address`.
    pub fn config(&self, host: Option<&str>, address: IpAddr) -> Result<Arc<ServerConfig>, TlsError> {
        match &self.0 {
            Certificates::Own(config) => Ok(Arc::clone(config)),
            Certificates::Made(made) => made.config(ServedName::of(host, address)),
        }
    }
}

impl Made {
    fn config(&self, name: ServedName) -> Result<Arc<ServerConfig>, TlsError> {
        // Held while a certificate is made, a tenth of a millisecond, so that each is made once.
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = configs.get(&name) {
            return Ok(Arc::clone(known));
        }
        let (certificate, key) = self.authority.issue(name.alternatives()?, self.real.now())?;
        let key = CertifiedKey::from_der(vec![certificate], key, &ring::default_provider())?;
        let config = config(key, Arc::clone(&self.sessions))?;
        if configs.len() >= KEPT_NAMES {
            configs.clear();
        }
        configs.insert(name, Arc::clone(&config));
        Ok(config)
    }
}

impl ServedName {
    fn of(host: Option<&str>, address: IpAddr) -> Self {
        match host {
            Some(host) => Self::Host(host.to_ascii_lowercase()),
            // A listener on `[::]` sees callers of IPv4 at addresses that their verifiers do not know.
            None => Self::Address(address.to_canonical()),
        }
    }

    /// Names and addresses in the certificate.
    fn alternatives(&self) -> Result<Vec<SanType>, rcgen::Error> {
        Ok(match self {
            Self::Host(host) => vec![SanType::DnsName(host.as_str().try_into()?)],
            Self::Address(address) => {
                let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                let others = loopback.into_iter().filter(|other| other != address);
                let addresses = [*address].into_iter().chain(others).map(SanType::IpAddress);
                let localhost = SanType::DnsName("localhost".try_into()?);
                addresses.chain([localhost]).collect()
            }
        })
    }
}

/// A configuration that shows one certificate. The provider is named, because another crate may have chosen another.
fn config(key: CertifiedKey, sessions: Arc<dyn StoresServerSessions>) -> Result<Arc<ServerConfig>, TlsError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.session_storage = sessions;
    Ok(Arc::new(config))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Certificates::Own(_) => "Tls(own)",
            Certificates::Made(_) => "Tls(self-signed)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn alternatives(host: Option<&str>, address: &str) -> Vec<SanType> {
        ServedName::of(host, address.parse().expect("an address")).alternatives().expect("legal names")
    }

    #[test]
    fn a_name_that_is_asked_for_stands_alone_in_its_certificate() {
        assert_eq!(alternatives(Some("API.ecr.localhost"), "127.0.0.1"), [dns("api.ecr.localhost")]);
    }

    #[test]
    fn without_a_name_the_address_that_was_reached_counts_and_this_machine() {
        let [v4, v6] = ["127.0.0.1", "::1"].map(|address| SanType::IpAddress(address.parse().expect("an address")));
        assert_eq!(alternatives(None, "127.0.0.1"), [v4.clone(), v6.clone(), dns("localhost")]);
        assert_eq!(alternatives(None, "::ffff:127.0.0.1"), [v4.clone(), v6.clone(), dns("localhost")]);
        assert_eq!(alternatives(None, "::1"), [v6.clone(), v4.clone(), dns("localhost")]);
        let reached = SanType::IpAddress("10.0.0.7".parse().expect("an address"));
        assert_eq!(alternatives(None, "10.0.0.7"), [reached, v4, v6, dns("localhost")]);
    }

    #[test]
    fn a_certificate_is_made_once_for_each_name() {
        let tls = Tls::self_signed(RealTime::start()).expect("an authority is made");
        let first = tls.config(Some("a.test"), HERE).expect("a certificate is made");
        assert!(Arc::ptr_eq(&first, &tls.config(Some("A.test"), HERE).expect("it is there")));
        assert!(!Arc::ptr_eq(&first, &tls.config(Some("b.test"), HERE).expect("another is made")));
        assert!(!Arc::ptr_eq(&first, &tls.config(None, HERE).expect("another is made")));
    }

    #[test]
    fn certificates_kept_have_a_bound() {
        let tls = Tls::self_signed(RealTime::start()).expect("an authority is made");
        for at in 0..=KEPT_NAMES {
            tls.config(Some(&format!("h{at}.test")), HERE).expect("a certificate is made");
        }
        let Certificates::Made(made) = &tls.0 else { panic!("it makes its certificates") };
        assert_eq!(made.configs.lock().expect("no panic").len(), 1);
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().expect("a name"))
    }
}
