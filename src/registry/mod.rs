//! The model of one registry, which is one AWS account in one region.
//!
//! Ordinary synchronous Rust: state in, typed input in, time in; typed result out. It knows nothing of HTTP, gRPC, JSON
//! envelopes, locks, wall clocks or randomness.

mod map;
pub(crate) mod object;
mod stars;
pub mod types;

pub mod account_settings;
pub mod authorization;
pub mod cache_rules;
pub mod context;
pub mod conversion;
pub mod encryption;
pub mod errors;
pub mod image;
pub mod image_identifier;
pub mod lifecycle;
pub mod limits;
pub mod manifest;
pub mod media_type;
pub mod ops;
pub mod page;
pub mod policy;
pub mod pull_time_exclusions;
pub mod quotas;
pub mod replication;
pub mod repository;
mod repository_filter;
pub mod resource_tags;
pub mod scanning;
pub mod secrets;
pub mod seeding;
pub mod signing;
pub mod small_set;
pub mod state;
pub mod tag_mutability;
pub mod templates;
pub mod upload;
pub mod work;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod push_tests;
#[cfg(test)]
mod quota_tests;
#[cfg(test)]
mod testing;

pub use account_settings::{AccountSetting, AccountSettings, BlobMounting};
pub use authorization::{Access, Refused, authorize};
pub use cache_rules::{CacheRule, UpstreamRegistry, cache_rule_for};
pub use context::{Caller, Context, Effect, Ids, NoSurroundings, Surroundings};
pub use encryption::{Encryption, EncryptionType};
pub use image::{Image, ImageStatus, ReplicationState, ReplicationStatus};
pub use image_identifier::{ImageFailure, ImageFailureCause, ImageId, ImageIdentifier, Reference};
pub use manifest::{Descriptor, Kind, Manifest, ManifestError};
pub use map::Map;
pub use media_type::MediaType;
pub use page::PageRequest;
pub use pull_time_exclusions::PullTimeExclusions;
pub use quotas::{InvalidQuota, Quotas};
pub use replication::{Backfill, ReplicationConfiguration, ReplicationFailure, ReplicationRule};
pub use repository::{Repository, StoredLayer, Tags};
pub use resource_tags::{ResourceTag, ResourceTags};
pub use secrets::SecretState;
pub use state::Registry;
pub use tag_mutability::{TagFilter, TagMutability, TagMutabilityMode};
pub use templates::{AppliedFor, Template};
pub use upload::Upload;
pub use work::{Work, WorkResult};
