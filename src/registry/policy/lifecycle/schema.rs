//! What a policy looks like: one description, walked by one function.
//!
//! It behaves like the JSON schema that ECR seems to have: of one value, first its type, then the names of its members,
//! then whether they go together, then the members themselves. Only the first fault is told. Where several faults meet,
//! which of them ECR tells is unconfirmed.

use std::ops::RangeInclusive;

use super::errors::LifecyclePolicyFault;
use crate::registry::limits::LIFECYCLE_POLICY_RULES;
use crate::registry::policy::Json;

/// Shape of a whole policy.
pub(super) static POLICY: Schema = Schema::Object(&[Member::required("rules", &RULES)], None);

/// Rules of one policy.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>
const RULES_PER_POLICY: RangeInclusive<usize> = 1..=LIFECYCLE_POLICY_RULES;

static RULES: Schema = Schema::Array(&RULE, RULES_PER_POLICY);

static RULE: Schema = Schema::Object(
    &[
        Member::required("rulePriority", &Schema::PositiveInteger),
        Member::optional("description", &Schema::Text),
        Member::required("selection", &SELECTION),
        Member::required("action", &ACTION),
    ],
    None,
);

static SELECTION: Schema = Schema::Object(
    &[
        Member::required("tagStatus", &Schema::Word(&["any", "tagged", "untagged"])),
        Member::optional("tagPatternList", &TAGS),
        Member::optional("tagPrefixList", &TAGS),
        Member::optional("storageClass", &Schema::Word(&["archive", "standard"])),
        Member::required("countType", &Schema::Text),
        Member::optional("countUnit", &Schema::Word(&["days"])),
        Member::required("countNumber", &Schema::PositiveInteger),
    ],
    // Public reports of 2026 quote "matched 0 out of 4", older ones "out of 2": it seems to be an alternative for each
    // count type. That a unit too many or too few says the same is known of the older form only (unconfirmed).
    Some(&OneOf {
        decided_by: "countType",
        companion: "countUnit",
        alternatives: &[
            ("imageCountMoreThan", Presence::Forbidden),
            ("sinceImagePushed", Presence::Required),
            ("sinceImagePulled", Presence::Required),
            ("sinceImageTransitioned", Presence::Required),
        ],
    }),
);

static TAGS: Schema = Schema::Array(&Schema::Text, 1..=usize::MAX);

static ACTION: Schema = Schema::Object(
    &[
        Member::required("type", &Schema::Word(&["expire", "transition"])),
        Member::optional("targetStorageClass", &Schema::Word(&["archive"])),
    ],
    // A target beside `expire`: <https://github.com/cloudposse/terraform-aws-ecr/issues/158>. A transition without one
    // passes here and cannot be mapped later. That an unknown type is told as an unknown word is unconfirmed.
    Some(&OneOf {
        decided_by: "type",
        companion: "targetStorageClass",
        alternatives: &[("expire", Presence::Forbidden), ("transition", Presence::Optional)],
    }),
);

/// Shape of one value.
pub(super) enum Schema {
    /// An object with these members and no others.
    Object(&'static [Member], Option<&'static OneOf>),
    /// An array of so many such elements.
    Array(&'static Schema, RangeInclusive<usize>),
    /// Any string.
    Text,
    /// One of these strings, sorted.
    Word(&'static [&'static str]),
    /// An integer from 1.
    PositiveInteger,
}

pub(super) struct Member {
    name: &'static str,
    is_required: bool,
    schema: &'static Schema,
}

impl Member {
    const fn required(name: &'static str, schema: &'static Schema) -> Self {
        Self { name, is_required: true, schema }
    }

    const fn optional(name: &'static str, schema: &'static Schema) -> Self {
        Self { name, is_required: false, schema }
    }
}

/// The string in one member says whether another member may be there. Its own shape counts before, that of the other
/// one after: a `null` where nothing may be is no wrong type but a failure to match.
pub(super) struct OneOf {
    decided_by: &'static str,
    companion: &'static str,
    alternatives: &'static [(&'static str, Presence)],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
    Forbidden,
}

impl Schema {
    /// Finds the first fault of a value.
    pub(super) fn check(&self, value: &Json) -> Result<(), LifecyclePolicyFault> {
        if type_of(value) != self.type_name() {
            return Err(LifecyclePolicyFault::WrongType { found: type_of(value), allowed: self.type_name() });
        }
        match (self, value) {
            (Self::Object(members, one_of), _) => check_object(members, *one_of, value),
            (Self::Array(schema, sizes), Json::Array(elements)) => {
                let found = elements.len();
                if found < *sizes.start() {
                    return Err(LifecyclePolicyFault::TooFewElements { least: *sizes.start(), found });
                }
                if found > *sizes.end() {
                    return Err(LifecyclePolicyFault::TooManyElements { most: *sizes.end(), found });
                }
                elements.iter().try_for_each(|element| schema.check(element))
            }
            (Self::Word(words), Json::Text(text)) if !words.contains(&text.as_str()) => {
                Err(LifecyclePolicyFault::UnknownWord { found: text.clone(), possible: words })
            }
            (Self::PositiveInteger, Json::Number(number)) => match number.as_i64() {
                Some(found) if found < 1 => Err(LifecyclePolicyFault::BelowMinimum { minimum: 1, found }),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Object(..) => "object",
            Self::Array(..) => "array",
            Self::Text | Self::Word(_) => "string",
            Self::PositiveInteger => "integer",
        }
    }
}

fn check_object(members: &[Member], one_of: Option<&OneOf>, object: &Json) -> Result<(), LifecyclePolicyFault> {
    let missing: Vec<String> = members
        .iter()
        .filter(|member| member.is_required && object.get(member.name).is_none())
        .map(|member| member.name.to_owned())
        .collect();
    if !missing.is_empty() {
        return Err(LifecyclePolicyFault::MissingMembers(missing));
    }
    let mut unknown: Vec<String> = object
        .members()
        .unwrap_or_default()
        .iter()
        .filter(|(name, _)| members.iter().all(|member| member.name != name))
        .map(|(name, _)| name.clone())
        .collect();
    if !unknown.is_empty() {
        unknown.sort();
        unknown.dedup();
        return Err(LifecyclePolicyFault::UnknownMembers(unknown));
    }
    let check = |member: &Member| object.get(member.name).map_or(Ok(()), |value| member.schema.check(value));
    if let Some(one_of) = one_of {
        members.iter().filter(|member| member.name == one_of.decided_by).try_for_each(check)?;
        one_of.check(object)?;
    }
    members.iter().try_for_each(check)
}

impl OneOf {
    fn check(&self, object: &Json) -> Result<(), LifecyclePolicyFault> {
        let decision = object.get(self.decided_by).and_then(Json::text);
        let is_there = object.get(self.companion).is_some();
        let matches = |(word, presence): &(&str, Presence)| {
            let is_wrong = if is_there { Presence::Forbidden } else { Presence::Required };
            decision == Some(word) && *presence != is_wrong
        };
        if self.alternatives.iter().any(matches) {
            return Ok(());
        }
        Err(LifecyclePolicyFault::NoAlternative { alternatives: self.alternatives.len() })
    }
}

/// JSON schema's name for the type of a value; an integer is a number that is written as one.
fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::Text(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}
