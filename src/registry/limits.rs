//! Every limit of ECR that the model keeps: value, unit, source. Nothing here decides anything.
//!
//! Quotas: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>; shapes: the service model
//! `ecr/2015-09-21`.

use std::time::Duration;

/// Repositories of one registry (account and region). Quota.
pub const REPOSITORIES_PER_REGISTRY: usize = 100_000;

/// Images of one repository. Quota.
pub const IMAGES_PER_REPOSITORY: usize = 100_000;

/// Tags of one image. Quota.
pub const TAGS_PER_IMAGE: usize = 1_000;

/// Resource tags of one repository.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html>
pub const RESOURCE_TAGS_PER_REPOSITORY: usize = 50;

/// Characters of a resource tag's key. Same source.
pub const RESOURCE_TAG_KEY_CHARACTERS: usize = 128;

/// Characters of a resource tag's value. Same source.
pub const RESOURCE_TAG_VALUE_CHARACTERS: usize = 256;

/// Filters of a tag mutability mode with exclusions. Shape `ImageTagMutabilityExclusionFilters`.
pub const MUTABILITY_FILTERS: usize = 5;

/// Characters of such a filter. Shape `ImageTagMutabilityExclusionFilterValue`.
pub const MUTABILITY_FILTER_CHARACTERS: usize = 128;

/// Stars in such a filter.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html>
pub const MUTABILITY_FILTER_WILDCARDS: usize = 2;

/// Bytes of a manifest. Shape `ImageManifest`, in characters there; manifests are ASCII but for annotations.
pub const MANIFEST_BYTES: usize = 4_194_304;

/// Bytes that `InitiateLayerUpload` suggests for a part.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html>
pub const LAYER_PART_SUGGESTED_BYTES: u64 = 10_485_760;

/// Bytes of the smallest part that need not be the last one. Quota "Minimum layer part size".
pub const LAYER_PART_LEAST_BYTES: u64 = 5_242_880;

/// Bytes of the largest part. Shape `LayerPartBlob`.
pub const LAYER_PART_MOST_BYTES: u64 = 20_971_520;

/// Parts of one layer. Quota "Layer parts".
pub const LAYER_PARTS: u32 = 4_200;

/// Bytes of one layer. Quota "Maximum layer size", 52 000 MiB.
pub const LAYER_BYTES: u64 = 52_000 * 1_048_576;

/// How long an upload lives after its last byte, or after it was opened. That it ends is certain; no source tells when, so
/// this number is ours.
pub const UPLOAD_LIFE: Duration = Duration::from_hours(24);

/// Image ids in one call. Shape `ImageIdentifierList`.
pub const IMAGE_IDS_PER_CALL: usize = 100;

/// Layer digests in one call. Shape `BatchedOperationLayerDigestList`.
pub const LAYER_DIGESTS_PER_CALL: usize = 100;

/// Entries of a page when the caller names no number. Documentation of `maxResults`.
pub const PAGE_DEFAULT: usize = 100;

/// Entries of the largest page. Shape `MaxResults`.
pub const PAGE_MAXIMUM: usize = 1_000;

/// Entries of a page of `ListImageReferrers` when the caller names no number. Documentation of its `maxResults`.
pub const REFERRERS_PAGE_DEFAULT: usize = 20;

/// Entries of the largest page of `ListImageReferrers`. Shape `FiftyMaxResults`.
pub const REFERRERS_PAGE_MAXIMUM: usize = 50;

/// Artifact types in one filter of referrers. Shape `ArtifactTypeList`.
pub const ARTIFACT_TYPES_PER_FILTER: usize = 5;

/// Characters of an artifact type. Shape `ArtifactType`.
pub const ARTIFACT_TYPE_CHARACTERS: usize = 255;

/// Entries of the largest page of `GetLifecyclePolicyPreview`. Shape `LifecyclePreviewMaxResults`.
pub const PREVIEW_PAGE_MAXIMUM: usize = 100;

/// Characters of the shortest lifecycle policy. Shape `LifecyclePolicyText`.
pub const LIFECYCLE_POLICY_LEAST_CHARACTERS: usize = 100;

/// Characters of the longest lifecycle policy. Same shape.
pub const LIFECYCLE_POLICY_MOST_CHARACTERS: usize = 30_720;

/// Rules of one lifecycle policy. Quota.
pub const LIFECYCLE_POLICY_RULES: usize = 50;

/// Characters of a policy of a repository or a registry. Shapes `RepositoryPolicyText`, `RegistryPolicyText`.
pub const POLICY_CHARACTERS: usize = 10_240;

/// Characters of a principal's ARN. Shape `PrincipalArn`.
pub const PRINCIPAL_ARN_CHARACTERS: usize = 200;

/// Principals of one registry whose pulls are not recorded.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-time-update-exclusions.html>
pub const PULL_TIME_EXCLUSIONS: usize = 100;

/// Pull-through cache rules of one registry. Quota.
pub const CACHE_RULES_PER_REGISTRY: usize = 50;

/// Repository creation templates of one registry. No source tells a number; this one is ours.
pub const CREATION_TEMPLATES_PER_REGISTRY: usize = 100;

/// Replication backfills of one registry that have not ended.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartReplicationBackfill.html>
pub const RUNNING_BACKFILLS: usize = 10;

/// How long a backfill is kept after its end.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListReplicationBackfills.html>
pub const BACKFILLS_KEPT: Duration = Duration::from_hours(90 * 24);

/// Entries of a page of `ListReplicationBackfills` when the caller names no number. Documentation of its `maxResults`.
pub const BACKFILLS_PAGE_DEFAULT: usize = 25;

/// Entries of the largest page of `ListReplicationBackfills`. Shape `FiftyMaxResults`.
pub const BACKFILLS_PAGE_MAXIMUM: usize = 50;

/// Rules of a replication configuration. Shape `ReplicationRuleList` (10 in models before November 2026).
pub const REPLICATION_RULES: usize = 25;

/// Different destinations over all rules. Quota.
pub const REPLICATION_DESTINATIONS: usize = 25;

/// Repository filters of one replication rule. Quota.
pub const REPLICATION_FILTERS_PER_RULE: usize = 100;

/// Rules of a registry's scanning configuration. Shape `RegistryScanningRuleList`.
pub const SCANNING_RULES: usize = 2;

/// Repository filters of one scanning rule. Shape `ScanningRepositoryFilterList`.
pub const SCANNING_FILTERS_PER_RULE: usize = 100;

/// Characters of such a filter. Shape `ScanningRepositoryFilterValue`.
pub const SCAN_FILTER_CHARACTERS: usize = 255;

/// Stars in such a filter.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html>
pub const SCAN_FILTER_WILDCARDS: usize = 4;

/// Repositories in one `BatchGetRepositoryScanningConfiguration`. Shape `ScanningConfigurationRepositoryNameList`.
pub const SCANNING_REPOSITORIES_PER_CALL: usize = 25;

/// How long after the begin of an image's basic scan the next one may begin.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html>
pub const SCAN_INTERVAL: Duration = Duration::from_hours(24);

/// Attributes of one finding. Shape `AttributeList`.
pub const ATTRIBUTES_PER_FINDING: usize = 50;

/// Characters of an attribute's key. Shape `AttributeKey`.
pub const ATTRIBUTE_KEY_CHARACTERS: usize = 128;

/// Characters of an attribute's value. Shape `AttributeValue`.
pub const ATTRIBUTE_VALUE_CHARACTERS: usize = 256;

/// Rules of a signing configuration. Shape `SigningRuleList`.
pub const SIGNING_RULES: usize = 10;

/// Repository filters of one signing rule. Shape `SigningRepositoryFilterList`.
pub const SIGNING_FILTERS_PER_RULE: usize = 100;

/// Characters of such a filter. Shape `SigningRepositoryFilterValue`.
pub const SIGNING_FILTER_CHARACTERS: usize = 256;

/// Characters of a signing profile's ARN. Shape `SigningProfileArn`.
pub const SIGNING_PROFILE_ARN_CHARACTERS: usize = 200;

/// How old a recorded pull time gets before a pull moves it: ECR promises a refresh at least once in 24 hours.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html>
pub const PULL_TIME_GRANULARITY: Duration = Duration::from_hours(24);
