//! `SetRepositoryPolicy`: gives a repository a policy, in place of the one that it had.
//!
//! What others may do with the repository is thereby said and nothing more: nobody is looked up, and a principal that does
//! not exist is as good as one that does.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html>

use std::collections::BTreeMap;

use crate::registry::context::Context;
use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::policy::iam::{
    Decision, IdentityPolicies, Policies, PolicyDocument, PolicyKind, Principal, Request, decide,
};
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// The policy to be.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The policy as its author wrote it.
    pub policy_text: String,
    /// Whether the caller may lock itself out.
    pub lock_out: LockOut,
}

/// What to do with a policy that keeps its author from setting another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOut {
    /// Refuse it.
    Refuse,
    /// Take it: the caller said `force`.
    Force,
}

/// The policy that the repository has now.
#[derive(Clone, Debug)]
pub struct Output {
    /// It, in the form in which it is given back from now on.
    pub policy: PolicyDocument,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The text is no repository policy, or locks the caller out.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Sets the policy.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    registry.repository(&input.repository)?;
    let policy = registry.read_policy(PolicyKind::Repository, &input.policy_text, cx.surroundings.actions())?;
    if input.lock_out == LockOut::Refuse && locks_out(registry, cx, &input.repository, &policy) {
        return Err(InvalidParameter::new("PolicyText", LOCKED_OUT).into());
    }
    registry.repository_mut(&input.repository)?.policy = Some(policy.clone());
    Ok(Output { policy })
}

/// Our own words: ECR's are unknown.
const LOCKED_OUT: &str = "The new repository policy will not allow you to set the repository policy in the future. Use force to set it anyway";

/// Whether the caller could not set a policy any more under this one. Its own policies are taken not to stand in its way,
/// and conditions about circumstances not to hold.
fn locks_out(registry: &Registry, cx: &Context<'_>, repository: &RepositoryName, policy: &PolicyDocument) -> bool {
    let resource = registry.key().repository_arn(repository);
    let request = Request {
        action: "SetRepositoryPolicy",
        resource: &resource,
        principal: Principal::Identity { account: cx.caller.account, arn: &cx.caller.arn },
        keys: &BTreeMap::new(),
    };
    let policies = Policies {
        owner: registry.id(),
        identity: IdentityPolicies::Undeclared,
        repository: Some(policy),
        registry: registry.policy(),
        registry_scope: registry.account_settings().registry_policy_scope,
    };
    decide(&request, &policies) != Decision::Allowed
}

#[cfg(test)]
mod tests {
    use super::super::{delete_repository_policy, get_repository_policy};
    use super::*;
    use crate::registry::testing::{create, name, with, with_repository};

    const PULL: &str = r#"{"Version":"2008-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":["ecr:BatchGetImage"]}]}"#;

    fn set(registry: &mut Registry, text: &str, lock_out: LockOut) -> Result<Output, Error> {
        let input = Input { repository: name("team/app"), policy_text: text.to_owned(), lock_out };
        with(|cx| apply(registry, cx, input))
    }

    #[test]
    fn c_117_c_119_a_policy_is_set_read_replaced_and_deleted() {
        let mut registry = with_repository();
        create(&mut registry, "team/web");
        let get = |registry: &Registry, repository: &str| {
            let input = get_repository_policy::Input { repository: name(repository) };
            get_repository_policy::apply(registry, &input).map(|output| output.policy)
        };
        let missing = "Repository policy does not exist for the repository with name 'team/app' in the registry with id \
                       '123456789012'";
        assert_eq!(get(&registry, "team/app").unwrap_err().to_string(), missing);
        let policy = set(&mut registry, PULL, LockOut::Refuse).unwrap().policy;
        assert!(policy.minified().contains(r#"{"AWS":"arn:aws:iam::999999999999:root"}"#));
        assert_eq!(get(&registry, "team/app").unwrap(), policy);
        assert_eq!(registry.repository(&name("team/app")).unwrap().policy(), Some(&policy));
        assert!(get(&registry, "team/web").is_err());

        let other = set(&mut registry, &PULL.replace("BatchGetImage", "*"), LockOut::Refuse).unwrap().policy;
        assert_eq!(get(&registry, "team/app").unwrap(), other);
        let input = delete_repository_policy::Input { repository: name("team/app") };
        let deleted = with(|cx| delete_repository_policy::apply(&mut registry, cx, &input)).unwrap();
        assert_eq!(deleted.policy, other);
        let again = with(|cx| delete_repository_policy::apply(&mut registry, cx, &input)).unwrap_err();
        assert_eq!(again.to_string(), missing);
        assert!(get(&registry, "team/app").is_err());
    }

    #[test]
    fn c_117_a_missing_repository_comes_before_a_bad_policy_and_a_bad_policy_changes_nothing() {
        let mut registry = with_repository();
        let before = set(&mut registry, PULL, LockOut::Refuse).unwrap().policy;
        let refused = set(&mut registry, "no policy", LockOut::Force).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
        );
        assert_eq!(registry.repository(&name("team/app")).unwrap().policy(), Some(&before));
        let input =
            Input { repository: name("no/where"), policy_text: "no policy".to_owned(), lock_out: LockOut::Refuse };
        assert!(matches!(with(|cx| apply(&mut registry, cx, input)), Err(Error::RepositoryNotFound(_))));
    }

    #[test]
    fn c_118_a_policy_that_locks_its_author_out_needs_force() {
        let mut registry = with_repository();
        let deny = |principal: &str, action: &str| {
            format!(r#"{{"Statement":[{{"Effect":"Deny","Principal":{principal},"Action":"ecr:{action}"}}]}}"#)
        };
        for (text, locks_out) in [
            (deny(r#""*""#, "*"), true),
            (deny(r#"{"AWS":"123456789012"}"#, "SetRepositoryPolicy"), true),
            (deny(r#""*""#, "PutImage"), false),
            (deny(r#"{"AWS":"999999999999"}"#, "*"), false),
            (PULL.to_owned(), false),
        ] {
            let outcome = set(&mut registry, &text, LockOut::Refuse);
            assert_eq!(outcome.is_err(), locks_out, "{text}");
            if let Err(refused) = outcome {
                assert!(refused.to_string().contains("will not allow you to set the repository policy"), "{refused}");
            }
            assert!(set(&mut registry, &text, LockOut::Force).is_ok(), "{text}");
        }
    }

    #[test]
    fn c_118_another_account_must_not_take_its_own_right_away() {
        let mut registry = with_repository();
        let grant = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ecr:SetRepositoryPolicy"}]}"#;
        for (text, locks_out) in [(PULL, true), (grant, false)] {
            let input = Input { repository: name("team/app"), policy_text: text.to_owned(), lock_out: LockOut::Refuse };
            let outcome = with(|cx| {
                cx.caller.account = "999999999999".parse().unwrap();
                cx.caller.arn = "arn:aws:iam::999999999999:user/eve".into();
                apply(&mut registry, cx, input)
            });
            assert_eq!(outcome.is_err(), locks_out, "{text}");
        }
    }
}
