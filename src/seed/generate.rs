//! Generates the blobs and manifests of an image from its description.
//!
//! Pure but for the sink, which stores and hashes. Layers are streamed and never held; putting the manifests into a
//! repository is the caller's part.

use std::io::Read;
use std::iter;

use bytes::Bytes;

use super::image_spec::{ImageSpec, Platform};
use super::layer::LayerTar;
use super::manifest_json;
use crate::registry::types::{Digest, VerifiedBlob};

/// Where generated blobs go.
pub trait BlobSink {
    /// Why a blob could not be stored.
    type Error;

    /// Stores everything that `content` yields, which is `size_bytes` bytes, under its SHA-256 digest. A blob that is
    /// there already is not an error.
    fn store(&mut self, content: &mut dyn Read, size_bytes: u64) -> Result<VerifiedBlob, Self::Error>;
}

/// A generated image, whose blobs are stored and whose manifests are in no repository yet.
#[derive(Clone, Debug)]
pub struct GeneratedImage {
    /// Manifests of the single platforms when `root` is an index; none otherwise.
    pub children: Vec<GeneratedManifest>,
    /// The manifest or index that tags point at.
    pub root: GeneratedManifest,
    /// Layers and configuration of each platform, in order. Holding them keeps their bytes.
    pub blobs: Vec<VerifiedBlob>,
}

impl GeneratedImage {
    /// Every manifest in an order in which they can be put: children first, root last.
    pub fn manifests(&self) -> impl Iterator<Item = &GeneratedManifest> {
        self.children.iter().chain(iter::once(&self.root))
    }
}

/// The bytes of a manifest or index and what names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedManifest {
    /// The bytes.
    pub bytes: Bytes,
    /// Their media type.
    pub media_type: &'static str,
    /// Their SHA-256 digest.
    pub digest: Digest,
}

impl GeneratedManifest {
    fn new(bytes: Bytes, media_type: &'static str) -> Self {
        Self { digest: Digest::sha256_of(&bytes), bytes, media_type }
    }
}

/// Generates an image, its layers one after another. Fails only when the sink does; what it stored by then is dropped.
pub fn generate<S: BlobSink + ?Sized>(spec: &ImageSpec, sink: &mut S) -> Result<GeneratedImage, S::Error> {
    let platforms = spec.platforms.as_slice();
    let mut blobs = Vec::with_capacity(platforms.len() * (spec.layers.get() as usize + 1));
    let mut manifests = Vec::with_capacity(platforms.len());
    for platform in platforms {
        manifests.push(generate_platform(spec, platform, sink, &mut blobs)?);
    }
    Ok(match <[GeneratedManifest; 1]>::try_from(manifests) {
        Ok([root]) => GeneratedImage { children: Vec::new(), root, blobs },
        Err(children) => GeneratedImage { root: index(spec, &children), children, blobs },
    })
}

fn generate_platform<S: BlobSink + ?Sized>(
    spec: &ImageSpec,
    platform: &Platform,
    sink: &mut S,
    blobs: &mut Vec<VerifiedBlob>,
) -> Result<GeneratedManifest, S::Error> {
    let first = blobs.len();
    for layer in 0..spec.layers.get() {
        let mut tar = LayerTar::new(spec.seed, platform, layer, spec.layer_size);
        let size_bytes = tar.size_bytes();
        blobs.push(sink.store(&mut tar, size_bytes)?);
    }
    let config_bytes = manifest_json::config(platform, &blobs[first..]);
    let config = sink.store(&mut config_bytes.as_ref(), config_bytes.len() as u64)?;
    let bytes = manifest_json::manifest(spec.format, &config, &blobs[first..]);
    blobs.push(config);
    Ok(GeneratedManifest::new(bytes, spec.format.manifest_media_type()))
}

fn index(spec: &ImageSpec, children: &[GeneratedManifest]) -> GeneratedManifest {
    let images = spec.platforms.as_slice().iter().zip(children);
    let entries = images.map(|(platform, child)| (platform, &child.digest, child.bytes.len()));
    GeneratedManifest::new(manifest_json::index(spec.format, entries), spec.format.index_media_type())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::registry::types::StoredBlob;
    use crate::seed::{ImageFormat, LayerCount, LayerSize, Platforms};

    #[derive(Debug)]
    struct InMemory {
        digest: Digest,
        size_bytes: u64,
    }

    impl StoredBlob for InMemory {
        fn digest(&self) -> &Digest {
            &self.digest
        }

        fn size_bytes(&self) -> u64 {
            self.size_bytes
        }
    }

    #[derive(Default)]
    struct MemorySink(BTreeMap<String, Vec<u8>>);

    impl BlobSink for MemorySink {
        type Error = io::Error;

        fn store(&mut self, content: &mut dyn Read, size_bytes: u64) -> io::Result<VerifiedBlob> {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            assert_eq!(bytes.len() as u64, size_bytes, "the announced size");
            let digest = Digest::sha256_of(&bytes);
            self.0.insert(digest.to_string(), bytes);
            Ok(VerifiedBlob::new(Arc::new(InMemory { digest, size_bytes })))
        }
    }

    fn spec(layers: u32, size_bytes: u64, platforms: &[&str], seed: u64, format: ImageFormat) -> ImageSpec {
        let platforms: Vec<Platform> = platforms.iter().map(|text| text.parse().expect("platform")).collect();
        ImageSpec {
            layers: LayerCount::try_from(layers).expect("layers"),
            layer_size: LayerSize::try_from(size_bytes).expect("size"),
            platforms: Platforms::try_from(platforms).expect("platforms"),
            seed,
            format,
        }
    }

    fn stored(spec: &ImageSpec) -> (GeneratedImage, MemorySink) {
        let mut sink = MemorySink::default();
        let image = generate(spec, &mut sink).expect("memory takes everything");
        (image, sink)
    }

    fn json(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("JSON")
    }

    #[test]
    fn digests_stay_the_same_in_every_release() {
        let check = |spec: ImageSpec, expected: &str| {
            assert_eq!(stored(&spec).0.root.digest.to_string(), expected, "{spec:?}");
        };
        let two = &["linux/amd64", "linux/arm64/v8"];
        check(
            spec(2, 1024, &[], 0, ImageFormat::Oci),
            "sha256:943191010a84727a219ad872d61906e30c378e1b9f0a80e7f8ce33e6d7c97369",
        );
        check(
            spec(2, 1024, &[], 1, ImageFormat::Oci),
            "sha256:04f191d04a65f68964542c928f7efb84c6521fe96a02a03e7d81c2e5cc8a16ce",
        );
        check(
            spec(2, 1024, &[], 0, ImageFormat::Docker),
            "sha256:086c09d3ea5c3dcc6de63dc31eca01bf339e8c4a0c495b7d686e062416940761",
        );
        check(
            spec(1, 0, &["windows/amd64"], 0, ImageFormat::Oci),
            "sha256:fa09321f849b4023fb394bb7a036e0f64c18b70e8db4e62e270599fe77e45880",
        );
        check(
            spec(3, 100_001, two, 42, ImageFormat::Oci),
            "sha256:2de1e4446c73059425c5bb8e552648768b7352f99f199716040e51173ccb99c4",
        );
        check(
            spec(3, 100_001, two, 42, ImageFormat::Docker),
            "sha256:ff34eb82ff6757e47ee6839279da2bace692239bb93bf7bb699262da29667997",
        );
        check(
            spec(127, 1, &[], u64::MAX, ImageFormat::Oci),
            "sha256:662ae1843a343cd5f3a47c35d6804cf4017947ae4117246efa8b4771d7f617f6",
        );
    }

    #[test]
    fn configuration_and_manifest_are_compact_json_in_the_order_of_the_specification() {
        let (image, sink) = stored(&spec(1, 16, &["linux/arm64/v8"], 5, ImageFormat::Oci));
        let config = &sink.0[&image.blobs[1].digest().to_string()];
        assert_eq!(
            String::from_utf8_lossy(config),
            concat!(
                r#"{"created":"1970-01-01T00:00:00Z","architecture":"arm64","os":"linux","variant":"v8","#,
                r#""config":{},"#,
                r#""rootfs":{"type":"layers","diff_ids":["sha256:78db9892e8d3c3bd216b2e16aa87bd3735ae7e07661e7663d04b42fb65be3503"]},"#,
                r#""history":[{"created":"1970-01-01T00:00:00Z","created_by":"ecr-fixture layer 0"}]}"#,
            )
        );
        assert_eq!(
            String::from_utf8_lossy(&image.root.bytes),
            concat!(
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","#,
                r#""config":{"mediaType":"application/vnd.oci.image.config.v1+json","#,
                r#""size":293,"#,
                r#""digest":"sha256:25c49f353965d81c39b73db07031ad09a8b1c917a064cda7769d53d21b2a7b6f"},"#,
                r#""layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","#,
                r#""size":2048,"#,
                r#""digest":"sha256:78db9892e8d3c3bd216b2e16aa87bd3735ae7e07661e7663d04b42fb65be3503"}]}"#,
            )
        );
    }

    #[test]
    fn every_descriptor_names_a_stored_blob_and_diff_ids_are_the_hashes_of_the_layers() {
        for format in [ImageFormat::Oci, ImageFormat::Docker] {
            let (image, sink) = stored(&spec(4, 700, &["linux/s390x"], 9, format));
            let manifest = json(&image.root.bytes);
            assert_eq!(manifest["mediaType"], image.root.media_type);
            let config = &manifest["config"];
            assert_eq!(config["mediaType"], format.config_media_type());
            let config_bytes = &sink.0[config["digest"].as_str().expect("digest")];
            assert_eq!(config["size"], config_bytes.len());

            let layers = manifest["layers"].as_array().expect("layers");
            assert_eq!(layers.len(), 4);
            let mut diff_ids = Vec::new();
            for layer in layers {
                let bytes = &sink.0[layer["digest"].as_str().expect("digest")];
                assert_eq!(layer["size"], bytes.len());
                assert_eq!(layer["mediaType"], format.layer_media_type());
                diff_ids.push(Value::from(Digest::sha256_of(bytes).to_string()));
            }
            let config = json(config_bytes);
            assert_eq!(config["rootfs"]["diff_ids"], Value::from(diff_ids));
            assert_eq!(config["architecture"], "s390x");
            assert_eq!(config["history"].as_array().map(Vec::len), Some(4));
        }
    }

    #[test]
    fn one_platform_makes_a_manifest_and_several_an_index_of_them() {
        let (single, _) = stored(&spec(1, 10, &["linux/arm64"], 0, ImageFormat::Oci));
        assert!(single.children.is_empty());
        assert_eq!(single.root.media_type, ImageFormat::Oci.manifest_media_type());

        for format in [ImageFormat::Oci, ImageFormat::Docker] {
            let (image, sink) = stored(&spec(2, 10, &["linux/amd64", "linux/arm64/v8"], 0, format));
            assert_eq!(image.root.media_type, format.index_media_type());
            let index = json(&image.root.bytes);
            assert_eq!(index["mediaType"], format.index_media_type());
            assert_eq!(index["schemaVersion"], 2);
            for (entry, child) in index["manifests"].as_array().expect("manifests").iter().zip(&image.children) {
                assert_eq!(entry["digest"], child.digest.to_string());
                assert_eq!(entry["size"], child.bytes.len());
                assert_eq!(entry["mediaType"], child.media_type);
            }
            assert_eq!(index["manifests"][0]["platform"], serde_json::json!({"architecture": "amd64", "os": "linux"}));
            assert_eq!(index["manifests"][1]["platform"]["variant"], "v8");
            assert_eq!(image.manifests().count(), 3);
            assert_eq!(image.manifests().last(), Some(&image.root));
            assert_eq!(sink.0.len(), 6, "two layers and a configuration for each platform, all distinct");
        }
    }

    #[test]
    fn images_of_one_seed_share_their_first_layers() {
        let (short, _) = stored(&spec(2, 64, &[], 7, ImageFormat::Oci));
        let (long, _) = stored(&spec(3, 64, &[], 7, ImageFormat::Docker));
        assert_eq!(short.blobs[0].digest(), long.blobs[0].digest());
        assert_eq!(short.blobs[1].digest(), long.blobs[1].digest());
    }

    #[test]
    fn a_full_sink_ends_the_generation() {
        struct Full;
        impl BlobSink for Full {
            type Error = &'static str;
            fn store(&mut self, _: &mut dyn Read, _: u64) -> Result<VerifiedBlob, &'static str> {
                Err("full")
            }
        }
        assert_eq!(generate(&spec(1, 1, &[], 0, ImageFormat::Oci), &mut Full).err(), Some("full"));
    }
}
