//! What is to be judged: who wants to do what to which resource, under which circumstances.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::registry::types::AccountId;

/// One action of one caller on one resource.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The action, without `ecr:`.
    pub action: &'a str,
    /// ARN of the repository; `*` for actions that concern none.
    pub resource: &'a str,
    /// Who calls.
    pub principal: Principal<'a>,
    /// Circumstances, for conditions and policy variables.
    pub keys: &'a dyn ConditionKeys,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// An identity of an account.
    Identity {
        /// The account.
        account: AccountId,
        /// ARN of a user, role, session or account root. Sessions of a role have the STS form,
        /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
        arn: &'a str,
    },
    /// A service of AWS that acts on its own behalf, e.g. `lambda.amazonaws.com`.
    Service(&'a str),
}

/// The condition keys of a request, such as `aws:SourceIp` or `ecr:ResourceTag/team`.
///
/// A request itself knows `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:username`,
/// `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName` and `aws:ResourceAccount`; all others are handed in, and those
/// handed in win.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
pub trait ConditionKeys {
    /// The values of a key, which is given in lower case; none if the request has no such key.
    fn values(&self, key: &str) -> Vec<Cow<'_, str>>;
}

/// Keys in lower case, each with its values.
impl ConditionKeys for BTreeMap<String, Vec<String>> {
    fn values(&self, key: &str) -> Vec<Cow<'_, str>> {
        self.get(key).into_iter().flatten().map(|value| Cow::Borrowed(value.as_str())).collect()
    }
}

impl Request<'_> {
    /// The values of a key, which is given in lower case.
    pub(super) fn values(&self, key: &str) -> Vec<Cow<'_, str>> {
        let given = self.keys.values(key);
        if given.is_empty() { self.own_value(key).into_iter().collect() } else { given }
    }

    fn own_value(&self, key: &str) -> Option<Cow<'_, str>> {
        if key == "aws:resourceaccount" {
            return self.resource.split(':').nth(4).map(Cow::Borrowed);
        }
        match &self.principal {
            Principal::Service(name) => match key {
                "aws:principalisawsservice" => Some(Cow::Borrowed("true")),
                "aws:principalservicename" => Some(Cow::Borrowed(name)),
                _ => None,
            },
            Principal::Identity { account, arn } => match key {
                "aws:principalisawsservice" => Some(Cow::Borrowed("false")),
                "aws:principalaccount" => Some(Cow::Borrowed(account.as_str())),
                "aws:principalarn" => Some(role_of_session(arn).map_or(Cow::Borrowed(*arn), Cow::Owned)),
                "aws:principaltype" => principal_type(arn).map(Cow::Borrowed),
                "aws:username" => {
                    resource_of(arn).strip_prefix("user/").and_then(|path| path.rsplit('/').next()).map(Cow::Borrowed)
                }
                _ => None,
            },
        }
    }
}

impl Principal<'_> {
    /// The account that the caller belongs to; a service belongs to none.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Identity { account, .. } => Some(*account),
            Self::Service(_) => None,
        }
    }
}

/// Name of the role, if the ARN is one of a role's session.
pub(super) fn session_role(arn: &str) -> Option<&str> {
    resource_of(arn).strip_prefix("assumed-role/")?.split('/').next()
}

/// The last field of an ARN.
pub(super) fn resource_of(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or_default()
}

/// ARN of a session's role, without the role's path, which a session does not tell.
fn role_of_session(arn: &str) -> Option<String> {
    let role = session_role(arn)?;
    let mut fields = arn.splitn(6, ':');
    let (partition, account) = (fields.nth(1)?, fields.nth(2)?);
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}

fn principal_type(arn: &str) -> Option<&'static str> {
    match resource_of(arn).split('/').next()? {
        "root" => Some("Account"),
        "user" => Some("User"),
        "assumed-role" | "role" => Some("AssumedRole"),
        "federated-user" => Some("FederatedUser"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{caller, keys, request};
    use super::*;

    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/ci/build-7";
    const APP: &str = "arn:aws:ecr:eu-west-1:210987654321:repository/team/app";

    #[test]
    fn a_request_knows_the_keys_that_follow_from_its_caller_and_resource() {
        let keys = keys(&[]);
        let value = |arn: &'static str, key: &str| {
            request("PutImage", APP, caller(arn), &keys).values(key).first().map(|value| value.clone().into_owned())
        };
        for (arn, key, expected) in [
            (SESSION, "aws:principalarn", Some("arn:aws:iam::123456789012:role/ci")),
            (SESSION, "aws:principalaccount", Some("123456789012")),
            (SESSION, "aws:principaltype", Some("AssumedRole")),
            (SESSION, "aws:username", None),
            (SESSION, "aws:resourceaccount", Some("210987654321")),
            (SESSION, "aws:principalisawsservice", Some("false")),
            ("arn:aws:iam::123456789012:user/a/eve", "aws:username", Some("eve")),
            ("arn:aws:iam::123456789012:user/a/eve", "aws:principalarn", Some("arn:aws:iam::123456789012:user/a/eve")),
            ("arn:aws:iam::123456789012:root", "aws:principaltype", Some("Account")),
            ("arn:aws:iam::123456789012:root", "aws:sourceip", None),
        ] {
            assert_eq!(value(arn, key).as_deref(), expected, "{key} of {arn}");
        }
        let service = request("BatchGetImage", "*", Principal::Service("lambda.amazonaws.com"), &keys);
        assert_eq!(service.values("aws:principalservicename"), ["lambda.amazonaws.com"]);
        assert!(service.values("aws:principalaccount").is_empty());
        assert!(service.values("aws:resourceaccount").is_empty());
    }

    #[test]
    fn keys_that_are_handed_in_win() {
        let keys = keys(&[("aws:PrincipalArn", &["arn:aws:iam::123456789012:role/path/ci"])]);
        let request = request("PutImage", APP, caller(SESSION), &keys);
        assert_eq!(request.values("aws:principalarn"), ["arn:aws:iam::123456789012:role/path/ci"]);
    }
}
