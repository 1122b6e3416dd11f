//! `GetAuthorizationToken`: passwords that the world mints, remembers and lets expire.

use std::sync::Arc;

use super::signed::Signed;
use super::wire::authorization::{RegistryToken, answer};
use super::{Answer, TokenRequest};
use crate::registry::types::RegistryKey;
use crate::worlds::{TOKEN_LIFE, Token};

/// Mints one password for each registry that is asked for. Each stands for the caller, whatever the registry.
pub(super) fn mint(signed: &Signed, own: &RegistryKey, request: &TokenRequest) -> Answer {
    let accounts = if request.accounts.is_empty() { vec![own.account] } else { request.accounts.clone() };
    let identity = signed.call.world.identity();
    let issued: Vec<(RegistryKey, u64, Token)> = signed.call.write(|live| {
        let expires = live.now().plus(TOKEN_LIFE);
        let mut issue = |account| {
            let token = Token {
                account: signed.caller.account,
                region: own.region.clone(),
                principal: Arc::clone(&signed.caller.arn),
                expires,
            };
            let registry = RegistryKey { account, region: own.region.clone() };
            (registry, live.state.tokens.issue(token.clone()), token)
        };
        let issued = accounts.into_iter().map(&mut issue).collect();
        live.commit(signed.call.record);
        issued
    });
    let tokens = issued
        .into_iter()
        .map(|(registry, number, token)| RegistryToken {
            registry,
            password: identity.key.password(identity.incarnation, number, token.expires),
            expires_at: token.expires,
        })
        .collect();
    answer(own, tokens)
}
