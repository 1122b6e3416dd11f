//! One file for each operation of the model: `Input`, `Output`, `Error`, `apply`.
//!
//! Each checks everything and then changes something, so that an error leaves the registry as it was. Called qualified:
//! `put_image::apply`.

pub mod batch_check_layer_availability;
pub mod batch_delete_image;
pub mod batch_get_image;
pub mod batch_get_repository_scanning_configuration;
pub mod complete_layer_upload;
pub mod create_pull_through_cache_rule;
pub mod create_repository;
pub mod create_repository_creation_template;
pub mod delete_lifecycle_policy;
pub mod delete_pull_through_cache_rule;
pub mod delete_registry_policy;
pub mod delete_repository;
pub mod delete_repository_creation_template;
pub mod delete_repository_policy;
pub mod deregister_pull_time_update_exclusion;
pub mod describe_image_replication_status;
pub mod describe_image_scan_findings;
pub mod describe_image_signing_status;
pub mod describe_images;
pub mod describe_pull_through_cache_rules;
pub mod describe_registry;
pub mod describe_replication_backfill_results;
pub mod describe_repositories;
pub mod describe_repository_creation_templates;
pub mod download_layer;
pub mod get_account_setting;
pub mod get_lifecycle_policy;
pub mod get_lifecycle_policy_preview;
pub mod get_registry_policy;
pub mod get_repository_policy;
pub mod initiate_layer_upload;
pub mod list_images;
pub mod list_pull_time_update_exclusions;
pub mod list_referrers;
pub mod list_replication_backfills;
pub mod list_tags_for_resource;
pub mod put_account_setting;
pub mod put_image;
pub mod put_image_scanning_configuration;
pub mod put_image_tag_mutability;
pub mod put_lifecycle_policy;
pub mod put_registry_policy;
pub mod put_replication_configuration;
pub mod register_pull_time_update_exclusion;
pub mod registry_scanning_configuration;
pub mod set_repository_policy;
pub mod signing_configuration;
pub mod start_image_scan;
pub mod start_lifecycle_policy_preview;
pub mod start_replication_backfill;
pub mod stop_replication_backfill;
pub mod tag_resource;
pub mod untag_resource;
pub mod update_image_storage_class;
pub mod update_pull_through_cache_rule;
pub mod update_repository_creation_template;
pub mod upload_layer_part;
pub mod validate_pull_through_cache_rule;

// What only the registry surface asks for.
pub mod append_upload;
pub mod cancel_upload;
pub mod delete_blob;
pub mod delete_manifest;
pub mod finish_upload;
pub mod image_by_reference;
pub mod list_repository_names;
pub mod list_tags;
pub mod mount_blob;
pub mod put_manifest;
pub mod stat_blob;
pub mod upload_status;

// What a pull-through cache brings in.
pub mod cache_fill;
