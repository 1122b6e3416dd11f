//! Why a text is no lifecycle policy: every fault with ECR's text.
//!
//! The texts about shape are those of the Java library `json-schema-validator`, whose errors ECR passes on. Some of those
//! about sense are second-hand, perhaps not to their end: two tag lists, a list without `tagged`, patterns, duplicate
//! priorities, two `any` rules, the standard storage class. <https://github.com/badmintoncryer/cdk-preflight> quotes them.

use crate::registry::policy::json;

/// The text is no lifecycle policy. Operations wrap it as the constraint of an invalid `LifecyclePolicyText`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Lifecycle policy validation failure: {fault}")]
pub struct LifecyclePolicyError {
    /// The first fault found; ECR names only one.
    pub fault: LifecyclePolicyFault,
}

impl From<LifecyclePolicyFault> for LifecyclePolicyError {
    fn from(fault: LifecyclePolicyFault) -> Self {
        Self { fault }
    }
}

/// One fault of a policy. Faults of shape first, then those of sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifecyclePolicyFault {
    /// Not a JSON object, a number beyond 32 bits, or a transition to nowhere.
    #[error("Could not map policyString into LifecyclePolicy.")]
    Unmappable,
    /// Required members are missing.
    #[error("object has missing required properties ({})", list(.0))]
    MissingMembers(Vec<String>),
    /// Members that nobody knows.
    #[error("object instance has properties which are not allowed by the schema: ({})", list(.0))]
    UnknownMembers(Vec<String>),
    /// A value of the wrong JSON type.
    #[error("instance type ({found}) does not match any allowed primitive type (allowed: [\"{allowed}\"])")]
    WrongType {
        /// Type of the value.
        found: &'static str,
        /// The only type that it may have.
        allowed: &'static str,
    },
    /// A word that is none of the possible ones. The stray blank before the colon is ECR's.
    #[error("instance value ({found}) not found in enum :(possible values: {})", list(.possible))]
    UnknownWord {
        /// The word.
        found: String,
        /// What it may be.
        possible: &'static [&'static str],
    },
    /// A number below its minimum.
    #[error("numeric instance is lower than the required minimum (minimum: {minimum}, found: {found})")]
    BelowMinimum {
        /// The least number allowed.
        minimum: i64,
        /// The number.
        found: i64,
    },
    /// An array with too few elements.
    #[error("array is too short: must have at least {least} elements but instance has {found} elements")]
    TooFewElements {
        /// The least number of elements.
        least: usize,
        /// The number of elements.
        found: usize,
    },
    /// An array with too many elements.
    #[error("array is too long: must have at most {most} elements but instance has {found} elements")]
    TooManyElements {
        /// The largest number of elements.
        most: usize,
        /// The number of elements.
        found: usize,
    },
    /// Members that do not go together.
    #[error("instance failed to match exactly one schema (matched 0 out of {alternatives})")]
    NoAlternative {
        /// Number of ways in which they might.
        alternatives: usize,
    },
    /// A rule for tagged images that does not say which.
    #[error("Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.")]
    TagListMissing,
    /// A rule with both lists of tags.
    #[error("If policy has a tagged rule, it must specify only one of tagPrefixList or tagPatternList")]
    TwoTagLists,
    /// A list of tags in a rule that is not for tagged images.
    #[error("Cannot specify {list} with tagStatus {tag_status}")]
    TagListForbidden {
        /// Name of the list.
        list: &'static str,
        /// The rule's tag status, as written.
        tag_status: &'static str,
    },
    /// A pattern with too many stars.
    #[error("Invalid tag pattern provided")]
    InvalidTagPattern,
    /// Archived images selected by something else than their time in the archive.
    #[error("SINCE_IMAGE_PUSHED, SINCE_IMAGE_PULLED and IMAGE_COUNT_MORE_THAN support the STANDARD storage class only")]
    StandardStorageClassOnly,
    /// Images that are not archived, selected by their time in the archive. The wording is ours.
    #[error("SINCE_IMAGE_TRANSITIONED supports the ARCHIVE storage class only")]
    ArchiveStorageClassOnly,
    /// Images deleted by the time of their last pull. The wording is ours.
    #[error("SINCE_IMAGE_PULLED supports the TRANSITION action only")]
    TransitionOnly,
    /// Archived images sent to the archive. The wording is ours.
    #[error("SINCE_IMAGE_TRANSITIONED supports the EXPIRE action only")]
    ExpireOnly,
    /// Archived images deleted before their minimum time. The wording is ours.
    #[error("SINCE_IMAGE_TRANSITIONED must have a countNumber greater than or equal to {0}")]
    ArchiveRetention(u32),
    /// Two rules of one priority.
    #[error("Duplicate priority in multiple rules")]
    DuplicatePriority,
    /// Two rules for untagged images of one storage class.
    #[error("Only one rule can select Untagged images per storage class.")]
    SecondUntaggedRule,
    /// Two rules for all images of one storage class.
    #[error("Only one rule can specify tagStatus=ANY")]
    SecondAnyRule,
    /// A rule for all images with others of its storage class after it.
    #[error("Rule for tagStatus=ANY must have the lowest priority per storage class")]
    AnyRuleNotLast,
    /// A prefix or pattern in two rules of one storage class. The wording is ours.
    #[error("Duplicate value of {list} in multiple rules per storage class")]
    DuplicateTag {
        /// Name of the list.
        list: &'static str,
    },
}

/// Names as a JSON array, sorted. Without blanks, as Jackson writes arrays; that there are none is unconfirmed.
fn list<T: AsRef<str>>(names: &[T]) -> String {
    let mut quoted: Vec<String> = names.iter().map(|name| json::quoted(name.as_ref())).collect();
    quoted.sort();
    format!("[{}]", quoted.join(","))
}
