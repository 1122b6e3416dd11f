//! Samples for this folder's tests: callers, keys, documents.

use std::collections::BTreeMap;

pub(super) use crate::registry::testing::ACTIONS;

use super::{ConditionKeys, PolicyDocument, PolicyGrammar, PolicyKind, Principal, Request};

/// What a document of this kind is read against.
pub(super) fn grammar(kind: PolicyKind) -> PolicyGrammar<'static> {
    PolicyGrammar { kind, partition: "aws", known_actions: ACTIONS }
}

/// A document that is known to be legal.
pub(super) fn document(kind: PolicyKind, text: &str) -> PolicyDocument {
    PolicyDocument::parse(text, &grammar(kind)).unwrap_or_else(|refused| panic!("{}: {text}", refused.reason))
}

/// The identity of this ARN, in the ARN's account.
pub(super) fn caller(arn: &str) -> Principal<'_> {
    Principal::Identity { account: arn.split(':').nth(4).unwrap().parse().unwrap(), arn }
}

/// Keys in any case, each with its values.
pub(super) fn keys(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    pairs.iter().map(|(key, values)| (key.to_ascii_lowercase(), owned(values))).collect()
}

/// A request.
pub(super) fn request<'a>(
    action: &'a str,
    resource: &'a str,
    principal: Principal<'a>,
    keys: &'a dyn ConditionKeys,
) -> Request<'a> {
    Request { action, resource, principal, keys }
}
