//! `DeleteLifecyclePolicy`: takes a repository's lifecycle policy away. A preview stays.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteLifecyclePolicy.html>

use super::get_lifecycle_policy;
use crate::registry::context::Context;
use crate::registry::state::Registry;

/// Whose policy.
pub type Input = get_lifecycle_policy::Input;

/// The policy that went.
pub type Output = get_lifecycle_policy::Output;

/// What can go wrong.
pub type Error = get_lifecycle_policy::Error;

/// Takes the policy away.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    let output = get_lifecycle_policy::apply(registry, input)?;
    registry.repository_mut(&input.repository)?.lifecycle_mut().policy = None;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::super::put_lifecycle_policy;
    use super::*;
    use crate::registry::policy::lifecycle::LifecyclePolicy;
    use crate::registry::testing::{name, with, with_repository};

    const TEXT: &str = r#"{ "rules": [ { "selection": { "tagStatus": "any", "countNumber": 1, "countType": "imageCountMoreThan" },
        "rulePriority": 1, "action": { "type": "expire" } } ] }"#;
    const MINIFIED: &str = r#"{"rules":[{"selection":{"tagStatus":"any","countNumber":1,"countType":"imageCountMoreThan"},"rulePriority":1,"action":{"type":"expire"}}]}"#;

    #[test]
    fn c_154_a_policy_is_kept_minified_until_it_is_deleted() {
        let mut registry = with_repository();
        let named = || Input { repository: name("team/app") };
        let absent = "Lifecycle policy does not exist for the repository with name 'team/app' in the registry with id \
                      '123456789012'";
        assert_eq!(get_lifecycle_policy::apply(&registry, &named()).unwrap_err().to_string(), absent);
        let policy = LifecyclePolicy::parse(TEXT);
        let input = put_lifecycle_policy::Input { repository: name("team/app"), policy };
        let put = with(|cx| put_lifecycle_policy::apply(&mut registry, cx, input)).unwrap();
        assert_eq!((put.policy.text(), put.policy.minified()), (MINIFIED, MINIFIED));
        let stored = get_lifecycle_policy::apply(&registry, &named()).unwrap().stored;
        assert_eq!((stored.policy.text(), stored.last_evaluated_at), (MINIFIED, None));
        let gone = with(|cx| apply(&mut registry, cx, &named())).unwrap().stored;
        assert_eq!(gone, stored);
        assert_eq!(with(|cx| apply(&mut registry, cx, &named())).unwrap_err().to_string(), absent);
    }

    #[test]
    fn a_missing_repository_shows_before_a_text_that_is_no_policy() {
        let mut registry = with_repository();
        let mut put = |repository: &str| {
            let input =
                put_lifecycle_policy::Input { repository: name(repository), policy: LifecyclePolicy::parse("{}") };
            with(|cx| put_lifecycle_policy::apply(&mut registry, cx, input)).unwrap_err()
        };
        assert!(matches!(put("no/where"), put_lifecycle_policy::Error::RepositoryNotFound(_)));
        assert_eq!(
            put("team/app").to_string(),
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation \
             failure: object has missing required properties ([\"rules\"])'"
        );
    }
}
