//! Lifecycle policies: which images a repository expires or archives by itself.
//!
//! A text becomes a policy in two steps, as in ECR: a schema says what a policy looks like, then a few rules say which
//! policies make sense. Evaluation is pure: images and a time in, a verdict for each image out. Nothing here deletes,
//! archives, schedules or remembers; neither does it check the length of the text, which is a matter of shapes.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html>.

mod candidate;
mod constraints;
mod errors;
mod evaluation;
mod parse;
mod rule;
mod schema;

pub use candidate::{Candidate, Role};
pub use errors::{LifecyclePolicyError, LifecyclePolicyFault};
pub use evaluation::{Evaluation, Outcome, Spared, Verdict, evaluate};
pub use parse::LifecyclePolicy;
pub use rule::{Action, CountType, Rule, Selection, StorageClass, TagCriteria, TagPattern};

#[cfg(test)]
mod evaluation_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod parse_tests;
#[cfg(test)]
mod testing;
