//! The bytes that the journey pushes.

use aws_sdk_ecr::types::ImageIdentifier;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const CONFIG: &[u8] = br#"{"architecture":"amd64","os":"linux"}"#;
pub(crate) const NONE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
pub(crate) const SIGNATURE: &str = "application/vnd.journey.signature";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The first part of the journey's layer.
pub(crate) fn layer_first() -> Vec<u8> {
    vec![b'x'; 5_242_880]
}

/// Its second and last part.
pub(crate) fn layer_last() -> Vec<u8> {
    vec![b'y'; 1_000]
}

/// The whole.
pub(crate) fn layer() -> Vec<u8> {
    [layer_first(), layer_last()].concat()
}

pub(crate) fn digest(bytes: impl AsRef<[u8]>) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes.as_ref())))
}

/// The image of this name over the journey's layer.
pub(crate) fn manifest(name: &str) -> Value {
    manifest_over(name, &layer())
}

/// The image of this name over a layer.
pub(crate) fn manifest_over(name: &str, layer: &[u8]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        "annotations": {"n": name},
    })
}

/// An image over a layer that nobody has.
pub(crate) fn manifest_over_none(name: &str) -> Value {
    let mut manifest = manifest(name);
    manifest["layers"][0]["digest"] = NONE.into();
    manifest
}

/// An artifact of this name that refers to a manifest.
pub(crate) fn signature(name: &str, subject: &str) -> Value {
    let mut manifest = manifest(name);
    manifest["artifactType"] = SIGNATURE.into();
    manifest["subject"] = descriptor(MANIFEST, subject.as_bytes());
    manifest
}

pub(crate) fn tagged(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(content), "size": content.len()})
}
