//! Options of TLS on the registry surface, and what they come down to.

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

/// How connections of the registry surface are secured, and whether HTTP/2 needs that.
#[derive(Clone, Debug, Default, Args)]
pub struct TlsArgs {
    /// Speak TLS on the registry surface; `self-signed`: with certificates made for each name that is asked for.
    #[arg(long = "tls", env = "ECR_FIXTURE_TLS", default_value = "off", value_name = "HOW")]
    pub mode: TlsMode,
    /// Write the certificate authority of `--tls self-signed` to a file, as PEM.
    #[arg(long = "tls-ca", env = "ECR_FIXTURE_TLS_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Speak TLS on the registry surface with this certificate chain, as PEM.
    #[arg(long = "tls-cert", env = "ECR_FIXTURE_TLS_CERT", value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Private key of `--tls-cert`, as PEM.
    #[arg(long = "tls-key", env = "ECR_FIXTURE_TLS_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Take HTTP/2 without TLS from clients that begin with it; HTTP/1.1 stays.
    #[arg(long, env = "ECR_FIXTURE_H2C", value_parser = FalseyValueParser::new())]
    pub h2c: bool,
}

/// Where certificates come from, unless they are brought along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TlsMode {
    /// There is no TLS, or it has a certificate of `--tls-cert`.
    #[default]
    Off,
    /// An authority in memory signs them.
    SelfSigned,
}

/// Where the certificates of the registry surface come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsSource<'a> {
    /// An authority in memory, whose certificate is written to a file if one is named.
    SelfSigned {
        /// The file.
        ca: Option<&'a Path>,
    },
    /// Two files.
    Own {
        /// The chain.
        certificate: &'a Path,
        /// The key.
        key: &'a Path,
    },
}

/// Options of TLS that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsConflict {
    /// Two sources of certificates.
    #[error("--tls self-signed makes its certificates; give it, or --tls-cert and --tls-key, not both")]
    TwoSources,
    /// A certificate alone.
    #[error("--tls-cert needs --tls-key, the private key of the certificate")]
    CertificateWithoutKey,
    /// A key alone.
    #[error("--tls-key needs --tls-cert, the certificate that it is the key of")]
    KeyWithoutCertificate,
    /// Nothing to write.
    #[error("--tls-ca is where the authority of --tls self-signed is written, and without that there is none")]
    NoAuthority,
    /// Both ways to HTTP/2.
    #[error("--h2c is HTTP/2 without TLS, and with TLS nothing is served without it; HTTP/2 is there anyway")]
    H2cWithTls,
}

impl TlsArgs {
    /// Where certificates come from; None without TLS. Refuses what contradicts itself.
    pub fn source(&self) -> Result<Option<TlsSource<'_>>, TlsConflict> {
        let source = match (self.mode, self.certificate.as_deref(), self.key.as_deref()) {
            (TlsMode::Off, None, None) => None,
            (TlsMode::Off, Some(certificate), Some(key)) => Some(TlsSource::Own { certificate, key }),
            (TlsMode::Off, Some(_), None) => return Err(TlsConflict::CertificateWithoutKey),
            (TlsMode::Off, None, Some(_)) => return Err(TlsConflict::KeyWithoutCertificate),
            (TlsMode::SelfSigned, None, None) => Some(TlsSource::SelfSigned { ca: self.ca.as_deref() }),
            (TlsMode::SelfSigned, ..) => return Err(TlsConflict::TwoSources),
        };
        if self.ca.is_some() && !matches!(source, Some(TlsSource::SelfSigned { .. })) {
            return Err(TlsConflict::NoAuthority);
        }
        if self.h2c && source.is_some() {
            return Err(TlsConflict::H2cWithTls);
        }
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The options `s`elf-signed, `a`uthority file, `c`ertificate, `k`ey and `h`2c.
    fn args(options: &str) -> TlsArgs {
        let file = |letter: char| options.contains(letter).then(|| PathBuf::from(letter.to_string()));
        TlsArgs {
            mode: if options.contains('s') { TlsMode::SelfSigned } else { TlsMode::Off },
            ca: file('a'),
            certificate: file('c'),
            key: file('k'),
            h2c: options.contains('h'),
        }
    }

    #[test]
    fn tls_has_one_source_of_certificates() {
        let check = |options: &str, source: Option<TlsSource<'_>>| {
            assert_eq!(args(options).source(), Ok(source), "{options}");
        };
        check("", None);
        check("h", None);
        check("s", Some(TlsSource::SelfSigned { ca: None }));
        check("sa", Some(TlsSource::SelfSigned { ca: Some(Path::new("a")) }));
        check("ck", Some(TlsSource::Own { certificate: Path::new("c"), key: Path::new("k") }));
    }

    #[test]
    fn options_of_tls_that_contradict_each_other_are_refused() {
        let check = |options: &str, conflict: TlsConflict| {
            assert_eq!(args(options).source(), Err(conflict), "{options}");
        };
        check("sc", TlsConflict::TwoSources);
        check("sck", TlsConflict::TwoSources);
        check("c", TlsConflict::CertificateWithoutKey);
        check("k", TlsConflict::KeyWithoutCertificate);
        check("a", TlsConflict::NoAuthority);
        check("ack", TlsConflict::NoAuthority);
        check("sh", TlsConflict::H2cWithTls);
        check("ckh", TlsConflict::H2cWithTls);
    }
}
