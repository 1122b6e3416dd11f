//! The document of one repository: its settings, its images and what scans find in them.

use super::{Ground, images, parse, policies, registry_key, scan};
use crate::proto;
use crate::registry::policy::iam::PolicyKind;
use crate::registry::types::RepositoryName;
use crate::registry::{TagFilter, TagMutability, TagMutabilityMode};
use crate::seed::plan::RepositoryPlan;
use crate::seed::violation::Place;

/// Checks a repository document.
pub(super) fn check(
    document: &proto::RepositoryDocument,
    place: &Place<'_>,
    ground: &Ground<'_>,
) -> Option<RepositoryPlan> {
    let registry = registry_key(document.account.as_deref(), document.region.as_deref(), place, ground.defaults);
    let name = parse::<RepositoryName>(&document.name, &place.member("name"));
    let filters = &document.mutability_exclusion_filters;
    let tag_mutability = mutability(document.image_tag_mutability.as_deref(), filters, place);
    let images = images(&document.images, place);
    let scans = place.each("scans", &document.scans, |scan, place| scan::check(scan, place, name.as_ref()));
    let policy = document.policy.as_ref().map(|text| {
        policies::resource_policy(text, PolicyKind::Repository, registry.as_ref(), &place.member("policy"))
    });
    let lifecycle_policy = document
        .lifecycle_policy
        .as_ref()
        .map(|text| policies::lifecycle_policy(text, ground, &place.member("lifecycle_policy")));
    let resource_tags = policies::resource_tags(&document.resource_tags, ground, place);
    let encryption = policies::encryption(document.encryption.as_ref(), place);
    Some(RepositoryPlan {
        registry: registry?,
        name: name?,
        tag_mutability: tag_mutability?,
        images,
        scan_on_push: document.scan_on_push.unwrap_or(false),
        scans,
        policy: policy.flatten(),
        lifecycle_policy: lifecycle_policy.flatten(),
        resource_tags: resource_tags?,
        encryption: encryption?,
    })
}

/// A mode of tag mutability, by its name, and its filters.
pub(super) fn mutability(mode: Option<&str>, filters: &[String], place: &Place<'_>) -> Option<TagMutability> {
    const LIST: &str = "mutability_exclusion_filters";
    let checked = place.each(LIST, filters, |text, place| parse::<TagFilter>(text, place));
    let mode = mode.map_or(Some(TagMutabilityMode::default()), |name| {
        place.member("image_tag_mutability").accept(TagMutabilityMode::from_name(name).ok_or(UNKNOWN_MODE))
    })?;
    // With a filter refused already, a word on the others would mislead.
    let complete = checked.len() == filters.len();
    let mutability = TagMutability::new(mode, checked).map_err(|error| error.constraint);
    if complete { place.member(LIST).accept(mutability) } else { None }
}

const UNKNOWN_MODE: &str =
    "must be one of `MUTABLE`, `IMMUTABLE`, `MUTABLE_WITH_EXCLUSION` and `IMMUTABLE_WITH_EXCLUSION`";
