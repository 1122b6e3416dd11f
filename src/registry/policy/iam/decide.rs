//! The verdict over all policies that apply to a request.
//!
//! An explicit deny anywhere wins. Within an account either side may allow: the caller's own policies, or the policy of
//! the repository or the registry. Across accounts both sides must.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html>

use super::document::{Outcome, PolicyDocument};
use super::request::{Principal, Request};
use crate::registry::types::AccountId;

/// The policies that apply to a request.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// Account of the registry that is asked.
    pub owner: AccountId,
    /// The caller's own.
    pub identity: IdentityPolicies<'a>,
    /// That of the repository, if the request concerns one that has one.
    pub repository: Option<&'a PolicyDocument>,
    /// That of the registry, if it has one.
    pub registry: Option<&'a PolicyDocument>,
    /// Which actions the registry's policy governs.
    pub registry_scope: RegistryPolicyScope,
}

/// The caller's own policies.
#[derive(Clone, Copy, Debug)]
pub enum IdentityPolicies<'a> {
    /// Nobody said what the caller may do: it administers its account, and what others let it do there it may do.
    Undeclared,
    /// These, and nothing else; possibly none.
    Declared(&'a [PolicyDocument]),
}

/// The account setting `REGISTRY_POLICY_SCOPE`.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistryPolicyScope {
    /// `ReplicateImage`, `BatchImportUpstreamImage` and `CreateRepository`; for others the policy might as well not exist.
    V1,
    /// Every action. The scope of new accounts.
    #[default]
    V2,
}

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// It may not.
    Denied(Denial),
}

/// Why a request may not go on. Where several reasons hold, denies come before missing permissions; among denies the
/// caller's own policies come first, among missing permissions those of the resource (the order is unconfirmed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The caller's own policies do not allow it.
    NoIdentityPolicy,
    /// One of the caller's own policies denies it.
    IdentityDeny,
    /// The caller is of another account, or a service, and neither repository nor registry allows it.
    NoResourcePolicy,
    /// The policy of the repository or the registry denies it.
    ResourceDeny,
}

/// The verdict.
pub fn decide(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let identity = match request.principal {
        // Services have no policies of their own: the resource alone decides.
        Principal::Service(_) => Outcome::Allow,
        Principal::Identity { .. } => policies.identity.evaluate(request),
    };
    if identity == Outcome::ExplicitDeny {
        return Decision::Denied(Denial::IdentityDeny);
    }
    let is_allowed_by_caller = identity == Outcome::Allow;
    // A token is for every registry that lets its bearer in, so no registry has a say in it.
    if request.action.eq_ignore_ascii_case("GetAuthorizationToken") {
        return if is_allowed_by_caller { Decision::Allowed } else { Decision::Denied(Denial::NoIdentityPolicy) };
    }
    let resource = policies.resource_outcomes(request);
    if resource.contains(&Outcome::ExplicitDeny) {
        return Decision::Denied(Denial::ResourceDeny);
    }
    if request.principal.account() == Some(policies.owner) {
        let is_allowed = is_allowed_by_caller || resource.contains(&Outcome::Allow);
        return if is_allowed { Decision::Allowed } else { Decision::Denied(Denial::NoIdentityPolicy) };
    }
    if resource == [Outcome::NoMatch; 2] {
        Decision::Denied(Denial::NoResourcePolicy)
    } else if is_allowed_by_caller {
        Decision::Allowed
    } else {
        Decision::Denied(Denial::NoIdentityPolicy)
    }
}

impl IdentityPolicies<'_> {
    fn evaluate(&self, request: &Request<'_>) -> Outcome {
        let documents = match self {
            Self::Undeclared => return Outcome::Allow,
            Self::Declared(documents) => documents,
        };
        let mut outcome = Outcome::NoMatch;
        for document in *documents {
            match document.evaluate(request) {
                Outcome::ExplicitDeny => return Outcome::ExplicitDeny,
                Outcome::Allow => outcome = Outcome::Allow,
                Outcome::AllowToAccount | Outcome::NoMatch => {}
            }
        }
        outcome
    }
}

impl Policies<'_> {
    /// What repository and registry say.
    fn resource_outcomes(&self, request: &Request<'_>) -> [Outcome; 2] {
        let registry = self.registry.filter(|_| self.registry_scope.governs(request.action));
        [self.repository, registry].map(|policy| policy.map_or(Outcome::NoMatch, |policy| policy.evaluate(request)))
    }
}

impl RegistryPolicyScope {
    /// Whether the registry's policy has a say in this action.
    pub fn governs(self, action: &str) -> bool {
        let governed = ["ReplicateImage", "BatchImportUpstreamImage", "CreateRepository"];
        self == Self::V2 || governed.iter().any(|name| name.eq_ignore_ascii_case(action))
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
