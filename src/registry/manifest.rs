//! Docker and OCI manifests and indexes, parsed once on the way in; the bytes stay exactly as they were sent.
//!
//! What is kept beside the bytes is what the rules need: digests, sizes and types. Annotations are read again from the
//! bytes when somebody asks. Formats are never converted here.
//!
//! Sources: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>,
//! <https://github.com/opencontainers/image-spec/blob/main/image-index.md>,
//! <https://github.com/distribution/distribution/blob/main/docs/content/spec/manifest-v2-2.md>.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Deserialize;

use super::limits;
use super::media_type::MediaType;
use super::object::Object;
use super::types::{Digest, DigestAlgorithm};

/// A well-formed manifest or index.
#[derive(Clone, Debug)]
pub struct Manifest {
    bytes: Bytes,
    digest: Digest,
    media_type: MediaType,
    kind: Kind,
    /// Boxed, since few manifests have any of it.
    about: Option<Box<About>>,
}

/// What only artifacts have.
#[derive(Clone, Debug)]
struct About {
    subject: Option<Digest>,
    artifact_type: Option<MediaType>,
}

/// What a manifest is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One image or artifact.
    Image {
        /// Its configuration blob.
        config: Descriptor,
        /// Its layers, lowest first, repetitions included.
        layers: Box<[Descriptor]>,
    },
    /// An OCI index or Docker manifest list.
    Index {
        /// Its manifests, in order.
        children: Box<[Descriptor]>,
    },
    /// Docker schema 1: no configuration blob and no sizes.
    Schema1 {
        /// Its layers as listed, topmost first, repetitions included.
        layers: Box<[Digest]>,
    },
}

/// A pointer from a manifest to a blob or another manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Digest of what it points to.
    pub digest: Digest,
    /// Type of what it points to.
    pub media_type: MediaType,
    /// Bytes of what it points to, as the manifest claims.
    pub size_bytes: u64,
    /// Whether the registry need not hold it: it has `urls`, or a non-distributable type.
    pub foreign: bool,
}

/// Why some bytes are no manifest. All but the last carry the one text that real ECR has for them, which
/// `containers/image` recognises; the cause is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of the shape that its type demands.
    #[error("{SYNTAX}")]
    Malformed(String),
    /// A type that is none of the manifest formats.
    #[error("{SYNTAX}")]
    UnknownMediaType(String),
    /// The parameter and the manifest's own `mediaType` differ.
    #[error("{SYNTAX}")]
    MediaTypeContradicted {
        /// Type of the parameter.
        declared: String,
        /// Type in the manifest.
        written: String,
    },
    /// An image without layers; raised on a push.
    #[error("{SYNTAX}")]
    WithoutLayers,
    /// Longer than [`limits::MANIFEST_BYTES`], or empty.
    #[error("Invalid parameter at 'imageManifest' failed to satisfy constraint: '{0}'")]
    Length(&'static str),
    /// Neither the parameter nor the manifest names a type. Unconfirmed text, from moto.
    #[error("image manifest mediatype not provided in manifest or parameter")]
    MediaTypeMissing,
}

const SYNTAX: &str = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'";

impl Manifest {
    /// Parses a manifest. The type is `declared`, else the manifest's own `mediaType`; parameters after a `;` do not count.
    pub fn parse(bytes: Bytes, declared: Option<&str>) -> Result<Self, ManifestError> {
        if bytes.is_empty() {
            return Err(ManifestError::Length("must have length greater than or equal to 1"));
        }
        if bytes.len() > limits::MANIFEST_BYTES {
            return Err(ManifestError::Length("must have length less than or equal to 4194304"));
        }
        let Object(document): Object<Document> =
            serde_json::from_slice(&bytes).map_err(|error| ManifestError::Malformed(error.to_string()))?;
        let media_type = media_type_of(declared, document.media_type.as_deref())?;
        let subject = document.subject.as_ref().map(descriptor).transpose()?;
        let artifact_type = document.artifact_type.as_deref().filter(|text| !text.is_empty()).map(MediaType::from);
        let kind = kind_of(&media_type, &document)?;
        let is_about_something = subject.is_some() || artifact_type.is_some();
        let about = About { subject: subject.map(|subject| subject.digest), artifact_type };
        let about = is_about_something.then(|| Box::new(about));
        Ok(Self {
            digest: Digest::sha256_of(&bytes),
            // What arrives is often a slice of a larger buffer; an exact copy lets that buffer go.
            bytes: Bytes::copy_from_slice(&bytes),
            media_type,
            kind,
            about,
        })
    }

    /// The same manifest under a digest of this algorithm, which from then on is its name.
    pub fn named_by(mut self, algorithm: DigestAlgorithm) -> Self {
        if self.digest.algorithm() != algorithm {
            self.digest = Digest::of(algorithm, &self.bytes);
        }
        self
    }

    /// The bytes as they were sent.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// SHA-256 of the bytes, unless [`Self::named_by`] another algorithm.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Type of the manifest.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// What it is about.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The manifest that this one says something about; it need not exist.
    pub fn subject(&self) -> Option<&Digest> {
        self.about.as_ref()?.subject.as_ref()
    }

    /// The manifest's `artifactType`.
    pub fn artifact_type(&self) -> Option<&MediaType> {
        self.about.as_ref()?.artifact_type.as_ref()
    }

    /// ECR's `artifactMediaType`: the `artifactType`, else the type of the configuration; absent for a plain index.
    pub fn artifact_media_type(&self) -> Option<&MediaType> {
        match (self.artifact_type(), &self.kind) {
            (Some(artifact_type), _) => Some(artifact_type),
            (None, Kind::Image { config, .. }) => Some(&config.media_type),
            (None, Kind::Index { .. } | Kind::Schema1 { .. }) => None,
        }
    }

    /// The manifest's own annotations.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        serde_json::from_slice::<Annotated>(&self.bytes).map(|document| document.annotations).unwrap_or_default()
    }

    /// Digests of configuration and layers, each once, with whether the blob may be missing.
    pub fn blobs(&self) -> Vec<(&Digest, MayBeMissing)> {
        let mut blobs: Vec<(&Digest, MayBeMissing)> = match &self.kind {
            Kind::Image { config, layers } => {
                [config].into_iter().chain(layers).map(|blob| (&blob.digest, MayBeMissing(blob.foreign))).collect()
            }
            Kind::Schema1 { layers } => layers.iter().map(|digest| (digest, MayBeMissing(false))).collect(),
            Kind::Index { .. } => Vec::new(),
        };
        let mut seen = BTreeSet::new();
        blobs.retain(|(digest, _)| seen.insert(*digest));
        blobs
    }

    /// Digests of the children of an index, each once; none for an image.
    pub fn children(&self) -> Vec<&Digest> {
        let Kind::Index { children } = &self.kind else { return Vec::new() };
        let mut digests: Vec<&Digest> = children.iter().map(|child| &child.digest).collect();
        let mut seen = BTreeSet::new();
        digests.retain(|digest| seen.insert(*digest));
        digests
    }

    /// Type under which the manifest names a blob of its own.
    pub fn blob_media_type(&self, digest: &Digest) -> Option<&MediaType> {
        let Kind::Image { config, layers } = &self.kind else { return None };
        [config].into_iter().chain(layers).find(|blob| blob.digest == *digest).map(|blob| &blob.media_type)
    }
}

/// Whether a push is good without the blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MayBeMissing(pub bool);

fn media_type_of(declared: Option<&str>, written: Option<&str>) -> Result<MediaType, ManifestError> {
    let bare = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
    let declared = declared.map(bare).filter(|text| !text.is_empty());
    let written = written.map(str::to_owned).filter(|text| !text.is_empty());
    match (declared, written) {
        (Some(declared), Some(written)) if declared != written => {
            Err(ManifestError::MediaTypeContradicted { declared, written })
        }
        (Some(text), _) | (None, Some(text)) => Ok(MediaType::from(text.as_str())),
        (None, None) => Err(ManifestError::MediaTypeMissing),
    }
}

fn kind_of(media_type: &MediaType, document: &Document) -> Result<Kind, ManifestError> {
    match media_type {
        MediaType::DockerManifest | MediaType::OciManifest => {
            document.expect_version(2)?;
            expect_absent(document.manifests.is_some(), "manifests")?;
            let config = document.config.as_ref().ok_or_else(|| missing("config"))?;
            let layers = document.layers.as_ref().ok_or_else(|| missing("layers"))?;
            Ok(Kind::Image { config: descriptor(config)?, layers: descriptors(layers)? })
        }
        MediaType::DockerManifestList | MediaType::OciIndex => {
            document.expect_version(2)?;
            expect_absent(document.layers.is_some() || document.config.is_some(), "layers or config")?;
            let children = document.manifests.as_ref().ok_or_else(|| missing("manifests"))?;
            Ok(Kind::Index { children: descriptors(children)? })
        }
        MediaType::DockerSchema1 | MediaType::DockerSchema1Signed => {
            document.expect_version(1)?;
            let layers = document.schema1_layers.as_ref().ok_or_else(|| missing("fsLayers"))?;
            Ok(Kind::Schema1 {
                layers: layers.iter().map(|Object(layer)| digest(&layer.blob_sum)).collect::<Result<_, _>>()?,
            })
        }
        other => Err(ManifestError::UnknownMediaType(other.as_str().to_owned())),
    }
}

/// A document that is an image to one reader and an index to another is refused (CVE-2021-41190).
fn expect_absent(present: bool, members: &str) -> Result<(), ManifestError> {
    if present { Err(ManifestError::Malformed(format!("`{members}` does not belong here"))) } else { Ok(()) }
}

fn missing(member: &str) -> ManifestError {
    ManifestError::Malformed(format!("`{member}` is missing"))
}

fn digest(text: &str) -> Result<Digest, ManifestError> {
    text.parse().map_err(|error: super::types::InvalidDigest| ManifestError::Malformed(error.to_string()))
}

fn descriptor(Object(document): &Object<DescriptorDocument>) -> Result<Descriptor, ManifestError> {
    let media_type = MediaType::from(document.media_type.as_str());
    Ok(Descriptor {
        digest: digest(&document.digest)?,
        foreign: !document.urls.is_empty() || media_type.is_foreign_layer(),
        media_type,
        size_bytes: document.size,
    })
}

fn descriptors(documents: &[Object<DescriptorDocument>]) -> Result<Box<[Descriptor]>, ManifestError> {
    documents.iter().map(descriptor).collect()
}

/// The members that some rule reads; all others are only bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u32>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Object<DescriptorDocument>>,
    layers: Option<Vec<Object<DescriptorDocument>>>,
    manifests: Option<Vec<Object<DescriptorDocument>>>,
    subject: Option<Object<DescriptorDocument>>,
    #[serde(rename = "fsLayers")]
    schema1_layers: Option<Vec<Object<Schema1LayerDocument>>>,
}

impl Document {
    fn expect_version(&self, version: u32) -> Result<(), ManifestError> {
        match self.schema_version {
            Some(written) if written == version => Ok(()),
            Some(written) => Err(ManifestError::Malformed(format!("`schemaVersion` is {written} and not {version}"))),
            None => Err(ManifestError::Malformed("`schemaVersion` is missing".to_owned())),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescriptorDocument {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    urls: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema1LayerDocument {
    blob_sum: String,
}

#[derive(Deserialize)]
struct Annotated {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

    fn pointer(content: &str, size: u64) -> String {
        let digest = Digest::sha256_of(content.as_bytes());
        format!(r#"{{"mediaType":"application/octet-stream","digest":"{digest}","size":{size}}}"#)
    }

    fn image(extra: &str) -> String {
        format!(
            r#" {{"schemaVersion":2,{extra}"config":{},"layers":[{},{}]}}"#,
            pointer("config", 2),
            pointer("layer", 5),
            pointer("layer", 5)
        )
    }

    fn parse(text: &str, declared: Option<&str>) -> Result<Manifest, ManifestError> {
        Manifest::parse(Bytes::copy_from_slice(text.as_bytes()), declared)
    }

    #[test]
    fn a_012_a_013_the_type_comes_from_the_parameter_else_from_the_manifest() {
        let written = format!(r#""mediaType":"{OCI}","#);
        assert_eq!(parse(&image(&written), None).unwrap().media_type(), &MediaType::OciManifest);
        assert_eq!(parse(&image(""), Some(OCI)).unwrap().media_type(), &MediaType::OciManifest);
        assert_eq!(parse(&image(&written), Some(&format!("{OCI}; charset=utf-8"))).unwrap().media_type().as_str(), OCI);
        assert_eq!(parse(&image(""), None).unwrap_err(), ManifestError::MediaTypeMissing);
    }

    #[test]
    fn a_014_a_contradicting_parameter_is_refused() {
        let error = parse(&image(&format!(r#""mediaType":"{OCI}","#)), Some(DOCKER)).unwrap_err();
        assert!(matches!(error, ManifestError::MediaTypeContradicted { .. }));
        assert_eq!(error.to_string(), SYNTAX);
    }

    #[test]
    fn a_015_what_is_no_manifest_is_refused() {
        let child = pointer("child", 3);
        let cases = [
            ("text", "hello".to_owned(), OCI),
            ("an empty object", "{}".to_owned(), OCI),
            ("trailing text", format!("{}x", image("")), OCI),
            ("two documents", format!("{0}{0}", image("")), OCI),
            ("a list of the members", format!("[2,null,null,{child},[],null,null,null]"), OCI),
            (
                "a descriptor as a list",
                format!(
                    r#"{{"schemaVersion":2,"config":["{OCI}","{}",2],"layers":[{child}]}}"#,
                    Digest::sha256_of(b"x")
                ),
                OCI,
            ),
            ("no config", r#"{"schemaVersion":2,"layers":[]}"#.to_owned(), OCI),
            ("no layers", format!(r#"{{"schemaVersion":2,"config":{child}}}"#), OCI),
            ("an index as an image", format!(r#"{{"schemaVersion":2,"manifests":[{child}]}}"#), OCI),
            ("an image as an index", image(""), INDEX),
            ("both at once", image(&format!(r#""manifests":[{child}],"#)), OCI),
            ("version 1", image("").replace(":2,", ":1,"), OCI),
            ("a negative size", image("").replace(r#""size":5"#, r#""size":-5"#), OCI),
            ("a bad digest", image("").replace("sha256:", "sha256:zz"), OCI),
            ("a foreign type", image(""), "application/json"),
            ("a bad subject", image(r#""subject":{"digest":"x"},"#), OCI),
        ];
        for (name, text, declared) in cases {
            let error = parse(&text, Some(declared)).expect_err(name);
            assert_eq!(error.to_string(), SYNTAX, "{name}");
        }
        let not_utf8 = Manifest::parse(Bytes::from_static(b"{\"schemaVersion\":2,\"x\":\"\xff\"}"), Some(OCI));
        assert!(not_utf8.is_err());
    }

    #[test]
    fn a_011_the_length_of_a_manifest_is_bounded() {
        assert!(matches!(parse("", Some(OCI)), Err(ManifestError::Length(_))));
        let padded = |length: usize| image("") + &" ".repeat(length - image("").len());
        assert!(parse(&padded(limits::MANIFEST_BYTES), Some(OCI)).is_ok());
        assert!(matches!(parse(&padded(limits::MANIFEST_BYTES + 1), Some(OCI)), Err(ManifestError::Length(_))));
    }

    #[test]
    fn a_016_the_digest_is_that_of_the_exact_bytes() {
        let text = image("");
        let manifest = parse(&text, Some(OCI)).unwrap();
        assert_eq!(manifest.bytes().as_ref(), text.as_bytes());
        assert_eq!(manifest.digest(), &Digest::sha256_of(text.as_bytes()));
        assert_ne!(manifest.digest(), parse(text.trim(), Some(OCI)).unwrap().digest());
        let named = manifest.named_by(DigestAlgorithm::Sha512);
        assert_eq!(named.digest(), &named.digest().same_algorithm_of(text.as_bytes()));
        assert!(named.digest().to_string().starts_with("sha512:"));
    }

    #[test]
    fn blobs_are_listed_once_and_foreign_ones_may_be_missing() {
        let foreign = pointer("windows", 9).replace('}', r#","urls":["https://example.com/layer"]}"#);
        let text = image("").replace(&pointer("config", 2), &foreign);
        let manifest = parse(&text, Some(OCI)).unwrap();
        let (windows, layer) = (Digest::sha256_of(b"windows"), Digest::sha256_of(b"layer"));
        assert_eq!(manifest.blobs(), [(&windows, MayBeMissing(true)), (&layer, MayBeMissing(false))]);
        assert!(MediaType::from("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip").is_foreign_layer());
        assert!(MediaType::from("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip").is_foreign_layer());
    }

    #[test]
    fn a_032_subject_artifact_type_and_annotations_can_be_read() {
        let subject = pointer("subject", 7);
        let extra = format!(r#""subject":{subject},"artifactType":"text/x","annotations":{{"a":"b"}},"#);
        let manifest = parse(&image(&extra), Some(OCI)).unwrap();
        assert_eq!(manifest.subject(), Some(&Digest::sha256_of(b"subject")));
        assert_eq!(manifest.artifact_media_type().unwrap().as_str(), "text/x");
        assert_eq!(manifest.annotations()["a"], "b");
        let plain = parse(&image(""), Some(OCI)).unwrap();
        assert_eq!(plain.artifact_media_type().unwrap().as_str(), "application/octet-stream");
        assert!(plain.annotations().is_empty() && plain.artifact_type().is_none());
    }

    #[test]
    fn docker_schema_1_is_understood_as_far_as_it_is_stored() {
        let digest = Digest::sha256_of(b"layer");
        let text = format!(r#"{{"schemaVersion":1,"name":"x","fsLayers":[{{"blobSum":"{digest}"}}],"signatures":[]}}"#);
        let declared = "application/vnd.docker.distribution.manifest.v1+prettyjws";
        assert_eq!(parse(&text, Some(declared)).unwrap().blobs(), [(&digest, MayBeMissing(false))]);
    }
}
