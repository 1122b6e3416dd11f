//! Requests as bytes: signed calls of the JSON API, and calls of the registry surface.

use anyhow::{Context as _, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::Connection;

/// Bytes of each manifest that is pushed.
const MANIFEST_BYTES: usize = 428;

/// A signed call. The signature has the form of one; the daemon takes a caller's word for who it is.
pub(crate) fn json_call(operation: &str, body: &str) -> Vec<u8> {
    let signature = "0123456789abcdef".repeat(4);
    format!(
        "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench/1\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amz-target: AmazonEC2ContainerRegistry_V20150921.{operation}\r\nx-amz-date: 20260101T000000Z\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/ecr/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A registry login as the value of `Authorization`.
pub(crate) fn login(connection: &mut Connection) -> Result<String> {
    let reply = connection.call(&json_call("GetAuthorizationToken", "{}"), 200)?;
    let answer: Value = serde_json::from_slice(reply.body)?;
    let token = answer["authorizationData"][0]["authorizationToken"].as_str().context("no token")?;
    Ok(format!("Basic {token}"))
}

/// A call of the registry surface with these further headers, each with its line end, and the start of its body.
pub(crate) fn oci_call(line: &str, authorization: &str, headers: &str, length: u64, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench/1\r\nauthorization: {authorization}\r\n{headers}\
         content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// A GET of the registry surface.
pub(crate) fn oci_get(path: &str, authorization: &str, headers: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench/1\r\nauthorization: {authorization}\r\n\
         accept: application/vnd.oci.image.manifest.v1+json\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// `sha256:` and the digest of these bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The config and the only layer of every image here.
pub(crate) const SHARED_BLOBS: [&[u8]; 2] = [b"{}", b"one layer for all"];

/// An image manifest of 428 bytes that no other number has.
pub(crate) fn manifest(number: usize) -> String {
    let descriptor = |media_type: &str, blob: &[u8]| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{media_type}","digest":"{}","size":{}}}"#,
            digest_of(blob),
            blob.len()
        )
    };
    let config = descriptor("config.v1+json", SHARED_BLOBS[0]);
    let layer = descriptor("layer.v1.tar", SHARED_BLOBS[1]);
    let start = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{config},"layers":[{layer}],"annotations":{{"n":""#
    );
    let width = MANIFEST_BYTES.saturating_sub(start.len() + 3);
    format!(r#"{start}{number:0width$}"}}}}"#)
}

/// Creates a repository and pushes the blobs that [`manifest`] names.
pub(crate) fn prepare_repository(connection: &mut Connection, authorization: &str, name: &str) -> Result<()> {
    connection.call(&json_call("CreateRepository", &format!(r#"{{"repositoryName":"{name}"}}"#)), 200)?;
    for blob in SHARED_BLOBS {
        let line = format!("POST /v2/{name}/blobs/uploads/?digest={}", digest_of(blob));
        connection.call(&oci_call(&line, authorization, "", blob.len() as u64, blob), 201)?;
    }
    Ok(())
}

/// `PutImage` of a manifest under a tag of its number.
pub(crate) fn put_image(repository: &str, number: usize) -> Vec<u8> {
    let manifest = Value::from(manifest(number));
    json_call(
        "PutImage",
        &format!(r#"{{"repositoryName":"{repository}","imageManifest":{manifest},"imageTag":"t{number}"}}"#),
    )
}

/// `CreateRepository` of a numbered repository.
pub(crate) fn create_repository(prefix: &str, number: usize) -> Vec<u8> {
    json_call("CreateRepository", &format!(r#"{{"repositoryName":"{prefix}/r{number}"}}"#))
}
