//! Seed documents: what a world shall hold. Pure.
//!
//! Each function begins a builder; [`World::seed`](crate::World::seed) takes one, several of a kind in an array, or
//! several kinds in a tuple. Places (account, region) are at first the world's first ones.

mod settings;

use std::time::{Duration, SystemTime};

pub use settings::{
    Quotas, Secret, Surface, Template, Throttles, faulty_secret, quotas, secret, surface, template, throttles,
};

use crate::convert::{duration_message, timestamp};
use crate::proto;

/// What [`World::seed`](crate::World::seed) takes: documents, in order.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    pub(crate) documents: Vec<proto::Document>,
}

impl Seed {
    fn of(kinds: impl IntoIterator<Item = proto::document::Kind>) -> Self {
        Self { documents: kinds.into_iter().map(|kind| proto::Document { kind: Some(kind) }).collect() }
    }

    fn joined(seeds: impl IntoIterator<Item = Self>) -> Self {
        Self { documents: seeds.into_iter().flat_map(|seed| seed.documents).collect() }
    }
}

/// Whether a tag may be moved to another image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMutability {
    /// It may.
    Mutable,
    /// It may not.
    Immutable,
    /// It may, but for tags that a filter names.
    MutableWithExclusion,
    /// It may not, but for tags that a filter names.
    ImmutableWithExclusion,
}

impl TagMutability {
    const fn text(self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
            Self::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
        }
    }
}

/// A repository with images, and short spellings of what tests usually want beside it. Begin with [`repo`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Repo {
    document: proto::RepositoryDocument,
    replicate_to: Option<Vec<String>>,
    tasks: proto::TaskDocument,
}

/// Begins a repository: `repo("app").image("v1").replicate_to(["eu-west-1"])`.
pub fn repo(name: &str) -> Repo {
    let document = proto::RepositoryDocument { name: name.to_owned(), ..proto::RepositoryDocument::default() };
    Repo { document, replicate_to: None, tasks: proto::TaskDocument::default() }
}

impl Repo {
    /// Adds an image; text stands for an image of that tag.
    pub fn image(mut self, image: impl Into<ImageSpec>) -> Self {
        self.document.images.push(image.into().0);
        self
    }

    /// Adds images.
    pub fn images(mut self, images: impl IntoIterator<Item = impl Into<ImageSpec>>) -> Self {
        self.document.images.extend(images.into_iter().map(|image| image.into().0));
        self
    }

    /// Replaces the registry's replication configuration by one rule for every repository; none clears it.
    ///
    /// Destinations are `eu-west-1` or `210987654321/eu-west-1`.
    pub fn replicate_to(mut self, destinations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.replicate_to = Some(destinations.into_iter().map(Into::into).collect());
        self
    }

    /// Virtual time after which a failed replication of this world is tried again; at first never, as in ECR.
    pub fn task_retry(mut self, after: Duration) -> Self {
        self.tasks.replication_retry = Some(duration_message(after));
        self
    }

    /// Virtual time that a replication of this world takes; at first none.
    pub fn replication_duration(mut self, duration: Duration) -> Self {
        self.tasks.replication_duration = Some(duration_message(duration));
        self
    }

    /// Places repository and replication configuration in this region.
    pub fn region(mut self, region: &str) -> Self {
        self.document.region = Some(region.to_owned());
        self
    }

    /// Places repository and replication configuration in this account.
    pub fn account(mut self, account: &str) -> Self {
        self.document.account = Some(account.to_owned());
        self
    }

    /// Whether tags may be moved; at first they may.
    pub fn tag_mutability(mut self, mutability: TagMutability) -> Self {
        self.document.image_tag_mutability = Some(mutability.text().to_owned());
        self
    }

    /// Wildcard filters of the two modes with exclusion.
    pub fn mutability_exclusions(mut self, filters: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.document.mutability_exclusion_filters = filters.into_iter().map(Into::into).collect();
        self
    }

    /// Whether each push starts a scan; at first it does not.
    pub fn scan_on_push(mut self, scan: bool) -> Self {
        self.document.scan_on_push = Some(scan);
        self
    }

    /// JSON text of the repository's policy.
    pub fn policy(mut self, json: impl Into<String>) -> Self {
        self.document.policy = Some(json.into());
        self
    }

    /// JSON text of its lifecycle policy.
    pub fn lifecycle_policy(mut self, json: impl Into<String>) -> Self {
        self.document.lifecycle_policy = Some(json.into());
        self
    }

    /// Adds a resource tag.
    pub fn resource_tag(mut self, key: &str, value: &str) -> Self {
        self.document.resource_tags.push(settings::resource_tag(key, value));
        self
    }

    /// Encrypts it with KMS, by the account's `aws/ecr` key; only a new repository can be given that.
    pub fn kms(mut self) -> Self {
        self.document.encryption = Some(proto::EncryptionDocument { encryption_type: "KMS".to_owned(), kms_key: None });
        self
    }

    /// Adds a finding of basic scanning to every image of the repository; severities are ECR's, e.g. `HIGH`. Scans that
    /// have ended keep what they found, so it is seeded before the push.
    pub fn finding(mut self, name: &str, severity: &str) -> Self {
        let finding = proto::FindingDocument {
            name: name.to_owned(),
            severity: Some(severity.to_owned()),
            ..proto::FindingDocument::default()
        };
        if let Some(scan) = self.document.scans.first_mut() {
            scan.findings.push(finding);
        } else {
            self.document.scans.push(proto::ScanDocument { findings: vec![finding], ..proto::ScanDocument::default() });
        }
        self
    }
}

impl From<Repo> for Seed {
    /// The registry first, so that it replicates whatever follows; then the repository and the times of tasks.
    fn from(repo: Repo) -> Self {
        use proto::document::Kind;
        let registry = repo.replicate_to.map(|destinations| proto::RegistryDocument {
            account: repo.document.account.clone(),
            region: repo.document.region.clone(),
            replication: Some(replication(destinations, vec![])),
            ..proto::RegistryDocument::default()
        });
        let tasks = (repo.tasks != proto::TaskDocument::default()).then_some(repo.tasks);
        let kinds = [registry.map(Kind::Registry), Some(Kind::Repository(repo.document)), tasks.map(Kind::Tasks)];
        Self::of(kinds.into_iter().flatten())
    }
}

/// Settings of one registry, which is an account in a region. Begin with [`registry`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Registry {
    document: proto::RegistryDocument,
    replicate_to: Option<Vec<String>>,
    prefixes: Vec<String>,
}

/// Begins the settings of a registry.
pub fn registry() -> Registry {
    Registry { document: proto::RegistryDocument::default(), replicate_to: None, prefixes: vec![] }
}

impl Registry {
    /// Replaces the replication configuration by one rule; none clears it. Destinations as in [`Repo::replicate_to`].
    pub fn replicate_to(mut self, destinations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.replicate_to = Some(destinations.into_iter().map(Into::into).collect());
        self
    }

    /// Replicates repositories of these prefixes only; at first every one.
    pub fn repository_prefixes(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.prefixes = prefixes.into_iter().map(Into::into).collect();
        self
    }

    /// Accounts that may replicate into this registry and create repositories there.
    pub fn replication_sources(mut self, accounts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.document.replication_sources = accounts.into_iter().map(Into::into).collect();
        self
    }

    /// The registry's region.
    pub fn region(mut self, region: &str) -> Self {
        self.document.region = Some(region.to_owned());
        self
    }

    /// The registry's account.
    pub fn account(mut self, account: &str) -> Self {
        self.document.account = Some(account.to_owned());
        self
    }
}

impl From<Registry> for Seed {
    fn from(registry: Registry) -> Self {
        let Registry { mut document, replicate_to, prefixes } = registry;
        document.replication = replicate_to.map(|destinations| replication(destinations, prefixes));
        Self::of([proto::document::Kind::Registry(document)])
    }
}

/// A pull-through cache rule. Begin with [`cache_rule`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct CacheRule {
    rule: proto::CacheRuleDocument,
    account: Option<String>,
    region: Option<String>,
}

/// Begins a pull-through cache rule: repositories below `prefix` (or `ROOT`) are fetched from `upstream_host`.
pub fn cache_rule(prefix: &str, upstream_host: &str) -> CacheRule {
    let rule = proto::CacheRuleDocument {
        prefix: prefix.to_owned(),
        upstream: upstream_host.to_owned(),
        ..proto::CacheRuleDocument::default()
    };
    CacheRule { rule, account: None, region: None }
}

impl CacheRule {
    /// Prefix of names upstream; at first `ROOT`.
    pub fn upstream_prefix(mut self, prefix: &str) -> Self {
        self.rule.upstream_prefix = Some(prefix.to_owned());
        self
    }

    /// ARN of the secret with the upstream's login.
    pub fn credential(mut self, secret_arn: &str) -> Self {
        self.rule.credential_arn = Some(secret_arn.to_owned());
        self
    }

    /// Region of the registry that has the rule.
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Account of the registry that has the rule.
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }
}

impl From<CacheRule> for Seed {
    fn from(cache_rule: CacheRule) -> Self {
        Self::of([proto::document::Kind::Registry(proto::RegistryDocument {
            account: cache_rule.account,
            region: cache_rule.region,
            cache_rules: vec![cache_rule.rule],
            ..proto::RegistryDocument::default()
        })])
    }
}

/// An upstream registry inside the daemon. Begin with [`upstream`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Upstream(proto::UpstreamDocument);

/// Begins an upstream registry, by the host that cache rules name: `upstream("quay.io").repository("app", ["v1"])`.
pub fn upstream(host: &str) -> Upstream {
    Upstream(proto::UpstreamDocument { host: host.to_owned(), ..Default::default() })
}

impl Upstream {
    /// The login without which it answers 401; a cache rule has it from its secret. At first it is open to everybody.
    pub fn login(mut self, username: &str, access_token: &str) -> Self {
        let (username, access_token) = (username.to_owned(), access_token.to_owned());
        self.0.login = Some(proto::UpstreamLoginDocument { username, access_token });
        self
    }

    /// Adds a repository with images.
    pub fn repository(mut self, name: &str, images: impl IntoIterator<Item = impl Into<ImageSpec>>) -> Self {
        let images = images.into_iter().map(|image| image.into().0).collect();
        self.0.repositories.push(proto::UpstreamRepositoryDocument { name: name.to_owned(), images });
        self
    }
}

impl From<Upstream> for Seed {
    fn from(upstream: Upstream) -> Self {
        Self::of([proto::document::Kind::Upstream(upstream.0)])
    }
}

/// How long a world's tasks take. Begin with [`tasks`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Tasks(proto::TaskDocument);

/// Begins the times of tasks; what is not said stays as it is.
pub fn tasks() -> Tasks {
    Tasks(proto::TaskDocument::default())
}

impl Tasks {
    /// Virtual time from a push until replication ends; at first none.
    pub fn replication_duration(mut self, duration: Duration) -> Self {
        self.0.replication_duration = Some(duration_message(duration));
        self
    }

    /// Virtual time after which a failed replication is tried again; at first never, as in ECR.
    pub fn replication_retry(mut self, after: Duration) -> Self {
        self.0.replication_retry = Some(duration_message(after));
        self
    }
}

impl From<Tasks> for Seed {
    fn from(tasks: Tasks) -> Self {
        Self::of([proto::document::Kind::Tasks(tasks.0)])
    }
}

/// An image to be generated: valid, pullable, the same bytes for the same description. Begin with [`image`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ImageSpec(proto::ImageDocument);

/// Begins an image of one tag; more by [`ImageSpec::tag`].
pub fn image(tag: &str) -> ImageSpec {
    untagged_image().tag(tag)
}

/// Begins an image without a tag.
pub fn untagged_image() -> ImageSpec {
    ImageSpec(proto::ImageDocument::default())
}

impl ImageSpec {
    /// Adds a tag.
    pub fn tag(mut self, tag: &str) -> Self {
        self.0.tags.push(tag.to_owned());
        self
    }

    /// Number of layers, 1 to 127; at first 2.
    pub fn layers(mut self, layers: u32) -> Self {
        self.0.layers = Some(layers);
        self
    }

    /// Bytes of content in each layer, up to 1 GiB; at first 1024.
    pub fn layer_size(mut self, bytes: u64) -> Self {
        self.0.layer_size_bytes = Some(bytes);
        self
    }

    /// Platforms, `os/architecture[/variant]`; at first one image for `linux/amd64`. Two or more make an index.
    pub fn platforms(mut self, platforms: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.platforms = platforms.into_iter().map(Into::into).collect();
        self
    }

    /// Seed of the content; at first derived from the first tag.
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = Some(seed);
        self
    }

    /// Push time; at first the world's time when it is applied.
    pub fn pushed_at(mut self, instant: SystemTime) -> Self {
        self.0.pushed_at = Some(timestamp(instant));
        self
    }

    /// Puts it into the archive.
    pub fn archived(mut self) -> Self {
        self.0.archived = Some(true);
        self
    }

    /// Docker manifests instead of OCI ones.
    pub fn docker(mut self) -> Self {
        self.0.format = proto::ImageFormat::Docker.into();
        self
    }
}

impl From<&str> for ImageSpec {
    fn from(tag: &str) -> Self {
        image(tag)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Seed {
    fn from(documents: Vec<T>) -> Self {
        Self::joined(documents.into_iter().map(Into::into))
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Seed {
    fn from(documents: [T; N]) -> Self {
        Self::joined(documents.into_iter().map(Into::into))
    }
}

impl<A: Into<Self>, B: Into<Self>> From<(A, B)> for Seed {
    fn from((a, b): (A, B)) -> Self {
        Self::joined([a.into(), b.into()])
    }
}

impl<A: Into<Self>, B: Into<Self>, C: Into<Self>> From<(A, B, C)> for Seed {
    fn from((a, b, c): (A, B, C)) -> Self {
        Self::joined([a.into(), b.into(), c.into()])
    }
}

impl<A: Into<Self>, B: Into<Self>, C: Into<Self>, D: Into<Self>> From<(A, B, C, D)> for Seed {
    fn from((a, b, c, d): (A, B, C, D)) -> Self {
        Self::joined([a.into(), b.into(), c.into(), d.into()])
    }
}

fn replication(destinations: Vec<String>, repository_prefixes: Vec<String>) -> proto::ReplicationDocument {
    if destinations.is_empty() {
        return proto::ReplicationDocument { rules: vec![] };
    }
    let destinations = destinations.iter().map(|text| match text.rsplit_once('/') {
        Some((account, region)) => {
            proto::ReplicationDestinationDocument { region: region.to_owned(), account: Some(account.to_owned()) }
        }
        None => proto::ReplicationDestinationDocument { region: text.clone(), account: None },
    });
    let destinations = destinations.collect();
    let rule = proto::ReplicationRuleDocument { destinations, repository_prefixes, delete_replication: None };
    proto::ReplicationDocument { rules: vec![rule] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::minutes;
    use proto::document::Kind;

    fn kinds(seed: impl Into<Seed>) -> Vec<Kind> {
        seed.into().documents.into_iter().filter_map(|document| document.kind).collect()
    }

    #[test]
    fn a_repository_alone_is_one_document() {
        let kinds = kinds(repo("app").image("v1").tag_mutability(TagMutability::Immutable));
        let [Kind::Repository(repository)] = kinds.as_slice() else { panic!("{kinds:?}") };
        assert_eq!(repository.name, "app");
        assert_eq!(repository.images[0].tags, ["v1"]);
        assert_eq!(repository.image_tag_mutability.as_deref(), Some("IMMUTABLE"));
    }

    #[test]
    fn findings_are_one_declaration_for_the_repository() {
        let kinds = kinds(repo("app").finding("CVE-1", "HIGH").finding("CVE-2", "LOW"));
        let [Kind::Repository(repository)] = kinds.as_slice() else { panic!("{kinds:?}") };
        let [scan] = repository.scans.as_slice() else { panic!("{repository:?}") };
        assert_eq!((scan.findings.len(), scan.image_tag.as_deref()), (2, None));
        assert_eq!(scan.findings[0].severity.as_deref(), Some("HIGH"));
    }

    #[test]
    fn its_short_spellings_are_documents_of_their_own() {
        let story = repo("app").replicate_to(["eu-west-1", "210987654321/eu-west-2"]).task_retry(minutes(5));
        let kinds = kinds(story.region("us-west-2"));
        let [Kind::Registry(registry), Kind::Repository(_), Kind::Tasks(tasks)] = kinds.as_slice() else {
            panic!("{kinds:?}")
        };
        assert_eq!(registry.region.as_deref(), Some("us-west-2"));
        let destinations = &registry.replication.as_ref().unwrap().rules[0].destinations;
        assert_eq!((destinations[0].region.as_str(), destinations[0].account.as_deref()), ("eu-west-1", None));
        assert_eq!(destinations[1].account.as_deref(), Some("210987654321"));
        assert_eq!(tasks.replication_retry.map(|retry| retry.seconds), Some(300));
    }

    #[test]
    fn no_destination_clears_the_replication_configuration() {
        let kinds = kinds(registry().replicate_to([] as [&str; 0]));
        let [Kind::Registry(registry)] = kinds.as_slice() else { panic!("{kinds:?}") };
        assert_eq!(registry.replication, Some(proto::ReplicationDocument { rules: vec![] }));
    }

    #[test]
    fn documents_keep_their_order_in_arrays_and_tuples() {
        assert_eq!(kinds([repo("a"), repo("b")]).len(), 2);
        assert_eq!(kinds(vec![repo("a")]).len(), 1);
        let both = upstream("quay.io").repository("app", [image("v1").layers(3).docker(), untagged_image()]);
        let kinds = kinds((both, cache_rule("quay", "quay.io"), [tasks().replication_duration(minutes(1))]));
        let [Kind::Upstream(upstream), Kind::Registry(registry), Kind::Tasks(_)] = kinds.as_slice() else {
            panic!("{kinds:?}")
        };
        assert_eq!(upstream.repositories[0].images[0].layers, Some(3));
        assert_eq!(upstream.repositories[0].images[1].tags, Vec::<String>::new());
        assert_eq!(registry.cache_rules[0].prefix, "quay");
    }
}
