//! `DeletePullThroughCacheRule`: removes a rule; repositories that it filled stay.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeletePullThroughCacheRule.html>

use std::sync::Arc;

use crate::registry::cache_rules::CacheRule;
use crate::registry::context::Context;
use crate::registry::errors::CacheRuleNotFound;
use crate::registry::state::Registry;
use crate::registry::types::CacheRulePrefix;

/// Which rule.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its prefix.
    pub prefix: CacheRulePrefix,
}

/// What was removed.
#[derive(Clone, Debug)]
pub struct Output {
    /// The rule in its last state.
    pub rule: Arc<CacheRule>,
}

/// Removes the rule.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, CacheRuleNotFound> {
    let rule = Arc::clone(registry.cache_rule(&input.prefix)?);
    registry.cache_rules.remove(&input.prefix);
    Ok(Output { rule })
}
