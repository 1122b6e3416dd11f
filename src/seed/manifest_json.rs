//! The JSON of generated images: configuration, manifest and index, as bytes.
//!
//! Written compactly and in the order of the fields below, which is part of every golden digest. Only what is written
//! lives here; manifests that arrive from clients are the registry's business.
//!
//! Sources: <https://github.com/opencontainers/image-spec/blob/main/config.md>,
//! <https://github.com/opencontainers/image-spec/blob/main/manifest.md>,
//! <https://github.com/opencontainers/image-spec/blob/main/image-index.md> and
//! <https://distribution.github.io/distribution/spec/manifest-v2-2/>.

use bytes::Bytes;
use serde::Serialize;

use super::image_spec::{ImageFormat, Platform};
use crate::registry::types::{Digest, VerifiedBlob};

impl ImageFormat {
    /// Media type of a manifest.
    pub fn manifest_media_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.manifest.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.v2+json",
        }
    }

    /// Media type of an index or manifest list.
    pub fn index_media_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.index.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// Media type of a configuration.
    pub fn config_media_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.config.v1+json",
            Self::Docker => "application/vnd.docker.container.image.v1+json",
        }
    }

    /// Media type of a layer, uncompressed in both formats.
    ///
    /// The text of Docker's specification lists only the gzip form; its reference implementation also names this one
    /// (`schema2.MediaTypeUncompressedLayer` of distribution), and clients read it as an uncompressed tar.
    pub fn layer_media_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.layer.v1.tar",
            Self::Docker => "application/vnd.docker.image.rootfs.diff.tar",
        }
    }
}

/// The time that every generated image says it was created at.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The configuration of an image with these layers, which are uncompressed, so that their digests are their diff ids.
pub(super) fn config(platform: &Platform, layers: &[VerifiedBlob]) -> Bytes {
    encode(&ImageConfig {
        created: CREATED,
        architecture: platform.architecture(),
        os: platform.os(),
        variant: platform.variant(),
        config: Runtime {},
        rootfs: RootFilesystem {
            kind: "layers",
            diff_ids: layers.iter().map(|layer| layer.digest().to_string()).collect(),
        },
        history: (0..layers.len())
            .map(|layer| History { created: CREATED, created_by: format!("ecr-fixture layer {layer}") })
            .collect(),
    })
}

/// The manifest of an image.
pub(super) fn manifest(format: ImageFormat, config: &VerifiedBlob, layers: &[VerifiedBlob]) -> Bytes {
    encode(&Manifest {
        schema_version: 2,
        media_type: format.manifest_media_type(),
        config: blob_descriptor(format.config_media_type(), config),
        layers: layers.iter().map(|layer| blob_descriptor(format.layer_media_type(), layer)).collect(),
    })
}

/// The index of the images for several platforms: their platforms, manifest digests and manifest sizes, in order.
pub(super) fn index<'a>(format: ImageFormat, images: impl Iterator<Item = (&'a Platform, &'a Digest, usize)>) -> Bytes {
    let entry = |(platform, digest, size): (&'a Platform, &'a Digest, usize)| Descriptor {
        media_type: format.manifest_media_type(),
        size: size as u64,
        digest: digest.to_string(),
        platform: Some(PlatformEntry {
            architecture: platform.architecture(),
            os: platform.os(),
            variant: platform.variant(),
        }),
    };
    encode(&Index { schema_version: 2, media_type: format.index_media_type(), manifests: images.map(entry).collect() })
}

fn blob_descriptor(media_type: &'static str, blob: &VerifiedBlob) -> Descriptor<'static> {
    Descriptor { media_type, size: blob.size_bytes(), digest: blob.digest().to_string(), platform: None }
}

/// `value` is one of the structs below, of which none can fail to serialize.
fn encode(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("structs of texts and numbers always serialize").into()
}

#[derive(Serialize)]
struct ImageConfig<'a> {
    created: &'static str,
    architecture: &'a str,
    os: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    config: Runtime,
    rootfs: RootFilesystem,
    history: Vec<History>,
}

/// How to run a container: nothing to say, but Docker wants the member.
#[derive(Serialize)]
struct Runtime {}

#[derive(Serialize)]
struct RootFilesystem {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<String>,
}

#[derive(Serialize)]
struct History {
    created: &'static str,
    created_by: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor<'static>,
    layers: Vec<Descriptor<'static>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    media_type: &'static str,
    size: u64,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<PlatformEntry<'a>>,
}

#[derive(Serialize)]
struct PlatformEntry<'a> {
    architecture: &'a str,
    os: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}
