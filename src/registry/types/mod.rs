//! Identifiers and small values of the model. What reaches the model is already one of these.

mod arn;
mod blob;
mod digest;
mod names;
mod timestamp;

pub use arn::{Arn, InvalidArn};
pub use blob::{StoredBlob, VerifiedBlob};
pub use digest::{Digest, DigestAlgorithm, InvalidDigest};
pub use names::{
    AccountId, CACHE_RULE_PREFIX_PATTERN, CacheRulePrefix, InvalidName, REPOSITORY_NAME_PATTERN, Region, RegistryKey,
    RepositoryArn, RepositoryName, TAG_PATTERN, Tag, TemplatePrefix, UploadId,
};
pub use timestamp::{InvalidTimestamp, Timestamp};
