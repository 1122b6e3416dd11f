//! A certificate authority in memory, and the certificates that it signs.
//!
//! The extensions are those that the strictest of the usual verifiers ask for: OpenSSL's strict mode, which Python has on
//! by default, and Apple's bound on the life of a server's certificate.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc5280#section-4.2>.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::registry::types::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// How long the authority is valid.
const AUTHORITY_LIFE: Duration = Duration::from_hours(10 * 365 * 24);
/// How long a certificate is valid; Apple's verifier takes at most 825 days.
/// Source: <https://support.apple.com/en-us/103769>.
const CERTIFICATE_LIFE: Duration = Duration::from_hours(397 * 24);

/// A certificate authority whose key nobody else has.
pub(super) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes an authority that is valid from the day before `now`.
    pub(super) fn make(now: Timestamp) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = params("ecr-fixture certificate authority", now, AUTHORITY_LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    /// Its certificate, for whoever shall trust it.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// A server's certificate for these names, with its key.
    pub(super) fn issue(
        &self,
        names: Vec<SanType>,
        now: Timestamp,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = params("ecr-fixture", now, CERTIFICATE_LIFE);
        params.subject_alt_names = names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

/// What all certificates have: a name for people, and a time that begins a day early, for clocks that are behind ours.
fn params(name: &str, now: Timestamp, life: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let epoch = date_time_ymd(1970, 1, 1);
    let now = Duration::from_micros(now.as_micros().unsigned_abs());
    params.not_before = epoch + now.saturating_sub(DAY);
    params.not_after = epoch + (now + life);
    params
}
