//! Repository creation templates of a registry.

use super::repository::mutability;
use super::{Distinct, Ground, parse, policies};
use crate::proto;
use crate::registry::policy::iam::PolicyKind;
use crate::registry::types::{RegistryKey, TemplatePrefix, Timestamp};
use crate::registry::{AppliedFor, Template};
use crate::seed::violation::Place;

/// Checks one template of a registry, which is absent if it was refused. `prefixes` are those of the templates before it,
/// without their slashes, which do not tell them apart. Its times are those of applying it.
pub(super) fn check(
    document: &proto::CreationTemplateDocument,
    place: &Place<'_>,
    registry: Option<&RegistryKey>,
    prefixes: &mut Distinct<String>,
    ground: &Ground<'_>,
) -> Option<Template> {
    let member = place.member("prefix");
    let prefix = parse::<TemplatePrefix>(&document.prefix, &member);
    let prefix = prefix.filter(|prefix| prefixes.note(prefix.without_slash().to_owned(), &member).is_some());
    let tag_mutability =
        mutability(document.image_tag_mutability.as_deref(), &document.mutability_exclusion_filters, place);
    let encryption = policies::encryption(document.encryption.as_ref(), place);
    let resource_tags = policies::resource_tags(&document.resource_tags, ground, place);
    let repository_policy = document.repository_policy.as_ref().map(|text| {
        policies::resource_policy(text, PolicyKind::Repository, registry, &place.member("repository_policy"))
    });
    let lifecycle_policy = document
        .lifecycle_policy
        .as_ref()
        .map(|text| policies::lifecycle_policy(text, ground, &place.member("lifecycle_policy")));
    let applied_for = applied_for(&document.applied_for, place);
    Some(Template {
        prefix: prefix?,
        description: document.description.clone().filter(|text| !text.is_empty()),
        encryption: encryption?.unwrap_or_default(),
        resource_tags: resource_tags?,
        tag_mutability: tag_mutability?,
        repository_policy: repository_policy.flatten(),
        lifecycle_policy: lifecycle_policy.flatten(),
        applied_for,
        custom_role_arn: document.custom_role_arn.clone().filter(|text| !text.is_empty()),
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    })
}

fn applied_for(names: &[String], place: &Place<'_>) -> Vec<AppliedFor> {
    const LIST: &str = "applied_for";
    const UNKNOWN: &str = "must be one of `REPLICATION`, `PULL_THROUGH_CACHE` and `CREATE_ON_PUSH`";
    if names.is_empty() {
        place.member(LIST).refuse("must not be empty");
    }
    place.each(LIST, names, |name, place| {
        place.accept(AppliedFor::ALL.into_iter().find(|moment| moment.as_str() == name).ok_or(UNKNOWN))
    })
}
