//! `ValidatePullThroughCacheRule`: whether a rule's login is good.
//!
//! Only what the world declares of the secret is looked at; the upstream itself is not asked, so one that refuses the login
//! or cannot be reached counts as well. A rule without a secret is valid (unconfirmed).
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ValidatePullThroughCacheRule.html>

use std::sync::Arc;

use crate::registry::cache_rules::CacheRule;
use crate::registry::context::Context;
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
    pub failure: Option<&'static str>,
}

/// Validates the rule. Nothing changes.
pub fn apply(registry: &Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, CacheRuleNotFound> {
    let rule = Arc::clone(registry.cache_rule(&input.prefix)?);
    let failure = secrets::failure(cx.surroundings, rule.credential_arn.as_deref());
    Ok(Output { rule, failure })
}
