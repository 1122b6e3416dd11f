//! A registry as a value: repositories, replication, cache rules, policy and settings. Its lookups own their not-found errors.

use std::sync::Arc;

use super::account_settings::AccountSettings;
use super::cache_rules::CacheRule;
use super::errors::{
    CacheRuleNotFound, ImageNotFound, InvalidParameter, LimitExceeded, Limited, RepositoryNotFound,
    RepositoryPolicyNotFound, UploadNotFound,
};
use super::image::{Image, ReplicationState};
use super::image_identifier::{ImageFailureCause, ImageIdentifier};
use super::map::Map;
use super::policy::iam::{PolicyDocument, PolicyGrammar, PolicyKind};
use super::pull_time_exclusions::PullTimeExclusions;
use super::quotas::Quotas;
use super::replication::{Backfill, ReplicationConfiguration};
use super::repository::Repository;
use super::scanning::{DeclaredScan, RegistryScanning, ScanSubject};
use super::signing::SigningConfiguration;
use super::templates::Template;
use super::types::{AccountId, CacheRulePrefix, Digest, RegistryKey, RepositoryName, Tag, Timestamp, UploadId};
use super::upload::Upload;

/// One registry. A clone costs a few pointers and shares everything.
#[derive(Clone, Debug)]
pub struct Registry {
    key: RegistryKey,
    pub(super) repositories: Map<RepositoryName, Arc<Repository>>,
    pub(super) replication: Arc<ReplicationConfiguration>,
    pub(super) replication_sources: Map<AccountId, ()>,
    pub(super) cache_rules: Map<CacheRulePrefix, Arc<CacheRule>>,
    /// Repository creation templates by prefix, without its trailing slash.
    pub(super) templates: Map<Arc<str>, Arc<Template>>,
    /// Backfills by id; those that ended are kept for a while.
    pub(super) backfills: Map<Arc<str>, Arc<Backfill>>,
    /// Backfills begun so far.
    pub(super) backfills_begun: u64,
    pub(super) policy: Option<PolicyDocument>,
    pub(super) account_settings: AccountSettings,
    pub(super) pull_time_exclusions: PullTimeExclusions,
    pub(super) scanning: Arc<RegistryScanning>,
    /// What scans find.
    pub(super) declared_scans: Map<ScanSubject, Arc<DeclaredScan>>,
    pub(super) signing: Option<Arc<SigningConfiguration>>,
    /// How much it may hold, the same for all registries of a world.
    pub(super) quotas: Arc<Quotas>,
}

impl Registry {
    /// An empty registry.
    pub fn new(key: RegistryKey) -> Self {
        Self {
            key,
            repositories: Map::new(),
            replication: Arc::default(),
            replication_sources: Map::new(),
            cache_rules: Map::new(),
            templates: Map::new(),
            backfills: Map::new(),
            backfills_begun: 0,
            policy: None,
            account_settings: AccountSettings::default(),
            pull_time_exclusions: PullTimeExclusions::default(),
            scanning: Arc::default(),
            declared_scans: Map::new(),
            signing: None,
            quotas: Arc::default(),
        }
    }

    /// The same registry with other quotas. What it holds beyond them stays.
    pub fn with_quotas(self, quotas: Arc<Quotas>) -> Self {
        Self { quotas, ..self }
    }

    /// Gives it other quotas.
    pub fn set_quotas(&mut self, quotas: Arc<Quotas>) {
        self.quotas = quotas;
    }

    /// How much it may hold.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Its account and region.
    pub fn key(&self) -> &RegistryKey {
        &self.key
    }

    /// Its id, which is its account.
    pub fn id(&self) -> AccountId {
        self.key.account
    }

    /// Its repositories by name.
    pub fn repositories(&self) -> &Map<RepositoryName, Arc<Repository>> {
        &self.repositories
    }

    /// Its replication configuration.
    pub fn replication(&self) -> &Arc<ReplicationConfiguration> {
        &self.replication
    }

    /// The other accounts that may replicate into it and create repositories in it.
    pub fn replication_sources(&self) -> impl Iterator<Item = &AccountId> {
        self.replication_sources.keys()
    }

    /// Its pull-through cache rules by prefix.
    pub fn cache_rules(&self) -> &Map<CacheRulePrefix, Arc<CacheRule>> {
        &self.cache_rules
    }

    /// What it lets others do, and by scope V2 what it keeps anybody from doing; absent: it has no policy.
    pub fn policy(&self) -> Option<&PolicyDocument> {
        self.policy.as_ref()
    }

    /// The settings of its account.
    pub fn account_settings(&self) -> &AccountSettings {
        &self.account_settings
    }

    /// The principals whose pulls are not recorded.
    pub fn pull_time_exclusions(&self) -> &PullTimeExclusions {
        &self.pull_time_exclusions
    }

    /// Its scanning configuration.
    pub fn scanning(&self) -> &Arc<RegistryScanning> {
        &self.scanning
    }

    /// Its signing configuration; absent until one is put.
    pub fn signing(&self) -> Option<&Arc<SigningConfiguration>> {
        self.signing.as_ref()
    }

    /// Reads a policy that is to be this registry's or one of its repositories'; refused in ECR's words, which are the same
    /// for every fault. `actions` are those of ECR, without `ecr:`.
    pub(super) fn read_policy(
        &self,
        kind: PolicyKind,
        text: &str,
        actions: &[&'static str],
    ) -> Result<PolicyDocument, InvalidParameter> {
        let grammar = PolicyGrammar { kind, partition: self.key.partition(), known_actions: actions };
        PolicyDocument::parse(text, &grammar)
            .map_err(|invalid| InvalidParameter::new("PolicyText", invalid.to_string()))
    }

    /// A repository.
    pub fn repository(&self, name: &RepositoryName) -> Result<&Arc<Repository>, RepositoryNotFound> {
        self.repositories.get(name).ok_or_else(|| self.no_repository(name))
    }

    /// A repository to change: copied if a fork shares it.
    pub(super) fn repository_mut(&mut self, name: &RepositoryName) -> Result<&mut Repository, RepositoryNotFound> {
        let not_found = self.no_repository(name);
        self.repositories.get_mut(name).map(Arc::make_mut).ok_or(not_found)
    }

    fn no_repository(&self, name: &RepositoryName) -> RepositoryNotFound {
        RepositoryNotFound { repository: name.clone(), registry_id: self.id() }
    }

    /// The policy of a repository that has one.
    pub fn repository_policy(&self, name: &RepositoryName) -> Result<&PolicyDocument, PolicyLookupError> {
        let not_found = || RepositoryPolicyNotFound { repository: name.clone(), registry_id: self.id() };
        Ok(self.repository(name)?.policy().ok_or_else(not_found)?)
    }

    /// An upload of a repository that is open at `now`.
    pub fn upload(
        &self,
        name: &RepositoryName,
        upload_id: &UploadId,
        now: Timestamp,
    ) -> Result<&Upload, UploadLookupError> {
        let repository = self.repository(name)?;
        let open = repository.uploads().get(upload_id).filter(|upload| !upload.has_expired(now));
        Ok(open.ok_or_else(|| UploadNotFound {
            upload_id: upload_id.clone(),
            repository: name.clone(),
            registry_id: self.id(),
        })?)
    }

    /// The image that a caller named, and the tag if one was named. A malformed id is not found either.
    pub fn image(
        &self,
        name: &RepositoryName,
        image_id: &ImageIdentifier,
    ) -> Result<(&Arc<Image>, Option<Tag>), ImageLookupError> {
        let repository = self.repository(name)?;
        Ok(repository.resolve(image_id).map_err(|_cause: ImageFailureCause| ImageNotFound {
            image_digest: image_id.digest.clone(),
            image_tag: image_id.tag.clone(),
            repository: name.clone(),
            registry_id: self.id(),
        })?)
    }

    /// The cache rule of a prefix.
    pub fn cache_rule(&self, prefix: &CacheRulePrefix) -> Result<&Arc<CacheRule>, CacheRuleNotFound> {
        let not_found = || CacheRuleNotFound { prefix: prefix.clone(), registry_id: self.id() };
        self.cache_rules.get(prefix).ok_or_else(not_found)
    }

    /// Puts an empty repository in, unless the registry is full. The name must be free.
    pub(super) fn insert_repository(&mut self, repository: Repository) -> Result<(), LimitExceeded> {
        self.check_room(Limited::Repositories, self.repositories.len(), self.quotas.repositories_per_registry)?;
        self.repositories.insert(repository.name.clone(), Arc::new(repository));
        Ok(())
    }

    pub(super) fn limit(&self, what: Limited, most: u64) -> LimitExceeded {
        LimitExceeded { what, most, registry_id: self.id() }
    }

    /// Whether one more fits beside the present ones.
    pub(super) fn check_room(&self, what: Limited, present: usize, most: u64) -> Result<(), LimitExceeded> {
        if (present as u64) < most { Ok(()) } else { Err(self.limit(what, most)) }
    }

    /// Notes where the replication of an image to a destination stands. Nothing happens if the image is gone.
    pub fn set_replication_status(
        &mut self,
        repository: &RepositoryName,
        digest: &Digest,
        destination: RegistryKey,
        state: ReplicationState,
    ) {
        if let Ok(repository) = self.repository_mut(repository) {
            repository.set_replication_state(digest, destination, state);
        }
    }
}

/// An upload could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadLookupError {
    /// Not even its repository is there.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// Its repository has no such upload.
    #[error(transparent)]
    UploadNotFound(#[from] UploadNotFound),
}

/// The policy of a repository could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyLookupError {
    /// Not even the repository is there.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The repository has none.
    #[error(transparent)]
    PolicyNotFound(#[from] RepositoryPolicyNotFound),
}

/// An image could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageLookupError {
    /// Not even its repository is there.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// Its repository has no such image.
    #[error(transparent)]
    ImageNotFound(#[from] ImageNotFound),
}
