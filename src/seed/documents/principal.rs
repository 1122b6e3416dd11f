//! Principals with policies of their own, and the keys by which they call.

use std::sync::Arc;

use super::times;
use crate::operations::actions;
use crate::proto;
use crate::registry::policy::iam::{PolicyDocument, PolicyGrammar, PolicyKind};
use crate::registry::types::{AccountId, Arn, Timestamp};
use crate::seed::plan::{AccessKeyPlan, PrincipalPlan};
use crate::seed::violation::Place;

/// Checks one principal: its ARN, each policy, and that an access key has all its parts.
pub(super) fn check(document: &proto::PrincipalDocument, place: &Place<'_>) -> Option<PrincipalPlan> {
    let session_arn = document.arn.parse::<Arn>().ok().filter(is_session);
    let is_session = session_arn.is_some();
    let arn = match session_arn {
        Some(session) => account(&session, &place.member("arn")).map(|account| (session, account)),
        None => arn(&document.arn, &place.member("arn")),
    };
    if is_session && !document.policies.is_empty() {
        place.member("policies").refuse("must not be there: a session has the policies of its role");
    }
    let partition = arn.as_ref().map_or("aws", |(arn, _)| arn.partition());
    let grammar = PolicyGrammar { kind: PolicyKind::Identity, partition, known_actions: actions() };
    let policies =
        place.each("policies", &document.policies, |text, place| place.accept(PolicyDocument::parse(text, &grammar)));
    let session = session(document, place);
    let access_key = match (&document.access_key_id, &document.secret_access_key) {
        (None, None) => {
            if session.is_some() {
                place.member("access_key_id").refuse("is required with `session_token`");
            }
            None
        }
        (Some(id), Some(secret)) => {
            let is_legal = (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !is_legal {
                place.member("access_key_id").refuse("must be 16 to 128 letters and digits");
            }
            if secret.is_empty() {
                place.member("secret_access_key").refuse("must not be empty");
            }
            Some(AccessKeyPlan { id: Arc::from(id.as_str()), secret: Arc::from(secret.as_str()), session })
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
    let policies = (!is_session).then(|| policies.into());
    Some(PrincipalPlan { account, arn: Arc::from(arn.as_str()), policies, access_key })
}

/// What makes a key a temporary one.
fn session(document: &proto::PrincipalDocument, place: &Place<'_>) -> Option<(Arc<str>, Option<Timestamp>)> {
    let expires = document.expires_at.and_then(|time| place.member("expires_at").accept(times::timestamp(time)));
    match document.session_token.as_deref() {
        Some("") => {
            place.member("session_token").refuse("must not be empty");
            None
        }
        Some(token) => Some((Arc::from(token), expires)),
        None => {
            if document.expires_at.is_some() {
                place.member("session_token").refuse("is required with `expires_at`");
            }
            None
        }
    }
}

/// A user or a role.
pub(super) fn arn(text: &str, place: &Place<'_>) -> Option<(Arn, AccountId)> {
    let arn = text.parse::<Arn>().ok().filter(|arn| {
        let kind = arn.resource().split('/').next();
        arn.service() == "iam" && arn.region().is_empty() && matches!(kind, Some("user" | "role"))
    });
    match arn {
        Some(arn) => account(&arn, place).map(|account| (arn, account)),
        None => refuse_arn(place),
    }
}

fn account(arn: &Arn, place: &Place<'_>) -> Option<AccountId> {
    arn.account().parse().ok().or_else(|| refuse_arn(place))
}

fn refuse_arn<T>(place: &Place<'_>) -> Option<T> {
    place.refuse("must be the ARN of an IAM user or role, e.g. `arn:aws:iam::123456789012:user/ann`");
    None
}

/// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
fn is_session(arn: &Arn) -> bool {
    let parts: Vec<&str> = arn.resource().split('/').collect();
    arn.service() == "sts"
        && arn.region().is_empty()
        && matches!(*parts, ["assumed-role", role, session] if !role.is_empty() && !session.is_empty())
}
