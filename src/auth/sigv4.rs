//! The claim in an AWS Signature Version 4: which key, which day, which region and service, which headers were signed.
//!
//! Reads both spellings, the `Authorization` header and the presigned query. It does not recompute the signature.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use smol_str::SmolStr;

use crate::registry::types::Region;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// Longest time for which a presigned request is good: a week.
pub const PRESIGNED_MOST: Duration = Duration::from_hours(7 * 24);

/// What a signed call says of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Sigv4Claim {
    /// Access key id.
    pub access_key: SmolStr,
    /// Day of the credential scope, `YYYYMMDD`.
    pub date: SmolStr,
    /// Region of the credential scope.
    pub region: Region,
    /// Service of the credential scope; `ecr` from every SDK.
    pub service: SmolStr,
    /// The signature, hexadecimal.
    pub signature: String,
    /// What the query of a presigned request adds; absent if the claim came by header.
    pub presigned: Option<Presigned>,
    /// Names of the signed headers as they were given, with semicolons between them.
    signed_headers: String,
}

/// What only the query of a presigned request tells.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// `X-Amz-Date`, as sent.
    pub date: String,
    /// `X-Amz-Expires`: how long after its date it is good; absent: as long as a request signed by header.
    pub expires: Option<Duration>,
    /// `X-Amz-Security-Token`.
    session_token: Option<String>,
}

/// The signature is a secret of sorts and stays out of logs.
impl fmt::Debug for Sigv4Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sigv4Claim")
            .field("access_key", &self.access_key)
            .field("date", &self.date)
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// Why a call is not signed; ECR answers it with `IncompleteSignatureException`.
///
/// The texts are those of AWS's common front end, without the echo of the header that follows some of them there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncompleteSignature {
    /// Another scheme or algorithm than `AWS4-HMAC-SHA256`.
    #[error("Unsupported AWS 'algorithm': '{0}'.")]
    Algorithm(String),
    /// A part of the header without an equals sign.
    #[error("'{0}' not a valid key=value pair (missing equal-sign) in Authorization header.")]
    NotAPair(String),
    /// Parts that the header lacks.
    #[error("{}", missing_parts(.0))]
    MissingParts(Vec<&'static str>),
    /// Parameters that the presigned query lacks.
    #[error("AWS query-string parameters must include {}. Re-examine the query-string parameters.", quoted(.0))]
    MissingParameters(Vec<&'static str>),
    /// A credential that is not five parts.
    #[error("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{0}'")]
    Credential(String),
    /// A credential scope with a day, region or terminator that cannot be.
    #[error("Credential should be scoped with a valid {part}, not '{value}'.")]
    Scope {
        /// Which part: `date`, `region` or `terminator`.
        part: &'static str,
        /// What was sent.
        value: String,
    },
    /// An `X-Amz-Expires` that is no number.
    #[error("X-Amz-Expires should be a number")]
    ExpiresNoNumber,
    /// One below zero.
    #[error("X-Amz-Expires must be non-negative")]
    ExpiresNegative,
    /// One beyond [`PRESIGNED_MOST`].
    #[error(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
         seconds"
    )]
    ExpiresTooLate,
}

fn missing_parts(names: &[&str]) -> String {
    let sentences: Vec<String> =
        names.iter().map(|name| format!("Authorization header requires '{name}' parameter.")).collect();
    sentences.join(" ")
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    quoted.join(", ")
}

impl Sigv4Claim {
    /// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. Blanks after the commas are optional.
    pub fn parse_header(header: &str) -> Result<Self, IncompleteSignature> {
        let header = header.trim();
        let (algorithm, rest) = header.split_once(char::is_whitespace).unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err(IncompleteSignature::Algorithm(algorithm.to_owned()));
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(IncompleteSignature::NotAPair(part.to_owned()));
            };
            match name {
                "Credential" => credential = Some(value),
                "SignedHeaders" => signed_headers = Some(value),
                "Signature" => signature = Some(value),
                _ => {}
            }
        }
        match (credential, signature, signed_headers) {
            (Some(credential), Some(signature), Some(signed_headers)) => {
                Self::from_parts(credential, signed_headers, signature)
            }
            _ => Err(IncompleteSignature::MissingParts(absent(&[
                ("Credential", credential.is_none()),
                ("Signature", signature.is_none()),
                ("SignedHeaders", signed_headers.is_none()),
            ]))),
        }
    }

    /// Reads the presigned form of a URL's query. None if the query does not name an algorithm, i.e. is not presigned.
    pub fn parse_query(query: &str) -> Option<Result<Self, IncompleteSignature>> {
        let parameter = |name: &str| -> Option<Cow<'_, str>> {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| percent_decode_str(value).decode_utf8_lossy())
        };
        let algorithm = parameter("X-Amz-Algorithm")?;
        if algorithm != ALGORITHM {
            return Some(Err(IncompleteSignature::Algorithm(algorithm.into_owned())));
        }
        let credential = parameter("X-Amz-Credential");
        let signature = parameter("X-Amz-Signature");
        let signed_headers = parameter("X-Amz-SignedHeaders");
        let date = parameter("X-Amz-Date");
        Some(match (&credential, &signature, &signed_headers, &date) {
            (Some(credential), Some(signature), Some(signed_headers), Some(date)) => {
                Self::from_parts(credential, signed_headers, signature).and_then(|claim| {
                    let expires = parameter("X-Amz-Expires").map(|text| expires(&text)).transpose()?;
                    let session_token = parameter("X-Amz-Security-Token").map(Cow::into_owned);
                    let presigned = Presigned { date: date.to_string(), expires, session_token };
                    Ok(Self { presigned: Some(presigned), ..claim })
                })
            }
            _ => Err(IncompleteSignature::MissingParameters(absent(&[
                ("X-Amz-Credential", credential.is_none()),
                ("X-Amz-Signature", signature.is_none()),
                ("X-Amz-SignedHeaders", signed_headers.is_none()),
                ("X-Amz-Date", date.is_none()),
            ]))),
        })
    }

    /// Names of the signed headers, in lower case, in the order given.
    pub fn signed_headers(&self) -> impl Iterator<Item = String> {
        self.signed_headers.split(';').map(str::to_ascii_lowercase)
    }

    /// The session token that came with the claim: in the query of a presigned request, else in a header.
    pub fn session_token<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        match &self.presigned {
            Some(presigned) => presigned.session_token.as_deref(),
            None => headers.get("x-amz-security-token")?.to_str().ok(),
        }
    }

    fn from_parts(credential: &str, signed_headers: &str, signature: &str) -> Result<Self, IncompleteSignature> {
        let mut parts = credential.split('/');
        let mut part = || parts.next().ok_or_else(|| IncompleteSignature::Credential(credential.to_owned()));
        let (access_key, date, region, service, terminator) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(IncompleteSignature::Credential(credential.to_owned()));
        }
        let scope = |part, value: &str| IncompleteSignature::Scope { part, value: value.to_owned() };
        if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(scope("date", date));
        }
        if terminator != TERMINATOR {
            return Err(scope("terminator", terminator));
        }
        Ok(Self {
            access_key: access_key.into(),
            date: date.into(),
            region: region.parse().map_err(|_| scope("region", region))?,
            service: service.into(),
            signature: signature.to_owned(),
            presigned: None,
            signed_headers: signed_headers.to_owned(),
        })
    }
}

/// Reads `X-Amz-Expires`, a number of seconds.
fn expires(text: &str) -> Result<Duration, IncompleteSignature> {
    let seconds: i64 = text.parse().map_err(|_| IncompleteSignature::ExpiresNoNumber)?;
    let expires = Duration::from_secs(u64::try_from(seconds).map_err(|_| IncompleteSignature::ExpiresNegative)?);
    if expires > PRESIGNED_MOST { Err(IncompleteSignature::ExpiresTooLate) } else { Ok(expires) }
}

fn absent(parts: &[(&'static str, bool)]) -> Vec<&'static str> {
    parts.iter().filter(|(_, absent)| *absent).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/ecr/aws4_request, \
                        SignedHeaders=content-type;host;x-amz-date, Signature=abc123";

    const QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fecr%2Faws4_request\
                         &X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=ff";

    #[test]
    fn a_header_gives_the_claim() {
        for header in [GOOD.to_owned(), GOOD.replace(", ", ",")] {
            let claim = Sigv4Claim::parse_header(&header).expect("legal");
            assert_eq!(claim.access_key, "AKIDEXAMPLE");
            assert_eq!(claim.date, "20260101");
            assert_eq!(claim.region.as_str(), "eu-west-1");
            assert_eq!(claim.service, "ecr");
            assert!(claim.signed_headers().eq(["content-type", "host", "x-amz-date"]));
            assert_eq!(claim.signature, "abc123");
            assert!(!format!("{claim:?}").contains("abc123"));
        }
    }

    fn check(header: &str, text: &str) {
        assert_eq!(Sigv4Claim::parse_header(header).expect_err(header).to_string(), text, "{header:?}");
    }

    #[test]
    fn a_broken_header_says_what_is_missing() {
        check("", "Unsupported AWS 'algorithm': ''.");
        check("Basic QVdTOng=", "Unsupported AWS 'algorithm': 'Basic'.");
        check(
            "AWS4-HMAC-SHA256",
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
             Authorization header requires 'SignedHeaders' parameter.",
        );
        check(
            "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/ecr/aws4_request, SignedHeaders=host",
            "Authorization header requires 'Signature' parameter.",
        );
        check(
            "AWS4-HMAC-SHA256 Credential",
            "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header.",
        );
        check(
            &GOOD.replace("AKIDEXAMPLE/", ""),
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             '20260101/eu-west-1/ecr/aws4_request'",
        );
        check(
            &GOOD.replace("aws4_request", "aws5"),
            "Credential should be scoped with a valid terminator, not 'aws5'.",
        );
        check(&GOOD.replace("20260101", "today"), "Credential should be scoped with a valid date, not 'today'.");
        check(&GOOD.replace("eu-west-1", "EU"), "Credential should be scoped with a valid region, not 'EU'.");
    }

    #[test]
    fn a_presigned_query_gives_the_same_claim() {
        let query = "Action=x&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fecr%2Faws4_request\
                     &X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=ff";
        let claim = Sigv4Claim::parse_query(query).expect("presigned").expect("legal");
        assert_eq!(
            (claim.access_key.as_str(), claim.region.as_str(), claim.signature.as_str()),
            ("AKID", "eu-west-1", "ff")
        );
        assert!(claim.signed_headers().eq(["host"]));
        let presigned = claim.presigned.as_ref().expect("presigned");
        assert_eq!((presigned.date.as_str(), presigned.expires), ("20260101T000000Z", Some(Duration::from_mins(1))));
    }

    #[test]
    fn a_session_token_stands_where_the_signature_stands() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-security-token"),
            http::HeaderValue::from_static("by header"),
        )]);
        let by_header = Sigv4Claim::parse_header(GOOD).expect("legal");
        assert_eq!(by_header.session_token(&headers), Some("by header"));
        assert_eq!(by_header.session_token(&HeaderMap::new()), None);
        let presigned = |more: &str| Sigv4Claim::parse_query(&format!("{QUERY}{more}")).expect("presigned");
        let by_query = presigned("&X-Amz-Security-Token=by%2Bquery%3D").expect("legal");
        assert_eq!(by_query.session_token(&headers), Some("by+query="));
        assert_eq!(presigned("").expect("legal").session_token(&headers), None);
    }

    #[test]
    fn unconfirmed_a_presigned_query_is_good_for_a_week_at_most() {
        let read = |expires: &str| {
            let claim = Sigv4Claim::parse_query(&format!("{QUERY}&X-Amz-Expires={expires}")).expect("presigned");
            claim.map(|claim| claim.presigned.and_then(|presigned| presigned.expires))
        };
        assert_eq!(read("0"), Ok(Some(Duration::ZERO)));
        assert_eq!(read("604800"), Ok(Some(PRESIGNED_MOST)));
        assert_eq!(read("604801"), Err(IncompleteSignature::ExpiresTooLate));
        assert_eq!(read("-1"), Err(IncompleteSignature::ExpiresNegative));
        assert_eq!(read("1h"), Err(IncompleteSignature::ExpiresNoNumber));
    }

    #[test]
    fn a_query_without_algorithm_is_not_presigned() {
        assert_eq!(Sigv4Claim::parse_query(""), None);
        assert_eq!(Sigv4Claim::parse_query("a=b&X-Amz-Signature=ff"), None);
    }

    #[test]
    fn a_broken_query_says_what_is_missing() {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a";
        assert_eq!(
            Sigv4Claim::parse_query(query).expect("presigned").expect_err("incomplete").to_string(),
            "AWS query-string parameters must include 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date'. Re-examine \
             the query-string parameters."
        );
    }
}
