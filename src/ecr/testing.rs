//! What the tests of this room share: a registry, its calls, and fixed addresses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Links;
use super::request::{Call, decode};
use super::wire::cache_rules::validation_answer;
use crate::operations::Operation;
use crate::registry::ops::{cache_fill, validate_pull_through_cache_rule};
use crate::registry::types::{AccountId, Digest, RegistryKey, RepositoryName, StoredBlob, Timestamp, VerifiedBlob};
use crate::registry::{Caller, Context, Effect, Ids, Registry, Surroundings, Work};
use crate::wire_errors::Failure;

pub(super) fn key() -> RegistryKey {
    RegistryKey { account: AccountId::DEFAULT, region: "us-east-1".parse().unwrap() }
}

pub(super) fn caller() -> Caller {
    Caller { account: AccountId::DEFAULT, arn: Arc::from("arn:aws:iam::123456789012:root") }
}

struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> String {
        self.0 += 1;
        format!("00000000-0000-4000-8000-{:012}", self.0)
    }
}

/// A world that declares one upstream.
struct OneUpstream;

impl Surroundings for OneUpstream {
    fn actions(&self) -> &[&'static str] {
        crate::operations::actions()
    }

    fn declares_upstream(&self, host: &str) -> bool {
        host == "upstream.test:5000"
    }
}

pub(super) struct FixedLinks;

impl Links for FixedLinks {
    fn registry_host(&self, registry: &RegistryKey) -> String {
        registry.aws_host()
    }

    fn proxy_endpoint(&self, registry: &RegistryKey) -> String {
        format!("https://{}", registry.aws_host())
    }

    fn download_url(&self, _: &RegistryKey, repository: &RepositoryName, digest: &Digest) -> String {
        format!("http://localhost/download/{repository}/{digest}")
    }
}

#[derive(Debug)]
struct TestBlob(Digest, u64);

impl StoredBlob for TestBlob {
    fn digest(&self) -> &Digest {
        &self.0
    }

    fn size_bytes(&self) -> u64 {
        self.1
    }
}

/// When everything happens.
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// A registry and the calls to it, all at one moment.
pub(super) struct Bench {
    pub(super) registry: Registry,
    ids: Counter,
    /// Work that calls have begun and that has not ended.
    work: Vec<Work>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { registry: Registry::new(key()), ids: Counter(0), work: Vec::new() }
    }

    /// Puts a blob into a repository.
    pub(super) fn blob(&mut self, repository: &str, content: &str) -> Digest {
        let digest = Digest::sha256_of(content.as_bytes());
        let blob = VerifiedBlob::new(Arc::new(TestBlob(digest.clone(), content.len() as u64)));
        cache_fill::store_blob(&mut self.registry, &repository.parse().unwrap(), blob);
        digest
    }

    /// Pushes an image whose tag is all that makes it differ from others; the repository must be there.
    pub(super) fn image(&mut self, repository: &str, tag: &str) -> Digest {
        let (config, layer) = (self.blob(repository, "{}"), self.blob(repository, "layer"));
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": config.to_string(),
                "size": 2,
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": layer.to_string(),
                "size": 5,
            }],
            "annotations": { "tag": tag },
        });
        let manifest = manifest.to_string();
        let put = json!({ "repositoryName": repository, "imageManifest": manifest, "imageTag": tag });
        self.ok("PutImage", &put.to_string());
        Digest::sha256_of(manifest.as_bytes())
    }

    /// Ends all work that calls have begun.
    pub(super) fn end_work(&mut self) {
        for work in std::mem::take(&mut self.work) {
            work.settle(&mut self.registry, NOW, &Ok(()));
        }
    }

    /// Decodes, applies and renders one call.
    pub(super) fn call(&mut self, operation: &str, body: &str) -> Result<Value, Failure> {
        let operation = Operation::from_name(operation).unwrap();
        let answer = match decode(operation, body.as_bytes())?.call {
            Call::Read(call) => call.apply(&self.registry)?,
            Call::Write(call) => {
                let mut cx = Context::new(NOW, caller(), &mut self.ids).within(&OneUpstream);
                let answer = call.apply(&mut self.registry, &mut cx)?;
                self.work.extend(cx.effects.into_iter().filter_map(|effect| match effect {
                    Effect::WorkBegun(work) => Some(work),
                    _ => None,
                }));
                answer
            }
            Call::ValidatePullThroughCacheRule(input) => {
                let output = validate_pull_through_cache_rule::apply(&self.registry, &OneUpstream, &input)?;
                validation_answer(self.registry.key(), output)
            }
            other => panic!("{other:?} needs more than a registry"),
        };
        Ok(serde_json::from_slice(&answer.render(&FixedLinks)).unwrap())
    }

    /// [`Self::call`] that succeeds.
    pub(super) fn ok(&mut self, operation: &str, body: &str) -> Value {
        self.call(operation, body).unwrap_or_else(|failure| panic!("{operation} {body}: {failure}"))
    }

    /// [`Self::call`] that fails; exception and message.
    pub(super) fn refused(&mut self, operation: &str, body: &str) -> (String, String) {
        let form = match self.call(operation, body) {
            Err(failure) => failure.ecr(),
            Ok(answer) => panic!("{operation} {body}: {answer}"),
        };
        (form.exception.into_owned(), form.message)
    }
}
