//! `RegisterPullTimeUpdateExclusion`: from now on pulls of this principal are not recorded.
//!
//! Whether there is such a principal, and of which account, is not asked (unconfirmed).
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_RegisterPullTimeUpdateExclusion.html>

use crate::registry::context::Context;
use crate::registry::errors::{ExclusionAlreadyExists, LimitExceeded, Limited};
use crate::registry::state::Registry;
use crate::registry::types::{Arn, Timestamp};

/// Whom to exclude.
#[derive(Clone, Debug)]
pub struct Input {
    /// A user or role.
    pub principal_arn: Arn,
}

/// The exclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The user or role.
    pub principal_arn: Arn,
    /// Now.
    pub created_at: Timestamp,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The principal is excluded already.
    #[error(transparent)]
    AlreadyExists(#[from] ExclusionAlreadyExists),
    /// There are too many.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Excludes the principal.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let (principal_arn, registry_id) = (input.principal_arn, registry.id());
    let exclusions = &registry.pull_time_exclusions.0;
    if exclusions.contains_key(&principal_arn) {
        return Err(ExclusionAlreadyExists { principal_arn, registry_id }.into());
    }
    registry.check_room(Limited::PullTimeExclusions, exclusions.len(), registry.quotas().pull_time_exclusions)?;
    registry.pull_time_exclusions.0.insert(principal_arn.clone(), cx.now);
    Ok(Output { principal_arn, created_at: cx.now })
}

#[cfg(test)]
mod tests {
    use super::super::{deregister_pull_time_update_exclusion, list_pull_time_update_exclusions};
    use super::*;
    use crate::registry::PageRequest;
    use crate::registry::testing::{NOON, registry, with};

    fn role(number: usize) -> Arn {
        format!("arn:aws:iam::123456789012:role/scan/{number:03}").parse().unwrap()
    }

    fn register(registry: &mut Registry, number: usize) -> Result<Output, Error> {
        with(|cx| apply(registry, cx, Input { principal_arn: role(number) }))
    }

    #[test]
    fn c_205_c_206_a_principal_is_registered_once_and_deregistered_once() {
        let mut registry = registry();
        let output = register(&mut registry, 1).unwrap();
        assert_eq!(output, Output { principal_arn: role(1), created_at: NOON });
        assert!(matches!(register(&mut registry, 1), Err(Error::AlreadyExists(_))));
        let input = deregister_pull_time_update_exclusion::Input { principal_arn: role(1) };
        let mut deregister = || with(|cx| deregister_pull_time_update_exclusion::apply(&mut registry, cx, &input));
        assert_eq!(deregister().unwrap().principal_arn, role(1));
        assert!(deregister().is_err());
        assert_eq!(registry.pull_time_exclusions().principals().count(), 0);
    }

    #[test]
    fn c_207_a_hundred_fit_and_are_listed_in_pages() {
        let mut registry = registry();
        for number in 0..100 {
            register(&mut registry, number).unwrap();
        }
        assert!(matches!(register(&mut registry, 100), Err(Error::LimitExceeded(_))));
        assert!(matches!(register(&mut registry, 99), Err(Error::AlreadyExists(_))));
        let page = |max_results: Option<usize>, next_token: Option<String>| {
            let input = list_pull_time_update_exclusions::Input { page: PageRequest { max_results, next_token } };
            list_pull_time_update_exclusions::apply(&registry, &input).unwrap()
        };
        let all = page(None, None);
        assert_eq!((all.principals.len(), all.next_token), (100, None));
        let first = page(Some(60), None);
        let rest = page(Some(60), first.next_token);
        assert_eq!((rest.principals.len(), rest.next_token), (40, None));
        assert_eq!([first.principals, rest.principals].concat(), all.principals);
        let input = list_pull_time_update_exclusions::Input {
            page: PageRequest { max_results: None, next_token: Some("garbage".to_owned()) },
        };
        assert!(list_pull_time_update_exclusions::apply(&registry, &input).is_err());
    }
}
