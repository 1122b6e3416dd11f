//! The signature itself: the string that a caller must have signed, and whether it did, with a key that we know.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::borrow::Cow;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::sigv4::Sigv4Claim;
use crate::registry::types::Timestamp;

/// How far the clocks of caller and service may differ, and how long a request that is signed by header is good.
pub const SKEW: Duration = Duration::from_mins(5);

/// Everything but `A-Z a-z 0-9 - . _ ~`.
pub(crate) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A signed request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path as sent.
    pub path: &'a str,
    /// Query as sent, without the question mark; empty if there is none.
    pub query: &'a str,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// Why a signature does not hold. The texts are those of AWS's common front end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// It is another one than the request and the key make.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// Made too long ago. For a presigned request the sentence has the time that it asked for (unconfirmed).
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - {})", length(*.life))]
    Expired {
        /// Time of the signature.
        signed: String,
        /// Earliest time that would do.
        earliest: String,
        /// Time of the service.
        now: String,
        /// How long it was good.
        life: Duration,
    },
    /// Made in the future.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + 5 min.)")]
    NotYetCurrent {
        /// Time of the signature.
        signed: String,
        /// Latest time that would do.
        latest: String,
        /// Time of the service.
        now: String,
    },
    /// No time, or one that is not of the form `20260101T000000Z`, or of another day than the credential's scope.
    #[error("Date must be in ISO-8601 'basic format'. Got '{0}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    Date(String),
}

/// Checks the time of a signed request, then its signature. A presigned request is good for as long as it says, one that
/// is signed by header for [`SKEW`].
pub fn verify(
    claim: &Sigv4Claim,
    request: &SignedRequest<'_>,
    secret: &str,
    now: Timestamp,
) -> Result<(), InvalidSignature> {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let presigned = claim.presigned.as_ref();
    let date = match presigned {
        Some(presigned) => presigned.date.as_str(),
        None => header("x-amz-date").or_else(|| header("date")).unwrap_or_default(),
    };
    let signed = read_date(date).filter(|_| date.starts_with(&*claim.date));
    let life = presigned.and_then(|presigned| presigned.expires).unwrap_or(SKEW);
    check_time(date, signed.ok_or_else(|| InvalidSignature::Date(date.to_owned()))?, life, now)?;

    let canonical = canonical_request(claim, request);
    let scope = format!("{}/{}/{}/aws4_request", claim.date, claim.region, claim.service);
    let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
    let mut mac = keyed(&signing_key(secret, claim));
    mac.update(to_sign.as_bytes());
    let signature = hex::decode(&claim.signature).map_err(|_| InvalidSignature::Mismatch)?;
    // In constant time, as a habit.
    mac.verify_slice(&signature).map_err(|_| InvalidSignature::Mismatch)
}

fn check_time(date: &str, signed: Timestamp, life: Duration, now: Timestamp) -> Result<(), InvalidSignature> {
    let (signed_text, now_text) = (date.to_owned(), basic(now));
    if signed < now.minus(life) {
        let earliest = basic(now.minus(life));
        return Err(InvalidSignature::Expired { signed: signed_text, earliest, now: now_text, life });
    }
    if signed > now.plus(SKEW) {
        let latest = basic(now.plus(SKEW));
        return Err(InvalidSignature::NotYetCurrent { signed: signed_text, latest, now: now_text });
    }
    Ok(())
}

/// `5 min.`, or seconds where minutes do not come out even.
fn length(life: Duration) -> String {
    match life.as_secs() {
        seconds if seconds % 60 == 0 => format!("{} min.", seconds / 60),
        seconds => format!("{seconds} sec."),
    }
}

/// Reads an `X-Amz-Date`, `20260101T000000Z`.
pub(crate) fn read_date(text: &str) -> Option<Timestamp> {
    let time = chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
    Some(Timestamp::from_micros(time.and_utc().timestamp_micros()))
}

/// Writes an `X-Amz-Date`, `20260101T000000Z`.
pub(crate) fn basic(time: Timestamp) -> String {
    chrono::DateTime::from_timestamp_micros(time.as_micros())
        .map_or_else(|| time.to_string(), |time| time.format("%Y%m%dT%H%M%SZ").to_string())
}

fn signing_key(secret: &str, claim: &Sigv4Claim) -> [u8; 32] {
    let parts = [claim.date.as_str(), claim.region.as_str(), claim.service.as_str(), "aws4_request"];
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in parts {
        let mut mac = keyed(&key);
        mac.update(part.as_bytes());
        key = mac.finalize().into_bytes().to_vec();
    }
    let mut signing_key = [0; 32];
    signing_key.copy_from_slice(&key);
    signing_key
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn canonical_request(claim: &Sigv4Claim, request: &SignedRequest<'_>) -> String {
    let query = canonical_query(request.query, claim.presigned.is_some());
    let mut canonical = format!("{}\n{}\n{query}\n", request.method, canonical_path(request.path));
    let mut names: Vec<String> = claim.signed_headers().collect();
    names.sort_unstable();
    for name in &names {
        let values: Vec<Cow<'_, str>> = request
            .headers
            .get_all(name)
            .iter()
            .map(|value| collapsed(&String::from_utf8_lossy(value.as_bytes())).into())
            .collect();
        canonical.push_str(name);
        canonical.push(':');
        canonical.push_str(&values.join(","));
        canonical.push('\n');
    }
    canonical.push('\n');
    canonical.push_str(&names.join(";"));
    canonical.push('\n');
    canonical.push_str(&hex::encode(Sha256::digest(request.body)));
    canonical
}

/// Each segment escaped twice, as every service but S3 has it: once on the wire, once here.
fn canonical_path(path: &str) -> String {
    let segments: Vec<String> =
        path.split('/').map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string()).collect();
    let path = segments.join("/");
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Parameters in order of name, then value; a signature cannot be among what it is made of.
pub(crate) fn canonical_query(query: &str, is_presigned: bool) -> String {
    let escaped = |text: &str| {
        let plain = percent_decode_str(text).decode_utf8_lossy().into_owned();
        utf8_percent_encode(&plain, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !(pair.is_empty() || is_presigned && pair.starts_with("X-Amz-Signature=")))
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (escaped(name), escaped(value)))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Without white space around it, and with one blank for each run of white space inside.
fn collapsed(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The example of AWS's own documentation: its key, request and signature.
    /// Source: <https://docs.aws.amazon.com/general/latest/gr/sigv4-create-canonical-request.html>
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const QUERY: &str = "Action=ListUsers&Version=2010-05-08";
    const SIGNATURE: &str = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("iam.amazonaws.com"));
        headers
            .insert("content-type", HeaderValue::from_static("  application/x-www-form-urlencoded;   charset=utf-8"));
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
        headers
    }

    fn claim(signature: &str) -> Sigv4Claim {
        Sigv4Claim::parse_header(&format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
        ))
        .expect("legal")
    }

    fn at(text: &str) -> Timestamp {
        read_date(text).expect("a date")
    }

    fn check(query: &str, secret: &str, body: &[u8], now: &str) -> Result<(), InvalidSignature> {
        let headers = headers();
        let request = SignedRequest { method: "GET", path: "/", query, headers: &headers, body };
        verify(&claim(SIGNATURE), &request, secret, at(now))
    }

    #[test]
    fn c_007_the_documented_example_holds_and_nothing_else_does() {
        const NOW: &str = "20150830T123600Z";
        assert_eq!(check(QUERY, SECRET, b"", NOW), Ok(()));
        assert_eq!(check("Version=2010-05-08&Action=ListUsers", SECRET, b"", NOW), Ok(()));
        for (query, secret, body) in
            [("Action=ListRoles", SECRET, &b""[..]), (QUERY, "other", b""), (QUERY, SECRET, b"{}")]
        {
            assert_eq!(check(query, secret, body, NOW), Err(InvalidSignature::Mismatch));
        }
        let headers = headers();
        let request = SignedRequest { method: "GET", path: "/", query: QUERY, headers: &headers, body: b"" };
        assert_eq!(verify(&claim("zz"), &request, SECRET, at(NOW)), Err(InvalidSignature::Mismatch));
    }

    #[test]
    fn five_minutes_of_difference_are_let_pass_and_no_more() {
        assert_eq!(check(QUERY, SECRET, b"", "20150830T124100Z"), Ok(()));
        assert_eq!(check(QUERY, SECRET, b"", "20150830T123100Z"), Ok(()));
        assert_eq!(
            check(QUERY, SECRET, b"", "20150830T124101Z").unwrap_err().to_string(),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
        );
        assert_eq!(
            check(QUERY, SECRET, b"", "20150830T123059Z").unwrap_err().to_string(),
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
        );
    }

    /// The presigned example of AWS's documentation. It is of S3, which leaves bodies unsigned.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
    const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    #[test]
    fn the_documented_presigned_query_is_put_in_the_documented_order() {
        let query =
            format!("{PRESIGNED}&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
        let claim = Sigv4Claim::parse_query(&query).expect("presigned").expect("legal");
        let headers =
            HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("examplebucket.s3.amazonaws.com"))]);
        let request = SignedRequest { method: "GET", path: "/test.txt", query: &query, headers: &headers, body: b"" };
        let canonical = canonical_request(&claim, &request);
        let (documented, _) = canonical.rsplit_once('\n').expect("lines");
        let documented = format!("{documented}\nUNSIGNED-PAYLOAD");
        assert_eq!(
            hex::encode(Sha256::digest(documented)),
            "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
        );
        let mut mac = keyed(&signing_key(S3_SECRET, &claim));
        mac.update(
            b"AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n\
              3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04",
        );
        assert_eq!(hex::encode(mac.finalize().into_bytes()), claim.signature);
    }

    #[test]
    fn unconfirmed_a_presigned_request_is_good_for_as_long_as_it_says() {
        let check = |expires: &str, now: &str| {
            let query = PRESIGNED.replace("86400", expires) + "&X-Amz-Signature=00";
            let claim = Sigv4Claim::parse_query(&query).expect("presigned").expect("legal");
            let headers = HeaderMap::new();
            let request = SignedRequest { method: "POST", path: "/", query: &query, headers: &headers, body: b"{}" };
            verify(&claim, &request, S3_SECRET, at(now)).unwrap_err().to_string()
        };
        let mismatch = InvalidSignature::Mismatch.to_string();
        assert_eq!(check("60", "20130524T000100Z"), mismatch);
        assert_eq!(
            check("60", "20130524T000101Z"),
            "Signature expired: 20130524T000000Z is now earlier than 20130524T000001Z (20130524T000101Z - 1 min.)"
        );
        assert!(check("90", "20130524T000200Z").ends_with("(20130524T000200Z - 90 sec.)"));
        assert_eq!(check("86400", "20130525T000000Z"), mismatch);
        assert!(check("86400", "20130523T235459Z").starts_with("Signature not yet current: "));
    }

    #[test]
    fn a_date_must_be_one_and_of_the_day_of_the_scope() {
        let mut headers = headers();
        for date in ["yesterday", "20150831T000000Z"] {
            headers.insert("x-amz-date", HeaderValue::from_static(date));
            let request = SignedRequest { method: "GET", path: "/", query: QUERY, headers: &headers, body: b"" };
            assert_eq!(
                verify(&claim(SIGNATURE), &request, SECRET, at("20150830T123600Z")),
                Err(InvalidSignature::Date(date.to_owned()))
            );
        }
    }
}
