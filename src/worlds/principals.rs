//! The principals that a world declares: who they are, and what they may do. Everybody else administers its own account.

use std::sync::Arc;

use crate::registry::policy::iam::{IdentityPolicies, PolicyDocument};
use crate::registry::types::AccountId;
use crate::registry::{Caller, Map};

/// A principal with its own policies.
#[derive(Clone, Debug)]
pub struct DeclaredPrincipal {
    /// Its account.
    pub account: AccountId,
    /// Its ARN: a user, a role or a role's session.
    pub arn: Arc<str>,
    /// Its policies; without one it may do nothing that no resource lets it do.
    pub policies: Arc<[PolicyDocument]>,
}

/// The principals of a world.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    by_arn: Map<Arc<str>, Arc<DeclaredPrincipal>>,
    by_access_key: Map<Arc<str>, DeclaredKey>,
}

/// An access key of a declared principal.
#[derive(Clone, Debug)]
struct DeclaredKey {
    secret: Arc<str>,
    principal: Arc<DeclaredPrincipal>,
}

/// What a world asks of a caller's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// Nothing, not even that there is one: whoever does not say who it is is the default account.
    Off,
    /// That there is one; whose it is is taken on trust.
    #[default]
    Claimed,
    /// That it is right and fresh by the machine's clock, and of a key that the world minted or declares.
    Verified,
    /// The same, fresh by the world's clock.
    VerifiedOnWorldClock,
}

impl AuthMode {
    /// Whether signatures are checked.
    pub fn verifies(self) -> bool {
        matches!(self, Self::Verified | Self::VerifiedOnWorldClock)
    }
}

impl Principals {
    /// Declares a principal, in place of one of the same ARN, and the access key, id and secret, by which it calls. True
    /// if there was none of that ARN.
    pub fn declare(&mut self, principal: DeclaredPrincipal, access_key: Option<(Arc<str>, Arc<str>)>) -> bool {
        let principal = Arc::new(principal);
        let former = self.by_arn.insert(Arc::clone(&principal.arn), Arc::clone(&principal));
        // Keys that it had keep leading to it, with its present policies.
        let keys: Vec<Arc<str>> = self
            .by_access_key
            .iter()
            .filter(|(_, key)| key.principal.arn == principal.arn)
            .map(|(id, _)| Arc::clone(id))
            .collect();
        for id in keys {
            if let Some(key) = self.by_access_key.get_mut(&id) {
                key.principal = Arc::clone(&principal);
            }
        }
        if let Some((id, secret)) = access_key {
            self.by_access_key.insert(id, DeclaredKey { secret, principal });
        }
        former.is_none()
    }

    /// The secret of an access key id, if it is a declared principal's.
    pub fn secret(&self, access_key: &str) -> Option<&Arc<str>> {
        self.by_access_key.get(access_key).map(|key| &key.secret)
    }

    /// Who calls with an access key id, if it is a declared principal's.
    pub fn caller(&self, access_key: &str) -> Option<Caller> {
        let principal = &self.by_access_key.get(access_key)?.principal;
        Some(Caller { account: principal.account, arn: Arc::clone(&principal.arn) })
    }

    /// What a caller's own policies are. A session is judged by the policies of its role, unless it has its own.
    pub fn policies(&self, caller: &Caller) -> IdentityPolicies<'_> {
        let principal = self.by_arn.get(&caller.arn).or_else(|| self.by_arn.get(&*role_of(&caller.arn)?));
        principal.map_or(IdentityPolicies::Undeclared, |principal| IdentityPolicies::Declared(&principal.policies))
    }
}

/// ARN of a session's role: `arn:aws:sts::1:assumed-role/ci/7` is of `arn:aws:iam::1:role/ci`.
fn role_of(arn: &str) -> Option<String> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let role = rest.split('/').next()?;
    Some(format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_its_role_s_policies_and_strangers_have_none() {
        let account = AccountId::DEFAULT;
        let role = "arn:aws:iam::123456789012:role/ci";
        let mut principals = Principals::default();
        let declared = DeclaredPrincipal { account, arn: Arc::from(role), policies: Arc::from([]) };
        principals.declare(declared, Some((Arc::from("AKIDCI"), Arc::from("secret"))));
        let policies = |arn: &str| {
            let caller = Caller { account, arn: Arc::from(arn) };
            matches!(principals.policies(&caller), IdentityPolicies::Declared(_))
        };
        assert!(policies(role));
        assert!(policies("arn:aws:sts::123456789012:assumed-role/ci/7"));
        assert!(!policies("arn:aws:sts::123456789012:assumed-role/other/7"));
        assert!(!policies("arn:aws:iam::123456789012:root"));
        assert_eq!(principals.caller("AKIDCI").map(|caller| caller.arn), Some(Arc::from(role)));
        assert_eq!(principals.secret("AKIDCI").map(|secret| &**secret), Some("secret"));
        assert_eq!(principals.caller("AKIDEVE"), None);
    }
}
