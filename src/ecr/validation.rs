//! `ValidatePullThroughCacheRule`: the secret is looked at first, and then its login is tried.
//!
//! Nothing changes, so nothing is committed.

use super::Answer;
use super::signed::Signed;
use super::wire::cache_rules::validation_answer;
use crate::http::Stop;
use crate::pull_through;
use crate::registry::ops::validate_pull_through_cache_rule as operation;
use crate::registry::types::RegistryKey;

/// Validates a rule.
pub(super) async fn validate(signed: &Signed, registry: &RegistryKey, input: operation::Input) -> Result<Answer, Stop> {
    let call = &signed.call;
    let mut output = call.write(|live| {
        let surroundings = live.surroundings();
        live.read_registry(registry, |registry| operation::apply(registry, &surroundings, &input))
    })?;
    if output.failure.is_none() {
        output.failure = pull_through::try_login(call, registry, &output.rule).await?;
    }
    Ok(validation_answer(registry, output))
}
