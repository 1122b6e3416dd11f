//! AWS Signature Version 4 for one JSON POST, so that no AWS crate is needed to log in. Pure.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::records::Aws;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The headers of a POST to `/` of `host` with this body and `x-amz-target`, at the real time `now`.
pub(crate) fn signed_headers(
    aws: &Aws,
    host: &str,
    target: &str,
    body: &[u8],
    now: SystemTime,
) -> Vec<(&'static str, String)> {
    let stamp = stamp(now);
    let date = &stamp[..8];
    let scope = format!("{date}/{}/ecr/aws4_request", aws.region);
    let mut headers = vec![
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("host", host.to_owned()),
        ("x-amz-date", stamp.clone()),
        ("x-amz-target", target.to_owned()),
    ];
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let lines = lines.concat();
    let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hex::encode(Sha256::digest(body)));
    let to_sign = format!("{ALGORITHM}\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
    let secret = format!("AWS4{}", aws.secret_access_key).into_bytes();
    let key = [date, &aws.region, "ecr", "aws4_request"].iter().fold(secret, |key, part| mac(&key, part));
    let signature = hex::encode(mac(&key, &to_sign));
    let credential = format!("Credential={}/{scope}", aws.access_key_id);
    headers.push(("authorization", format!("{ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}")));
    headers
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// `20260102T030405Z`. The date is counted in years that begin in March, so that leap days come last.
///
/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
fn stamp(instant: SystemTime) -> String {
    let seconds = instant.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_stamp_is_the_civil_time_in_utc() {
        let check = |seconds: u64, text: &str| assert_eq!(stamp(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        check(0, "19700101T000000Z");
        check(951_782_400, "20000229T000000Z");
        check(1_709_251_199, "20240229T235959Z");
        check(1_709_251_200, "20240301T000000Z");
        check(1_767_323_045, "20260102T030405Z");
        check(4_107_542_400, "21000301T000000Z");
    }

    /// The value that the Python client makes, whose tests compare it with botocore.
    #[test]
    fn the_signature_is_the_one_that_the_python_client_makes() {
        let aws = Aws {
            endpoint: "http://127.0.0.1:4510".to_owned(),
            region: "eu-west-1".to_owned(),
            account_id: "123456789012".to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "secret/key".to_owned(),
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        let target = "AmazonEC2ContainerRegistry_V20150921.X";
        let headers = signed_headers(&aws, "127.0.0.1:4510", target, b"{}", now);
        let (_, authorization) = headers.last().unwrap();
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/ecr/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=61b6762bd3c6dfd9dac05fe445f2aca7e28a723634e0ef19c4d9ce84a9df5541"
        );
    }
}
