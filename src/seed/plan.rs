//! Checked documents: what to put into a world, in the model's own types.
//!
//! A plan says what should be, not how to get there. Rules that depend on what a world holds already are checked by the
//! model when the plan is applied.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::image_spec::ImageSpec;
use super::upstream_host::UpstreamHost;
use crate::operations::Operation;
use crate::registry::policy::iam::PolicyDocument;
use crate::registry::policy::lifecycle::LifecyclePolicy;
use crate::registry::scanning::{DeclaredScan, ScanSubject, ScanningConfiguration};
use crate::registry::seeding::SeedAccountSettings;
use crate::registry::signing::SigningConfiguration;
use crate::registry::types::{AccountId, Arn, CacheRulePrefix, RegistryKey, RepositoryName, Tag, Timestamp};
use crate::registry::{
    Encryption, Quotas, ReplicationConfiguration, ResourceTags, SecretState, TagMutability, Template,
};
use crate::throttles::Rate;

/// One checked document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedDocument {
    /// Settings of one registry.
    Registry(RegistryPlan),
    /// A repository and its images.
    Repository(RepositoryPlan),
    /// An in-process upstream registry.
    Upstream(UpstreamPlan),
    /// How long tasks take.
    Tasks(TaskPlan),
    /// A principal with policies of its own.
    Principal(PrincipalPlan),
    /// Rates of calls.
    Throttles(ThrottlePlan),
    /// What the registries of the world may hold, as it is after this document and those before it.
    Quotas(Quotas),
    /// A secret with the login of an upstream.
    Secret(SecretPlan),
    /// What the registry surface offers.
    Surface(SurfacePlan),
}

/// What the registry surface offers; what is absent stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurfacePlan {
    /// Whether there is a referrers API.
    pub referrers: Option<bool>,
    /// Whether `GET` of a blob is redirected.
    pub redirects: Option<bool>,
}

/// Rates of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottlePlan {
    /// Those that differ from ECR's; absent: nothing is throttled.
    pub rates: Option<BTreeMap<Operation, Rate>>,
}

/// A secret with the login of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPlan {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Whether ECR can use it.
    pub state: SecretState,
    /// User name and token; there exactly if it can.
    pub login: Option<(Arc<str>, Arc<str>)>,
}

/// A principal with policies of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalPlan {
    /// Its account, as in its ARN.
    pub account: AccountId,
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its policies; none for a session of a role.
    pub policies: Option<Arc<[PolicyDocument]>>,
    /// The access key by which it calls.
    pub access_key: Option<AccessKeyPlan>,
}

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKeyPlan {
    /// Its id.
    pub id: Arc<str>,
    /// Its secret.
    pub secret: Arc<str>,
    /// The session token of a temporary key, and when that ends, if ever.
    pub session: Option<(Arc<str>, Option<Timestamp>)>,
}

/// Settings of one registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryPlan {
    /// Which registry.
    pub registry: RegistryKey,
    /// The whole replication configuration; empty clears it, none leaves it as it is.
    pub replication: Option<ReplicationConfiguration>,
    /// Pull-through cache rules to have, no two with one prefix.
    pub cache_rules: Vec<CacheRulePlan>,
    /// Accounts that may replicate into this registry and create repositories there.
    pub replication_sources: Vec<AccountId>,
    /// Its policy; none leaves it as it is.
    pub policy: Option<PolicyDocument>,
    /// Creation templates to have, no two with one prefix. Their times mean nothing.
    pub templates: Vec<Template>,
    /// Settings of its account; none leaves them as they are.
    pub account_settings: Option<SeedAccountSettings>,
    /// The whole scanning configuration; none leaves it as it is.
    pub scanning: Option<ScanningConfiguration>,
    /// The whole signing configuration; none leaves it as it is.
    pub signing: Option<SigningConfiguration>,
    /// Users and roles whose pulls are not recorded.
    pub pull_time_exclusions: Vec<Arn>,
}

/// A pull-through cache rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRulePlan {
    /// Prefix of repository names here.
    pub prefix: CacheRulePrefix,
    /// Upstream registry.
    pub upstream: UpstreamHost,
    /// Prefix of names upstream; `ROOT` when the document does not say.
    pub upstream_prefix: CacheRulePrefix,
    /// Secret with the upstream's login; none leaves it as it is.
    pub credential_arn: Option<Arc<str>>,
}

/// A repository and its images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryPlan {
    /// Registry it is in.
    pub registry: RegistryKey,
    /// Its name.
    pub name: RepositoryName,
    /// Whether tags can move.
    pub tag_mutability: TagMutability,
    /// Images to have; no tag appears twice.
    pub images: Vec<ImagePlan>,
    /// Whether each push starts a scan.
    pub scan_on_push: bool,
    /// What scans of its images find.
    pub scans: Vec<(ScanSubject, DeclaredScan)>,
    /// Its policy; none leaves it as it is.
    pub policy: Option<PolicyDocument>,
    /// Its lifecycle policy; none leaves it as it is.
    pub lifecycle_policy: Option<LifecyclePolicy>,
    /// Resource tags to have.
    pub resource_tags: ResourceTags,
    /// Its encryption if it is new; none: AES256.
    pub encryption: Option<Encryption>,
}

/// An image to generate and where its tags point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePlan {
    /// Its tags; empty: untagged.
    pub tags: Vec<Tag>,
    /// What to generate.
    pub spec: ImageSpec,
    /// Push time; none: the world's time when the plan is applied.
    pub pushed_at: Option<Timestamp>,
    /// Whether it is in the archive; none leaves it as it is.
    pub archived: Option<bool>,
}

/// An in-process upstream registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamPlan {
    /// Host that cache rules name.
    pub host: UpstreamHost,
    /// Its repositories, no two of one name.
    pub repositories: Vec<UpstreamRepositoryPlan>,
    /// User name and token without which it answers nothing; none leaves it as it is.
    pub login: Option<(Arc<str>, Arc<str>)>,
}

/// A repository of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamRepositoryPlan {
    /// Its name.
    pub name: RepositoryName,
    /// Its images; no tag appears twice.
    pub images: Vec<ImagePlan>,
}

/// How long tasks take; none leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskPlan {
    /// Virtual time from a push until replication ends.
    pub replication_duration: Option<Duration>,
    /// Virtual time after which a failed replication is tried again.
    pub replication_retry: Option<Duration>,
}
