//! `ValidatePullThroughCacheRule`: whether a rule's login is good.
//!
//! What the world declares of the secret is looked at here. Whether the upstream takes the login is for the caller to ask,
//! which takes a call to it. A rule without a secret is valid (unconfirmed).
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ValidatePullThroughCacheRule.html>

use std::sync::Arc;

use crate::registry::cache_rules::CacheRule;
use crate::registry::context::Surroundings;
use crate::registry::errors::CacheRuleNotFound;
use crate::registry::secrets;
use crate::registry::state::Registry;
use crate::registry::types::CacheRulePrefix;

/// Which rule.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its prefix.
    pub prefix: CacheRulePrefix,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The rule.
    pub rule: Arc<CacheRule>,
    /// Why it is not valid; absent if it is.
    pub failure: Option<String>,
}

/// Validates the rule as far as its secret goes.
pub fn apply(registry: &Registry, surroundings: &dyn Surroundings, input: &Input) -> Result<Output, CacheRuleNotFound> {
    let rule = Arc::clone(registry.cache_rule(&input.prefix)?);
    let failure = secrets::failure(surroundings, rule.credential_arn.as_deref()).map(str::to_owned);
    Ok(Output { rule, failure })
}
