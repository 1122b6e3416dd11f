//! `GetRegistryPolicy`: the policy of the registry.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryPolicy.html>

use crate::registry::errors::RegistryPolicyNotFound;
use crate::registry::policy::iam::PolicyDocument;
use crate::registry::state::Registry;

/// The policy.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub policy: PolicyDocument,
}

/// Looks the policy up.
pub fn apply(registry: &Registry) -> Result<Output, RegistryPolicyNotFound> {
    let not_found = || RegistryPolicyNotFound { registry_id: registry.id() };
    Ok(Output { policy: registry.policy().ok_or_else(not_found)?.clone() })
}
