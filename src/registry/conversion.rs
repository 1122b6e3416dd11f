//! Conversion between Docker schema 2 and OCI manifests, which ECR does on a pull by tag for callers that read only one.
//!
//! Only plain images: configuration and layers must have a counterpart in the other format. Blobs stay the same bytes, so
//! only types change, and with them the manifest's digest. Schema 1 is never produced, since no client needs it any more.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-manifest-formats.html>

use std::sync::Arc;

use serde::Serialize;

use super::manifest::{Descriptor, Kind, Manifest};
use super::media_type::MediaType;

/// The manifest in a form that its reader accepts: as it is stored, or else converted for a reader who did not name its
/// digest. Nothing, if there is no such form.
pub fn readable(manifest: &Arc<Manifest>, by_tag: bool, accepts: impl Fn(&MediaType) -> bool) -> Option<Arc<Manifest>> {
    if accepts(manifest.media_type()) {
        return Some(Arc::clone(manifest));
    }
    let converted = if by_tag { convert(manifest) } else { None };
    converted.filter(|converted| accepts(converted.media_type()))
}

/// The manifest in the other of the two formats, if it is an image that has one.
pub fn convert(manifest: &Manifest) -> Option<Arc<Manifest>> {
    let wanted = counterpart(manifest.media_type())?;
    let Kind::Image { config, layers } = manifest.kind() else { return None };
    let document = Document {
        schema_version: 2,
        media_type: wanted.as_str(),
        config: DescriptorDocument::of(config)?,
        layers: layers.iter().map(DescriptorDocument::of).collect::<Option<_>>()?,
    };
    let bytes = serde_json::to_vec_pretty(&document).ok()?;
    Manifest::parse(bytes.into(), None).ok().map(Arc::new)
}

/// The type that says the same in the other format.
fn counterpart(media_type: &MediaType) -> Option<MediaType> {
    match media_type {
        MediaType::DockerManifest => Some(MediaType::OciManifest),
        MediaType::OciManifest => Some(MediaType::DockerManifest),
        MediaType::DockerConfig => Some(MediaType::OciConfig),
        MediaType::OciConfig => Some(MediaType::DockerConfig),
        MediaType::DockerLayer => Some(MediaType::OciLayerGzip),
        MediaType::OciLayerGzip => Some(MediaType::DockerLayer),
        _ => None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    media_type: &'a str,
    config: DescriptorDocument,
    layers: Vec<DescriptorDocument>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescriptorDocument {
    media_type: String,
    size: u64,
    digest: String,
}

impl DescriptorDocument {
    fn of(descriptor: &Descriptor) -> Option<Self> {
        // Where a foreign layer may be fetched is not kept, so such an image is left as it is.
        let media_type = counterpart(&descriptor.media_type).filter(|_| !descriptor.foreign)?;
        Some(Self {
            media_type: media_type.as_str().to_owned(),
            size: descriptor.size_bytes,
            digest: descriptor.digest.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_of, index_of};

    #[test]
    fn a_102_c_062_an_image_has_a_counterpart_with_the_same_blobs() {
        let oci = image_of("{}", &["one", "two"], "");
        let docker = convert(&oci).unwrap();
        assert_eq!(docker.media_type(), &MediaType::DockerManifest);
        assert_eq!(docker.blobs(), oci.blobs());
        assert_eq!(docker.artifact_media_type(), Some(&MediaType::DockerConfig));
        assert_ne!(docker.digest(), oci.digest());
        let back = convert(&docker).unwrap();
        assert_eq!((back.media_type(), back.kind()), (oci.media_type(), oci.kind()));
    }

    #[test]
    fn indexes_and_artifacts_have_none() {
        let image = image_of("{}", &["one"], "");
        assert!(convert(&index_of(&[&image], "")).is_none());
        let text = String::from_utf8(image.bytes().to_vec()).unwrap();
        for (from, to) in [("image.config.v1", "helm.config.v1"), ("tar+gzip", "tar+zstd")] {
            let artifact = Manifest::parse(text.replace(from, to).into(), None).unwrap();
            assert!(convert(&artifact).is_none(), "{to}");
        }
    }
}
