//! From the text of a lifecycle policy to its rules.

use std::sync::Arc;

use super::constraints;
use super::errors::{LifecyclePolicyError, LifecyclePolicyFault};
use super::rule::{Action, CountType, Rule, Selection, StorageClass, TagCriteria};
use super::schema;
use crate::registry::policy::Json;

/// A lifecycle policy that ECR would take, with its text. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecyclePolicy {
    text: Arc<str>,
    minified: Arc<str>,
    rules: Arc<[Rule]>,
}

impl LifecyclePolicy {
    /// Reads a policy. Its length is not judged here. Errors: the first fault, with ECR's text.
    pub fn parse(text: &str) -> Result<Self, LifecyclePolicyError> {
        let policy = Json::parse(text).map_err(|_| LifecyclePolicyFault::Unmappable)?;
        if policy.members().is_none() {
            return Err(LifecyclePolicyFault::Unmappable.into());
        }
        schema::POLICY.check(&policy)?;
        let rules = policy.get("rules").and_then(Json::elements).unwrap_or_default();
        let mut rules = rules.iter().map(rule).collect::<Result<Vec<Rule>, LifecyclePolicyFault>>()?;
        rules.sort_by_key(|rule| rule.priority);
        rules.iter().try_for_each(constraints::check_rule)?;
        constraints::check_rules(&rules)?;
        let text: Arc<str> = text.into();
        let minified = policy.to_string();
        // A text without white space, which is what programs send, is kept once.
        let minified = if *minified == *text { text.clone() } else { minified.into() };
        Ok(Self { text, minified, rules: rules.into() })
    }

    /// The text as it came, as previews give it back.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text without white space, members and rules in their author's order, as stored policies are given back.
    pub fn minified(&self) -> &str {
        &self.minified
    }

    /// The policy with its text minified, which is how a repository keeps it.
    pub fn into_minified(self) -> Self {
        Self { text: Arc::clone(&self.minified), ..self }
    }

    /// The rules by ascending priority number, the order in which they are applied.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// Reads a rule that has the shape of one.
fn rule(rule: &Json) -> Result<Rule, LifecyclePolicyFault> {
    let selection = rule.get("selection").ok_or(LifecyclePolicyFault::Unmappable)?;
    let action = rule.get("action").ok_or(LifecyclePolicyFault::Unmappable)?;
    Ok(Rule {
        priority: integer(rule, "rulePriority")?,
        selection: Selection {
            tags: tag_criteria(selection)?,
            storage_class: storage_class(selection)?,
            count_type: count_type(selection)?,
            count_number: integer(selection, "countNumber")?,
        },
        action: action_of(action)?,
    })
}

/// Integers of a policy have 32 bits in the API. That larger ones cannot be mapped is unconfirmed.
fn integer(object: &Json, name: &str) -> Result<u32, LifecyclePolicyFault> {
    let Some(Json::Number(number)) = object.get(name) else { return Err(LifecyclePolicyFault::Unmappable) };
    let integer = number.as_u64().and_then(|number| i32::try_from(number).ok());
    integer.map(i32::unsigned_abs).ok_or(LifecyclePolicyFault::Unmappable)
}

fn tag_criteria(selection: &Json) -> Result<TagCriteria, LifecyclePolicyFault> {
    let (prefixes, patterns) = (texts(selection, PREFIX_LIST), texts(selection, PATTERN_LIST));
    let without_lists = |tag_status, criteria| match (&prefixes, &patterns) {
        (None, None) => Ok(criteria),
        (Some(_), _) => Err(LifecyclePolicyFault::TagListForbidden { list: PREFIX_LIST, tag_status }),
        (None, Some(_)) => Err(LifecyclePolicyFault::TagListForbidden { list: PATTERN_LIST, tag_status }),
    };
    match selection.get("tagStatus").and_then(Json::text) {
        Some("any") => without_lists("any", TagCriteria::Any),
        Some("untagged") => without_lists("untagged", TagCriteria::Untagged),
        Some("tagged") => match (prefixes, patterns) {
            (None, None) => Err(LifecyclePolicyFault::TagListMissing),
            (Some(_), Some(_)) => Err(LifecyclePolicyFault::TwoTagLists),
            (Some(prefixes), None) => Ok(TagCriteria::Prefixes(prefixes.into_iter().map(str::to_owned).collect())),
            (None, Some(patterns)) => {
                patterns.into_iter().map(str::parse).collect::<Result<_, _>>().map(TagCriteria::Patterns)
            }
        },
        _ => Err(LifecyclePolicyFault::Unmappable),
    }
}

fn texts<'a>(selection: &'a Json, list: &str) -> Option<Vec<&'a str>> {
    Some(selection.get(list)?.elements()?.iter().filter_map(Json::text).collect())
}

fn storage_class(selection: &Json) -> Result<StorageClass, LifecyclePolicyFault> {
    match selection.get("storageClass").map(Json::text) {
        None => Ok(StorageClass::default()),
        Some(Some("standard")) => Ok(StorageClass::Standard),
        Some(Some("archive")) => Ok(StorageClass::Archive),
        Some(_) => Err(LifecyclePolicyFault::Unmappable),
    }
}

fn count_type(selection: &Json) -> Result<CountType, LifecyclePolicyFault> {
    match selection.get("countType").and_then(Json::text) {
        Some("imageCountMoreThan") => Ok(CountType::ImageCountMoreThan),
        Some("sinceImagePushed") => Ok(CountType::SinceImagePushed),
        Some("sinceImagePulled") => Ok(CountType::SinceImagePulled),
        Some("sinceImageTransitioned") => Ok(CountType::SinceImageTransitioned),
        _ => Err(LifecyclePolicyFault::Unmappable),
    }
}

fn action_of(action: &Json) -> Result<Action, LifecyclePolicyFault> {
    let target = action.get("targetStorageClass").and_then(Json::text);
    match (action.get("type").and_then(Json::text), target) {
        (Some("expire"), None) => Ok(Action::Expire),
        (Some("transition"), Some("archive")) => Ok(Action::Transition),
        _ => Err(LifecyclePolicyFault::Unmappable),
    }
}

pub(super) const PREFIX_LIST: &str = "tagPrefixList";
pub(super) const PATTERN_LIST: &str = "tagPatternList";
