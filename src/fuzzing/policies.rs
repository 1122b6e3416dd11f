//! Policies: what is read, printed and read again is the same, and it can be judged.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::operations;
use crate::registry::policy::iam::{PolicyDocument, PolicyGrammar, PolicyKind, Principal, Request};
use crate::registry::policy::lifecycle::{Candidate, LifecyclePolicy, Role, StorageClass, Verdict, evaluate};
use crate::registry::small_set::SmallSet;
use crate::registry::types::{AccountId, Digest, Tag, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The text of a lifecycle policy, judged for a few images.
pub fn lifecycle_policy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let policy = match LifecyclePolicy::parse(text) {
        Ok(policy) => policy,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let printed = LifecyclePolicy::parse(policy.minified()).expect("what was printed is a policy");
    assert_eq!(printed, policy.clone().into_minified());

    let images = images();
    let evaluation = evaluate(&policy, images.iter().map(|image| image.candidate()), NOW);
    let verdicts: Vec<Verdict> = evaluation.verdicts().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts.len(), images.len());
    for (image, verdict) in images.iter().zip(&verdicts) {
        let spares = !matches!(verdict, Verdict::ActedOn { .. });
        assert!(image.role == Role::Plain || spares, "{verdict:?} on {image:?}");
    }
    let acted_on = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::ActedOn { .. })).count();
    assert_eq!(evaluation.actions().count(), acted_on);
    let by_action = evaluation.expiring_image_total_count() + evaluation.transitioning_image_total_count();
    assert_eq!(by_action, acted_on);
}

/// An image of which a policy is asked.
#[derive(Debug)]
struct Image {
    digest: Digest,
    tags: SmallSet<Tag>,
    age_days: i64,
    role: Role,
    storage_class: StorageClass,
}

impl Image {
    fn candidate(&self) -> Candidate<'_> {
        let days_ago = |days: i64| Timestamp::from_micros(NOW.as_micros() - days * 86_400_000_000);
        let archived = self.storage_class == StorageClass::Archive;
        Candidate {
            digest: &self.digest,
            tags: &self.tags,
            pushed_at: days_ago(self.age_days),
            last_recorded_pull_time: (self.age_days % 2 == 0).then(|| days_ago(self.age_days / 2)),
            storage_class: self.storage_class,
            last_archived_at: archived.then(|| days_ago(self.age_days / 3)),
            last_activated_at: None,
            role: self.role,
        }
    }
}

/// Images that differ in all that rules look at.
fn images() -> Vec<Image> {
    let image = |number: u8, tags: &[&str], age_days, role, storage_class| Image {
        digest: Digest::sha256_of(&[number]),
        tags: tags.iter().map(|tag| tag.parse().expect("a tag")).collect(),
        age_days,
        role,
        storage_class,
    };
    vec![
        image(0, &["prod-1", "v1"], 400, Role::Plain, StorageClass::Standard),
        image(1, &["prod-2"], 30, Role::Plain, StorageClass::Standard),
        image(2, &["beta", "v2"], 7, Role::Plain, StorageClass::Standard),
        image(3, &[], 90, Role::Plain, StorageClass::Standard),
        image(4, &[], 1, Role::ChildOfIndex, StorageClass::Standard),
        image(5, &["prod-3"], 0, Role::ChildOfIndex, StorageClass::Standard),
        image(6, &[], 60, Role::Referrer, StorageClass::Standard),
        image(7, &["old"], 900, Role::Plain, StorageClass::Archive),
        image(8, &[], 300, Role::Plain, StorageClass::Archive),
    ]
}

/// The text of a policy in IAM's language, as each kind that there is, judged for a few callers.
pub fn repository_policy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for kind in [PolicyKind::Repository, PolicyKind::Registry, PolicyKind::Identity] {
        let grammar = PolicyGrammar { kind, partition: "aws", known_actions: operations::actions() };
        let policy = match PolicyDocument::parse(text, &grammar) {
            Ok(policy) => policy,
            Err(refused) => {
                assert!(!refused.to_string().is_empty());
                continue;
            }
        };
        let outcomes = outcomes(&policy);
        for printed in [policy.pretty(), policy.minified()] {
            let again = PolicyDocument::parse(&printed, &grammar).expect("what was printed is a policy");
            assert_eq!(again, policy);
            assert_eq!((again.pretty(), again.minified()), (policy.pretty(), policy.minified()));
            assert_eq!(self::outcomes(&again), outcomes, "{printed}");
        }
    }
}

fn outcomes(policy: &PolicyDocument) -> Vec<crate::registry::policy::iam::Outcome> {
    static KEYS: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
        let pairs = [
            ("aws:sourceip", "192.0.2.7"),
            ("aws:securetransport", "false"),
            ("aws:currenttime", "2026-01-01T00:00:00Z"),
            ("aws:epochtime", "1767225600"),
            ("aws:requesttag/team", "blue"),
            ("aws:tagkeys", "team"),
            ("ecr:resourcetag/team", "blue"),
            ("aws:principalorgid", "o-1234567890"),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), vec![value.to_owned()])).collect()
    });
    let own: AccountId = AccountId::DEFAULT;
    let other: AccountId = "999999999999".parse().expect("an account");
    let repository = "arn:aws:ecr:us-east-1:123456789012:repository/team/app";
    [
        ("BatchGetImage", repository, Principal::Identity { account: own, arn: "arn:aws:iam::123456789012:user/eve" }),
        ("PutImage", repository, Principal::Identity { account: other, arn: "arn:aws:iam::999999999999:root" }),
        (
            "GetAuthorizationToken",
            "*",
            Principal::Identity { account: own, arn: "arn:aws:sts::123456789012:assumed-role/ci/session" },
        ),
        ("BatchGetImage", repository, Principal::Service("lambda.amazonaws.com")),
    ]
    .into_iter()
    .map(|(action, resource, principal)| policy.evaluate(&Request { action, resource, principal, keys: &*KEYS }))
    .collect()
}
