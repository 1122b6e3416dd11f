//! A call of `GetAuthorizationToken` whose signature holds, since some worlds look.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::harness::{Connection, Request};

/// The time at which worlds of tests start.
const NOW: &str = "20260101T000000Z";
const SCOPE: &str = "20260101/us-east-1/ecr/aws4_request";
const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";

/// The password of a login that this key gets.
pub(super) async fn password(address: SocketAddr, access_key: &str, secret: &str) -> String {
    let body = "{}";
    let headers = format!("host:{address}\nx-amz-date:{NOW}\nx-amz-target:{TARGET}\n");
    let names = "host;x-amz-date;x-amz-target";
    let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", hex::encode(Sha256::digest(body)));
    let to_sign = format!("AWS4-HMAC-SHA256\n{NOW}\n{SCOPE}\n{}", hex::encode(Sha256::digest(canonical)));
    let key = SCOPE.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| keyed(&key, part));
    let signature = hex::encode(keyed(&key, &to_sign));
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={access_key}/{SCOPE}, SignedHeaders={names}, Signature={signature}");
    let request = Request::new("POST", "/")
        .header("Content-Type", "application/x-amz-json-1.1")
        .header("X-Amz-Date", NOW)
        .header("X-Amz-Target", TARGET)
        .header("Authorization", authorization)
        .body(body);
    let reply = Connection::open(address).await.exchange(&request).await.whole();
    assert_eq!(reply.status, 200, "{reply:?}");
    let token = reply.json()["authorizationData"][0]["authorizationToken"].as_str().expect("a token").to_owned();
    let plain = String::from_utf8(STANDARD.decode(token).expect("base64")).expect("text");
    plain.strip_prefix("AWS:").expect("the user is AWS").to_owned()
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
