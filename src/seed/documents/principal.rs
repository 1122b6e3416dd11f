//! Principals with policies of their own.

use std::sync::Arc;

use crate::operations::actions;
use crate::proto;
use crate::registry::policy::iam::{PolicyDocument, PolicyGrammar, PolicyKind};
use crate::registry::types::{AccountId, Arn};
use crate::seed::plan::PrincipalPlan;
use crate::seed::violation::Place;

/// Checks one principal: its ARN, each policy, and that an access key has both halves.
pub(super) fn check(document: &proto::PrincipalDocument, place: &Place<'_>) -> Option<PrincipalPlan> {
    let arn = arn(&document.arn, &place.member("arn"));
    let partition = arn.as_ref().map_or("aws", |(arn, _)| arn.partition());
    let grammar = PolicyGrammar { kind: PolicyKind::Identity, partition, known_actions: actions() };
    let policies =
        place.each("policies", &document.policies, |text, place| place.accept(PolicyDocument::parse(text, &grammar)));
    let access_key = match (&document.access_key_id, &document.secret_access_key) {
        (None, None) => None,
        (Some(id), Some(secret)) => {
            let is_legal = (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !is_legal {
                place.member("access_key_id").refuse("must be 16 to 128 letters and digits");
            }
            if secret.is_empty() {
                place.member("secret_access_key").refuse("must not be empty");
            }
            Some((Arc::from(id.as_str()), Arc::from(secret.as_str())))
        }
        (Some(_), None) => {
            place.member("secret_access_key").refuse("is required with `access_key_id`");
            None
        }
        (None, Some(_)) => {
            place.member("access_key_id").refuse("is required with `secret_access_key`");
            None
        }
    };
    let (arn, account) = arn?;
    Some(PrincipalPlan { account, arn: Arc::from(arn.as_str()), policies: policies.into(), access_key })
}

/// A user or a role.
pub(super) fn arn(text: &str, place: &Place<'_>) -> Option<(Arn, AccountId)> {
    let arn = text.parse::<Arn>().ok().filter(|arn| {
        let kind = arn.resource().split('/').next();
        arn.service() == "iam" && arn.region().is_empty() && matches!(kind, Some("user" | "role"))
    });
    let account = arn.as_ref().and_then(|arn| arn.account().parse().ok());
    if account.is_none() {
        place.refuse("must be the ARN of an IAM user or role, e.g. `arn:aws:iam::123456789012:user/ann`");
    }
    arn.zip(account)
}
