//! One file for each operation of the model: `Input`, `Output`, `Error`, `apply`.
//!
//! Each checks everything and then changes something, so that an error leaves the registry as it was. Called qualified:
//! `put_image::apply`.

pub mod batch_check_layer_availability;
pub mod batch_delete_image;
pub mod batch_get_image;
pub mod complete_layer_upload;
pub mod create_pull_through_cache_rule;
pub mod create_repository;
pub mod delete_pull_through_cache_rule;
pub mod delete_repository;
pub mod describe_image_replication_status;
pub mod describe_images;
pub mod describe_pull_through_cache_rules;
pub mod describe_registry;
pub mod describe_repositories;
pub mod download_layer;
pub mod initiate_layer_upload;
pub mod list_images;
pub mod put_image;
pub mod put_image_tag_mutability;
pub mod put_replication_configuration;
pub mod upload_layer_part;

// What only the registry surface asks for.
pub mod append_upload;
pub mod cancel_upload;
pub mod finish_upload;
pub mod image_by_reference;
pub mod list_referrers;
pub mod list_tags;
pub mod mount_blob;
pub mod stat_blob;
pub mod upload_status;

// What a pull-through cache brings in.
pub mod cache_fill;
