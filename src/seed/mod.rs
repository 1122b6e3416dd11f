//! Seeding: documents that say what a world holds, checked into plans, and images generated from descriptions.
//!
//! Pure. It puts nothing anywhere: applying a plan to a world is the control plane's part, storing blobs the sink's.

mod content;
mod documents;
mod generate;
mod image_spec;
pub mod json;
mod layer;
mod manifest_json;
mod plan;
mod upstream_host;
mod violation;

pub use documents::{check, check_quotas};
pub use generate::{BlobSink, GeneratedImage, GeneratedManifest, generate};
pub use image_spec::{ImageFormat, ImageSpec, InvalidImageSpec, LayerCount, LayerSize, Platform, Platforms};
pub use layer::LayerTar;
pub use plan::{
    AccessKeyPlan, CacheRulePlan, ImagePlan, PlannedDocument, RegistryPlan, RepositoryPlan, SecretPlan, TaskPlan,
    ThrottlePlan, UpstreamPlan, UpstreamRepositoryPlan,
};
pub use upstream_host::{InvalidUpstreamHost, UpstreamHost};
pub use violation::Violation;
