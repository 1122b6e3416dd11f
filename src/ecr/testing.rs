//! What the tests of this room share: a registry, its calls, and fixed addresses.

use std::sync::Arc;

use serde_json::Value;

use super::answer::Links;
use super::request::{Call, decode};
use crate::operations::Operation;
use crate::registry::ops::cache_fill;
use crate::registry::types::{AccountId, Digest, RegistryKey, RepositoryName, StoredBlob, Timestamp, VerifiedBlob};
use crate::registry::{Caller, Context, Ids, Registry, Surroundings};
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

/// A registry and the calls to it, all at one moment.
pub(super) struct Bench {
    pub(super) registry: Registry,
    ids: Counter,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { registry: Registry::new(key()), ids: Counter(0) }
    }

    /// Puts a blob into a repository.
    pub(super) fn blob(&mut self, repository: &str, content: &str) -> Digest {
        let digest = Digest::sha256_of(content.as_bytes());
        let blob = VerifiedBlob::new(Arc::new(TestBlob(digest.clone(), content.len() as u64)));
        cache_fill::store_blob(&mut self.registry, &repository.parse().unwrap(), blob);
        digest
    }

    /// Decodes, applies and renders one call.
    pub(super) fn call(&mut self, operation: &str, body: &str) -> Result<Value, Failure> {
        let operation = Operation::from_name(operation).unwrap();
        let now = Timestamp::from_millis(1_700_000_000_123);
        let answer = match decode(operation, body.as_bytes())?.call {
            Call::Read(call) => call.apply(&self.registry)?,
            Call::Write(call) => {
                let mut cx = Context::new(now, caller(), &mut self.ids).within(&OneUpstream);
                call.apply(&mut self.registry, &mut cx)?
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
