//! The login that a cache rule has for its upstream: what its secret says, and whether the upstream takes it.

use std::sync::Arc;

use super::fetch::Fetch;
use super::origin::Origin;
use super::trouble::Trouble;
use crate::http::Call;
use crate::registry::types::RegistryKey;
use crate::registry::{CacheRule, SecretState};
use crate::upstream::credentials::Credentials;
use crate::wire_errors::Failure;

/// The login in the secret of a rule. None if the rule names none, and in a world that declares no secrets, which knows
/// nothing of their content. Error: the secret cannot be used, so that nobody is asked.
pub(super) fn login_of(call: &Call, credential_arn: Option<&str>) -> Result<Option<Credentials>, Trouble> {
    let Some(arn) = credential_arn else { return Ok(None) };
    call.write(|live| {
        let secrets = &live.state.secrets;
        match secrets.state(arn) {
            SecretState::Undeclared => Ok(None),
            SecretState::Usable => Ok(secrets
                .login(arn)
                .map(|(user, password)| Credentials { user: Arc::clone(user), password: Arc::clone(password) })),
            SecretState::NotFound | SecretState::AccessDenied | SecretState::Undecryptable | SecretState::Malformed => {
                Err(Trouble::NoLogin)
            }
        }
    })
}

/// Logs in to the upstream of a rule with the login of its secret, and answers what is wrong with that, if anything is.
///
/// Nobody is asked for a rule without a login, and none outside this machine that the daemon was not allowed to call:
/// those count as good. Error: the world ended meanwhile.
pub async fn try_login(call: &Call, key: &RegistryKey, rule: &CacheRule) -> Result<Option<String>, Failure> {
    let host = rule.upstream_registry_url.as_str();
    let is_declared = call.write(|live| live.state.upstreams.contains_key(host));
    match login_of(call, rule.credential_arn.as_deref()) {
        Ok(Some(_)) if is_declared || call.daemon.remote.may_call(host) => {}
        Ok(_) => return Ok(None),
        Err(trouble) => return trouble.verdict(host).map(Some),
    }
    let origin = Origin::root(host, rule.credential_arn.clone());
    // Boxed, so that the many calls that validate nothing do not carry the state of a fetch.
    let ping = Box::pin(async { Fetch::new(call, key, &origin).ping().await });
    match ping.await {
        Ok(()) => Ok(None),
        Err(trouble) => trouble.verdict(host).map(Some),
    }
}
