//! Policies in documents: the JSON texts that the operations take, checked as they check them.

use std::fmt::Display;

use super::Ground;
use crate::operations::actions;
use crate::proto;
use crate::registry::policy::iam::{PolicyDocument, PolicyGrammar, PolicyKind};
use crate::registry::policy::lifecycle::LifecyclePolicy;
use crate::registry::types::RegistryKey;
use crate::registry::{Encryption, EncryptionType, ResourceTag, ResourceTags, limits};
use crate::seed::violation::Place;

/// The policy of a repository or a registry; `registry` is absent if it was refused.
pub(super) fn resource_policy(
    text: &str,
    kind: PolicyKind,
    registry: Option<&RegistryKey>,
    place: &Place<'_>,
) -> Option<PolicyDocument> {
    let most = limits::POLICY_CHARACTERS;
    if text.chars().count() > most {
        place.refuse(format_args!("must have length less than or equal to {most}"));
        return None;
    }
    let partition = registry.map_or("aws", RegistryKey::partition);
    let grammar = PolicyGrammar { kind, partition, known_actions: actions() };
    // ECR never says why; a seed has no reason to be as silent.
    place.accept(PolicyDocument::parse(text, &grammar).map_err(|invalid| Because(invalid.to_string(), invalid.reason)))
}

struct Because(String, String);

impl Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(told, reason) = self;
        f.write_str(told)?;
        if told.contains(reason.as_str()) { Ok(()) } else { write!(f, ": {reason}") }
    }
}

/// A lifecycle policy, with its text minified.
pub(super) fn lifecycle_policy(text: &str, ground: &Ground<'_>, place: &Place<'_>) -> Option<LifecyclePolicy> {
    let least = limits::LIFECYCLE_POLICY_LEAST_CHARACTERS;
    if text.chars().count() < least {
        place.refuse(format_args!("must have length greater than or equal to {least}"));
        return None;
    }
    let policy = place.accept(LifecyclePolicy::parse(text))?;
    place.accept(ground.quotas.check_lifecycle_policy(&policy).map_err(|error| error.constraint))?;
    Some(policy.into_minified())
}

/// Resource tags, each refused by itself and then all together.
pub(super) fn resource_tags(
    documents: &[proto::ResourceTagDocument],
    ground: &Ground<'_>,
    place: &Place<'_>,
) -> Option<ResourceTags> {
    const LIST: &str = "resource_tags";
    let tags = place.each(LIST, documents, |document, place| {
        let tag = ResourceTag { key: document.key.clone(), value: document.value.clone().unwrap_or_default() };
        place.accept(ResourceTags::new(vec![tag.clone()], &ground.quotas)).map(|_| tag)
    });
    if tags.len() < documents.len() {
        return None;
    }
    place.member(LIST).accept(ResourceTags::new(tags, &ground.quotas))
}

/// Encryption; one that the document lacks is none.
pub(super) fn encryption(
    document: Option<&proto::EncryptionDocument>,
    place: &Place<'_>,
) -> Option<Option<Encryption>> {
    let Some(document) = document else { return Some(None) };
    let place = place.member("encryption");
    let kind = EncryptionType::from_name(&document.encryption_type);
    let kind = place.member("encryption_type").accept(kind.ok_or("must be one of `AES256`, `KMS` and `KMS_DSSE`"))?;
    if kind == EncryptionType::Aes256 && document.kms_key.is_some() {
        place.member("kms_key").refuse("must not be there with `AES256`");
        return None;
    }
    Some(Some(Encryption { encryption_type: kind, kms_key: document.kms_key.as_deref().map(Into::into) }))
}
