//! Policies in IAM's language: what callers may do (identity policies), and what repositories and registries let others
//! do (repository and registry policies).
//!
//! Texts are read once into a [`PolicyDocument`], which is valid by construction and knows the form in which ECR gives it
//! back; [`decide()`] weighs all documents that apply to a [`Request`]. Who calls, which policies there are and which keys
//! a request has is handed in. Service control policies, permission boundaries and session policies are not modelled, and
//! no principal is looked up: one that does not exist is as good as one that does.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

mod decide;
mod document;
mod request;

mod action;
mod arn_pattern;
mod condition;
mod glob;
mod operand;
mod pretty;
mod principal;
mod statement;
mod template;

#[cfg(test)]
mod testing;

pub use decide::{Decision, Denial, IdentityPolicies, Policies, RegistryPolicyScope, decide};
pub use document::{InvalidPolicy, Outcome, PolicyDocument, PolicyGrammar, PolicyKind};
pub use request::{ConditionKeys, Principal, Request};
