//! The principals that a world declares: who they are, by which keys they call, and what they may do. Everybody else
//! administers its own account.

use std::sync::Arc;

use crate::registry::policy::iam::{IdentityPolicies, PolicyDocument};
use crate::registry::types::{AccountId, Timestamp};
use crate::registry::{Caller, Map};

/// A principal with its own policies.
#[derive(Clone, Debug)]
pub struct DeclaredPrincipal {
    /// Its account.
    pub account: AccountId,
    /// Its ARN: a user, a role or a role's session.
    pub arn: Arc<str>,
    /// Its policies; without one it may do nothing that no resource lets it do. None for a session, which has those of its
    /// role.
    pub policies: Option<Arc<[PolicyDocument]>>,
}

/// An access key as a document declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: Arc<str>,
    /// Its secret.
    pub secret: Arc<str>,
    /// What makes it a temporary one.
    pub session: Option<Session>,
}

/// What a temporary access key has besides its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session token that calls must carry.
    pub token: Arc<str>,
    /// When it ends, on the world's clock; none: never.
    pub expires: Option<Timestamp>,
}

/// The principals of a world.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    by_arn: Map<Arc<str>, Arc<DeclaredPrincipal>>,
    by_access_key: Map<Arc<str>, DeclaredKey>,
}

/// An access key of a declared principal.
#[derive(Clone, Debug)]
pub struct DeclaredKey {
    key: AccessKey,
    principal: Arc<DeclaredPrincipal>,
}

impl DeclaredKey {
    /// Its secret.
    pub fn secret(&self) -> &Arc<str> {
        &self.key.secret
    }

    /// Who calls with it.
    pub fn caller(&self) -> Caller {
        Caller { account: self.principal.account, arn: Arc::clone(&self.principal.arn) }
    }

    /// The session token that belongs to it; none if it is no temporary key.
    pub fn session_token(&self) -> Option<&str> {
        self.key.session.as_ref().map(|session| &*session.token)
    }

    /// Whether it is a temporary key past its life.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.key.session.as_ref().and_then(|session| session.expires).is_some_and(|expires| expires <= now)
    }
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
    /// Declares a principal, in place of one of the same ARN, and the access key by which it calls. True if there was none
    /// of that ARN.
    pub fn declare(&mut self, principal: DeclaredPrincipal, access_key: Option<AccessKey>) -> bool {
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
        if let Some(key) = access_key {
            self.by_access_key.insert(Arc::clone(&key.id), DeclaredKey { key, principal });
        }
        former.is_none()
    }

    /// The key of an access key id, if it is a declared principal's.
    pub fn key(&self, access_key: &str) -> Option<&DeclaredKey> {
        self.by_access_key.get(access_key)
    }

    /// What a caller's own policies are. A session is judged by the policies of its role.
    pub fn policies(&self, caller: &Caller) -> IdentityPolicies<'_> {
        let of = |arn: &str| self.by_arn.get(arn)?.policies.as_deref();
        let policies = of(&caller.arn).or_else(|| of(&role_of(&caller.arn)?));
        policies.map_or(IdentityPolicies::Undeclared, IdentityPolicies::Declared)
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

    fn key(id: &str, session: Option<Session>) -> AccessKey {
        AccessKey { id: Arc::from(id), secret: Arc::from("secret"), session }
    }

    #[test]
    fn a_session_has_its_role_s_policies_and_strangers_have_none() {
        let account = AccountId::DEFAULT;
        let role = "arn:aws:iam::123456789012:role/ci";
        let mut principals = Principals::default();
        let declared = DeclaredPrincipal { account, arn: Arc::from(role), policies: Some(Arc::from([])) };
        principals.declare(declared, Some(key("AKIDCI", None)));
        let policies = |arn: &str| {
            let caller = Caller { account, arn: Arc::from(arn) };
            matches!(principals.policies(&caller), IdentityPolicies::Declared(_))
        };
        assert!(policies(role));
        assert!(policies("arn:aws:sts::123456789012:assumed-role/ci/7"));
        assert!(!policies("arn:aws:sts::123456789012:assumed-role/other/7"));
        assert!(!policies("arn:aws:iam::123456789012:root"));
        let found = principals.key("AKIDCI").unwrap();
        assert_eq!((&*found.caller().arn, &**found.secret(), found.session_token()), (role, "secret", None));
        assert!(!found.has_expired(Timestamp::from_millis(i64::MAX / 1_000)));
        assert!(principals.key("AKIDEVE").is_none());
    }

    #[test]
    fn a_temporary_key_ends_and_its_session_has_the_policies_of_its_role() {
        let account = AccountId::DEFAULT;
        let (role, session) = ("arn:aws:iam::123456789012:role/ci", "arn:aws:sts::123456789012:assumed-role/ci/7");
        let mut principals = Principals::default();
        let ends = Timestamp::from_millis(1_000);
        let temporary = Session { token: Arc::from("token"), expires: Some(ends) };
        let declared = DeclaredPrincipal { account, arn: Arc::from(session), policies: None };
        assert!(principals.declare(declared, Some(key("ASIACI", Some(temporary)))));
        let caller = principals.key("ASIACI").unwrap().caller();
        assert!(
            matches!(principals.policies(&caller), IdentityPolicies::Undeclared),
            "nobody says what the role may do"
        );
        let declared = DeclaredPrincipal { account, arn: Arc::from(role), policies: Some(Arc::from([])) };
        principals.declare(declared, None);
        assert!(matches!(principals.policies(&caller), IdentityPolicies::Declared([])));
        let found = principals.key("ASIACI").unwrap();
        assert_eq!((&*caller.arn, found.session_token()), (session, Some("token")));
        assert!(!found.has_expired(Timestamp::from_millis(999)));
        assert!(found.has_expired(ends), "the end is the first moment at which it is over");
    }
}
