//! The bytes of an image that `push` makes of a reference: the same in every language's client. Pure.
//!
//! * Layer `i` is an uncompressed ustar archive of one file `layer-<i>`: mode 0644, owner 0, time 0, padded to 512
//!   bytes, and two zero blocks. Nothing is compressed, so no library's version can change a digest.
//! * The file is the blocks `SHA-256("ecr-fixture push\0" + reference + "\0" + i + "\0" + k)`, k = 0, 1, …, cut to
//!   size; numbers are decimal text, the reference is `repository:tag`.
//! * Config and manifest are JSON without spaces, members in the order written below. Nothing in them needs escaping.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::records::Blob;

/// Media type of the manifest.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";
const TAR_BLOCK: usize = 512;

/// An image's bytes with their descriptors.
pub(crate) struct Content {
    pub(crate) layers: Vec<(Blob, Bytes)>,
    pub(crate) config: (Blob, Bytes),
    pub(crate) manifest: Bytes,
    pub(crate) digest: String,
}

impl Content {
    /// The image of `repository:tag` with so many layers, each of so many bytes of content.
    pub(crate) fn of(reference: &str, layers: u32, layer_size: usize) -> Self {
        let layers: Vec<_> =
            (0..layers).map(|number| described(layer_tar(reference, number, layer_size), LAYER_TYPE)).collect();
        let diff_ids = joined(layers.iter().map(|(blob, _)| format!("{:?}", blob.digest)));
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":[{diff_ids}]}}}}"#
        );
        let config = described(config.into_bytes(), CONFIG_TYPE);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST_TYPE}","config":{},"layers":[{}]}}"#,
            descriptor(&config.0),
            joined(layers.iter().map(|(blob, _)| descriptor(blob)))
        );
        let digest = digest_of(manifest.as_bytes());
        Self { layers, config, manifest: manifest.into(), digest }
    }
}

/// `sha256:` and the hexadecimal hash.
pub(crate) fn digest_of(content: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(content)))
}

/// One layer's archive.
fn layer_tar(reference: &str, number: u32, size: usize) -> Vec<u8> {
    let key = Sha256::new_with_prefix(format!("ecr-fixture push\0{reference}\0{number}\0"));
    let mut tar = header(&format!("layer-{number}"), size);
    for index in 0..size.div_ceil(32) {
        let block = key.clone().chain_update(index.to_string()).finalize();
        tar.extend_from_slice(&block);
    }
    tar.truncate(TAR_BLOCK + size);
    tar.resize(TAR_BLOCK + size.next_multiple_of(TAR_BLOCK) + 2 * TAR_BLOCK, 0);
    tar
}

/// A ustar header; the checksum is taken with its own field blank, as POSIX has it.
fn header(name: &str, size: usize) -> Vec<u8> {
    let mut header = vec![0; TAR_BLOCK];
    let mut write = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    write(0, name);
    write(100, "0000644\0");
    write(108, "0000000\0");
    write(116, "0000000\0");
    write(124, &format!("{size:011o}\0"));
    write(136, "00000000000\0");
    write(148, "        ");
    write(156, "0");
    write(257, "ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn described(content: Vec<u8>, media_type: &str) -> (Blob, Bytes) {
    let blob = Blob { digest: digest_of(&content), size: content.len() as u64, media_type: media_type.to_owned() };
    (blob, content.into())
}

fn descriptor(blob: &Blob) -> String {
    format!(r#"{{"mediaType":"{}","digest":"{}","size":{}}}"#, blob.media_type, blob.digest, blob.size)
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pushed_image_has_the_digest_that_every_language_makes() {
        let content = Content::of("app:v1", 2, 1024);
        assert_eq!(content.digest, "sha256:59e820b719d81dd1e8476f8dd3121edad554270cd1bebf8d465a47afe7dc03ca");
    }

    #[test]
    fn its_descriptors_describe_its_blobs() {
        let content = Content::of("app:v1", 3, 10);
        let manifest: serde_json::Value = serde_json::from_slice(&content.manifest).unwrap();
        let check = |listed: &serde_json::Value, (blob, bytes): &(Blob, Bytes)| {
            assert_eq!(listed["digest"], digest_of(bytes).as_str());
            assert_eq!((listed["size"].as_u64(), blob.size), (Some(bytes.len() as u64), bytes.len() as u64));
            assert_eq!(listed["mediaType"], blob.media_type.as_str());
        };
        check(&manifest["config"], &content.config);
        content.layers.iter().enumerate().for_each(|(index, layer)| check(&manifest["layers"][index], layer));
        let config: serde_json::Value = serde_json::from_slice(&content.config.1).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"][2], content.layers[2].0.digest.as_str());
    }

    #[test]
    fn a_layer_is_whole_tar_blocks() {
        for size in [0, 1, 511, 512, 513, 100_000] {
            let tar = layer_tar("app:v1", 4, size);
            assert_eq!(tar.len(), 512 + size.div_ceil(512) * 512 + 1024);
            assert_eq!(&tar[124..136], format!("{size:011o}\0").as_bytes());
            assert!(tar[512 + size..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn reference_layer_and_size_each_change_the_bytes() {
        let first = layer_tar("app:v1", 0, 64);
        for other in [layer_tar("app:v2", 0, 64), layer_tar("app:v1", 1, 64), layer_tar("app:v1", 0, 65)] {
            assert_ne!(first, other);
        }
    }
}
