//! What the tests of the model share: a registry, blobs without bytes, manifests, ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::context::{Caller, Context, Ids, Surroundings};
use super::manifest::Manifest;
use super::ops::{create_repository, put_image};
use super::state::Registry;
use super::types::{AccountId, Digest, RegistryKey, RepositoryName, StoredBlob, Tag, Timestamp, VerifiedBlob};

pub(super) const NOON: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(super) fn key(account: &str, region: &str) -> RegistryKey {
    RegistryKey { account: account.parse().unwrap(), region: region.parse().unwrap() }
}

pub(super) fn registry() -> Registry {
    Registry::new(key(AccountId::DEFAULT.as_str(), "us-east-1"))
}

pub(super) fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

pub(super) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// Counts.
#[derive(Default)]
pub(super) struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> String {
        self.0 += 1;
        format!("00000000-0000-4000-8000-{:012}", self.0)
    }
}

/// Some actions of ECR, two of them without an operation.
pub(in crate::registry) const ACTIONS: &[&str] = &[
    "BatchGetImage",
    "BatchImportUpstreamImage",
    "CreateRepository",
    "DeleteRepository",
    "DescribeImages",
    "GetAuthorizationToken",
    "GetDownloadUrlForLayer",
    "PutImage",
    "ReplicateImage",
    "SetRepositoryPolicy",
    "TagResource",
];

/// A world that knows some actions and declares nothing.
struct SomeActions;

impl Surroundings for SomeActions {
    fn actions(&self) -> &[&'static str] {
        ACTIONS
    }

    fn declares_upstream(&self, _host: &str) -> bool {
        false
    }
}

/// Runs something in a context at noon and gives its effects too.
pub(super) fn with<T>(run: impl FnOnce(&mut Context<'_>) -> T) -> T {
    at(NOON, run)
}

pub(super) fn at<T>(now: Timestamp, run: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let mut ids = Counter::default();
    let caller = Caller { account: AccountId::DEFAULT, arn: Arc::from("arn:aws:iam::123456789012:root") };
    run(&mut Context::new(now, caller, &mut ids).within(&SomeActions))
}

#[derive(Debug)]
struct TestBlob {
    digest: Digest,
    size_bytes: u64,
}

impl StoredBlob for TestBlob {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

pub(super) fn blob(content: &str) -> VerifiedBlob {
    let size_bytes = content.len() as u64;
    VerifiedBlob::new(Arc::new(TestBlob { digest: Digest::sha256_of(content.as_bytes()), size_bytes }))
}

fn descriptor(media_type: &str, digest: &Digest, size: usize) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

fn parse(text: String) -> Arc<Manifest> {
    Arc::new(Manifest::parse(Bytes::from(text), None).unwrap())
}

/// An OCI image whose blobs have these contents, with annotation `note` to make it differ from others.
pub(super) fn image_of(config: &str, layers: &[&str], note: &str) -> Arc<Manifest> {
    image_about(config, layers, note, None)
}

pub(super) fn image_about(config: &str, layers: &[&str], note: &str, subject: Option<&Digest>) -> Arc<Manifest> {
    let point =
        |media_type: &str, content: &str| descriptor(media_type, &Digest::sha256_of(content.as_bytes()), content.len());
    let layers: Vec<String> =
        layers.iter().map(|layer| point("application/vnd.oci.image.layer.v1.tar+gzip", layer)).collect();
    let subject = subject.map_or(String::new(), |subject| {
        format!(r#""subject":{},"#, descriptor("application/vnd.oci.image.manifest.v1+json", subject, 2))
    });
    parse(format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",{subject}"config":{},"layers":[{}],"annotations":{{"note":"{note}"}}}}"#,
        point("application/vnd.oci.image.config.v1+json", config),
        layers.join(",")
    ))
}

/// An OCI index over these manifests.
pub(super) fn index_of(children: &[&Manifest], note: &str) -> Arc<Manifest> {
    let children: Vec<String> = children
        .iter()
        .map(|child| descriptor(child.media_type().as_str(), child.digest(), child.bytes().len()))
        .collect();
    parse(format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}],"annotations":{{"note":"{note}"}}}}"#,
        children.join(",")
    ))
}

/// A registry with one empty repository `team/app`.
pub(super) fn with_repository() -> Registry {
    let mut registry = registry();
    create(&mut registry, "team/app");
    registry
}

pub(super) fn create(registry: &mut Registry, repository: &str) {
    let input = create_repository::Input::with_defaults(name(repository));
    with(|cx| create_repository::apply(registry, cx, input)).unwrap();
}

/// Links blobs with these contents to `team/app`.
pub(super) fn link(registry: &mut Registry, contents: &[&str]) {
    let repository = registry.repository_mut(&name("team/app")).unwrap();
    for content in contents {
        repository.insert_layer(blob(content));
    }
}

/// Pushes to `team/app`.
pub(super) fn push(
    registry: &mut Registry,
    manifest: &Arc<Manifest>,
    image_tag: Option<&str>,
) -> Result<put_image::Output, put_image::Error> {
    let input = put_image::Input {
        repository: name("team/app"),
        manifest: Ok(Arc::clone(manifest)),
        image_tag: image_tag.map(tag),
        image_digest: None,
    };
    with(|cx| put_image::apply(registry, cx, input))
}

/// Tags by digest, for comparing whole repositories.
pub(super) fn picture(registry: &Registry, repository: &str) -> BTreeMap<Digest, Vec<String>> {
    let images = registry.repository(&name(repository)).unwrap().images();
    let tags = |image: &super::Image| image.tags().iter().map(ToString::to_string).collect();
    images.iter().map(|(digest, image)| (digest.clone(), tags(image))).collect()
}
