//! What of a request's head is kept, and how its secrets are masked: at capture, so that no record ever holds one.
//!
//! A masked secret reads `***#` and eight hexadecimal digits of a salted hash: two records with the same digits carried the
//! same secret, and nobody learns which. This room does not judge credentials; it only makes them safe to keep.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use crate::facts::{Headers, HeadersBuilder};

/// Request headers that records keep, apart from those with [`FIXTURE_HEADER_PREFIX`]. All others are dropped.
pub const KEPT_HEADERS: &[&str] = &[
    "accept",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "content-length",
    "content-range",
    "content-type",
    "host",
    "range",
    "user-agent",
    "x-amz-security-token",
    "x-amz-target",
];

/// Headers of this prefix are ours and kept.
pub const FIXTURE_HEADER_PREFIX: &str = "x-fixture-";

/// Members of a query whose value is a secret, in lower case: those of presigned requests and of token endpoints.
const SECRET_QUERY_MEMBERS: &[&str] =
    &["access_token", "password", "refresh_token", "signature", "token", "x-amz-security-token", "x-amz-signature"];

/// Masks secrets. The salt decides the digits, so it must be the same for all records that are to be compared.
#[derive(Clone, Copy)]
pub struct Masker {
    salt: [u8; 16],
}

impl Masker {
    /// A masker with this salt.
    pub fn new(salt: [u8; 16]) -> Self {
        Self { salt }
    }

    /// Those request headers that records keep, names in lower case, in the order given; secrets are masked.
    pub fn headers<'a>(&self, headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Headers {
        let mut kept = HeadersBuilder::default();
        for (name, value) in headers {
            self.push_header(&mut kept, name, value);
        }
        kept.build()
    }

    /// Method, path and query of a request with the query's secrets masked, e.g. `GET /v2/app/blobs/…?X-Amz-Signature=***#…`.
    pub fn request_line(&self, method: &str, path_and_query: &str) -> Box<str> {
        let Some((path, query)) = path_and_query.split_once('?') else {
            return format!("{method} {path_and_query}").into_boxed_str();
        };
        let members: Vec<String> = query.split('&').map(|member| self.query_member(member)).collect();
        format!("{method} {path}?{}", members.join("&")).into_boxed_str()
    }

    /// Value of an `Authorization` header: scheme, access key id and signed headers stay; signature, password and token go.
    pub fn authorization(&self, value: &str) -> String {
        let mut kept = String::with_capacity(value.len());
        self.push_authorization(&mut kept, value);
        kept
    }

    /// The mask of a secret.
    pub fn secret(&self, secret: &str) -> String {
        let mut mask = String::with_capacity(12);
        self.push_secret(&mut mask, secret);
        mask
    }

    fn push_authorization(&self, kept: &mut String, value: &str) {
        let value = value.trim();
        let Some((scheme, rest)) = value.split_once(char::is_whitespace) else {
            return self.push_secret(kept, value);
        };
        kept.push_str(scheme);
        if !scheme.starts_with("AWS4-") {
            kept.push(' ');
            return self.push_secret(kept, rest.trim());
        }
        for (position, parameter) in rest.split(',').enumerate() {
            kept.push_str(if position == 0 { " " } else { ", " });
            self.push_signature_parameter(kept, parameter.trim());
        }
    }

    fn push_secret(&self, kept: &mut String, secret: &str) {
        let hash = Sha256::new().chain_update(self.salt).chain_update(secret.as_bytes()).finalize();
        let mut digits = [0; 8];
        hex::encode_to_slice(&hash[..4], &mut digits).expect("two digits for each of four bytes");
        kept.push_str("***#");
        kept.extend(digits.map(char::from));
    }

    fn push_header(&self, kept: &mut HeadersBuilder, name: &str, value: &[u8]) {
        // Names arrive in lower case from the wire; the copy is for whoever writes them otherwise.
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        if !KEPT_HEADERS.contains(&&*name) && !name.starts_with(FIXTURE_HEADER_PREFIX) {
            return;
        }
        // Nearly every value is UTF-8, and to see that is much cheaper than to repair it.
        let value = str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
        kept.push(&name, |text| match &*name {
            "authorization" => self.push_authorization(text, &value),
            "x-amz-security-token" => self.push_secret(text, &value),
            _ => text.push_str(&value),
        });
    }

    /// `Credential` and `SignedHeaders` are no secrets; whatever else a client may put there is taken for one.
    fn push_signature_parameter(&self, kept: &mut String, parameter: &str) {
        match parameter.split_once('=') {
            Some(("Credential" | "SignedHeaders", _)) => kept.push_str(parameter),
            Some((name, secret)) => {
                kept.extend([name, "="]);
                self.push_secret(kept, secret);
            }
            None => self.push_secret(kept, parameter),
        }
    }

    fn query_member(&self, member: &str) -> String {
        let Some((name, value)) = member.split_once('=') else { return member.to_owned() };
        // A client may escape the name; it is a secret's name all the same.
        let plain_name = percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
        if SECRET_QUERY_MEMBERS.contains(&plain_name.as_str()) {
            format!("{name}={}", self.secret(value))
        } else {
            member.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASKER: Masker = Masker { salt: [7; 16] };

    fn check_authorization(value: &str, expected_start: &str, secret: &str) {
        let masked = MASKER.authorization(value);
        assert!(masked.starts_with(expected_start), "{masked}");
        assert!(!masked.contains(secret), "{masked}");
        assert!(masked.contains("***#"), "{masked}");
    }

    #[test]
    fn authorization_keeps_scheme_and_key_and_loses_secrets() {
        check_authorization(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host;x-amz-date, Signature=5d672d79c15b",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host;x-amz-date, Signature=***#",
            "5d672d79c15b",
        );
        check_authorization(
            "AWS4-HMAC-SHA256 Credential=A/b,Signature=f00dcafe",
            "AWS4-HMAC-SHA256 Credential=A/b, ",
            "f00d",
        );
        check_authorization("AWS4-HMAC-SHA256 f00dcafe", "AWS4-HMAC-SHA256 ***#", "f00dcafe");
        check_authorization("Basic QVdTOnNlY3JldA==", "Basic ***#", "QVdTOnNlY3JldA");
        check_authorization("Bearer eyJhbGciOi", "Bearer ***#", "eyJhbGciOi");
        check_authorization("hunter2", "***#", "hunter2");
    }

    #[test]
    fn equal_secrets_have_equal_masks_under_one_salt() {
        assert_eq!(MASKER.authorization("Basic abc"), MASKER.authorization("Basic abc"));
        assert_ne!(MASKER.authorization("Basic abc"), MASKER.authorization("Basic abd"));
        assert_ne!(MASKER.secret("abc"), Masker::new([8; 16]).secret("abc"));
        let mask = MASKER.secret("abc");
        assert_eq!(mask.len(), "***#".len() + 8, "{mask}");
    }

    #[test]
    fn only_headers_of_interest_are_kept_in_lower_case() {
        let kept = MASKER.headers([
            ("Host", b"localhost".as_slice()),
            ("Cookie", b"session=1"),
            ("X-Fixture-World", b"w1"),
            ("X-Amz-Security-Token", b"sesame"),
            ("X-Other", b"1"),
        ]);
        let names: Vec<&str> = kept.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["host", "x-fixture-world", "x-amz-security-token"]);
        assert_eq!(kept.get("x-amz-security-token"), Some(&*MASKER.secret("sesame")));
    }

    #[test]
    fn lines_of_one_header_are_kept_as_one() {
        let kept = MASKER.headers([
            ("accept", b"application/one".as_slice()),
            ("accept", b"application/two"),
            ("host", b"localhost"),
            ("accept", b"*/*"),
        ]);
        let headers: Vec<(&str, &str)> = kept.iter().collect();
        assert_eq!(headers, [("accept", "application/one, application/two"), ("host", "localhost"), ("accept", "*/*")]);
    }

    #[test]
    fn presigned_queries_lose_signature_and_token() {
        let line = MASKER
            .request_line("GET", "/blob?X-Amz-Credential=AKID&X-Amz-Signature=cafe&x%2Damz-security-token=beef&n=1");
        assert!(line.starts_with("GET /blob?X-Amz-Credential=AKID&X-Amz-Signature=***#"), "{line}");
        assert!(line.ends_with("&n=1") && !line.contains("cafe&") && !line.contains("beef"), "{line}");
        assert_eq!(&*MASKER.request_line("PUT", "/v2/app/manifests/v1"), "PUT /v2/app/manifests/v1");
    }
}
