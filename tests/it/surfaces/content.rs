//! What is pushed: a few blobs and manifests over them, the same in every case, named by small numbers.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::{OCI_INDEX, OCI_MANIFEST, sha256};

/// Bytes and their name.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: String,
}

/// A manifest and what it refers to.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: String,
    pub(super) media_type: &'static str,
    /// Numbers of its blobs, each once; its size is theirs.
    pub(super) blobs: Vec<usize>,
    /// Numbers of its children, each lower than its own.
    pub(super) children: Vec<usize>,
    /// Number of the manifest that it says something about.
    pub(super) subject: Option<usize>,
}

/// Blobs 0 to 2 are layers, 3 and 4 configurations.
pub(super) const BLOBS: usize = 5;
/// 0 to 2 are images with a layer in common, 3 and 4 indexes, 4 holding 3, and 5 is about 0.
pub(super) const MANIFESTS: usize = 6;

pub(super) fn blob(number: usize) -> &'static Blob {
    static ALL: LazyLock<Vec<Blob>> = LazyLock::new(|| {
        let bytes = ["the first layer", "another", "yet another layer", r#"{"os":"linux"}"#, r#"{"os":"windows"}"#];
        assert_eq!(bytes.len(), BLOBS);
        bytes.map(|bytes| Blob { bytes: bytes.as_bytes().to_vec(), digest: sha256(bytes.as_bytes()) }).into()
    });
    &ALL[number]
}

pub(super) fn manifest(number: usize) -> &'static Manifest {
    static ALL: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
        let mut all = vec![image(3, &[0], None), image(3, &[1], None), image(4, &[0, 2], None)];
        all.push(index(&[0, 1], &all));
        all.push(index(&[2, 3], &all));
        let subject = (0, descriptor(OCI_MANIFEST, &all[0].bytes));
        all.push(image(4, &[1], Some(subject)));
        assert_eq!(all.len(), MANIFESTS);
        all
    });
    &ALL[number]
}

fn image(config: usize, layers: &[usize], subject: Option<(usize, Value)>) -> Manifest {
    let layer_type = "application/vnd.oci.image.layer.v1.tar";
    let mut text = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &blob(config).bytes),
        "layers": layers.iter().map(|layer| descriptor(layer_type, &blob(*layer).bytes)).collect::<Vec<_>>(),
    });
    let (subject, described) = subject.unzip();
    if let Some(described) = described {
        text["subject"] = described;
    }
    let blobs = [&[config], layers].concat();
    Manifest { blobs, subject, ..of(text, OCI_MANIFEST) }
}

fn index(children: &[usize], all: &[Manifest]) -> Manifest {
    let manifests: Vec<Value> =
        children.iter().map(|child| descriptor(all[*child].media_type, &all[*child].bytes)).collect();
    let text = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
    Manifest { children: children.to_vec(), ..of(text, OCI_INDEX) }
}

fn of(text: Value, media_type: &'static str) -> Manifest {
    let bytes = text.to_string().into_bytes();
    let digest = sha256(&bytes);
    Manifest { bytes, digest, media_type, blobs: Vec::new(), children: Vec::new(), subject: None }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()})
}
