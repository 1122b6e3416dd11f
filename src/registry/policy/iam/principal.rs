//! `Principal` and `NotPrincipal`: whom a statement of a repository or registry policy is about.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use super::document::PolicyGrammar;
use super::request::{Principal, resource_of, session_role};
use super::statement::texts;
use crate::registry::policy::Json;
use crate::registry::types::{AccountId, Arn};

/// One entry of the element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PrincipalPattern {
    /// `*`.
    Anyone,
    /// The root ARN of an account, which stands for the whole account.
    Account(AccountId),
    /// ARN of a user, a role, or a session.
    Identity(Arn),
    /// A service, e.g. `lambda.amazonaws.com`.
    Service(String),
    /// An identity provider or a canonical user; nobody who calls ECR is one.
    Other,
}

/// How an entry reaches a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// It names the caller's account, which leaves the last word to the caller's own policies.
    ThroughAccount,
    /// It names the caller.
    Direct,
}

impl PrincipalPattern {
    /// Reads the element: `"*"`, or an object of principal types. Account ids have become root ARNs before.
    pub(super) fn parse_all(json: &Json, grammar: &PolicyGrammar<'_>) -> Result<Vec<Self>, String> {
        if json.text() == Some("*") {
            return Ok(vec![Self::Anyone]);
        }
        let types = json.members().ok_or("the principal is neither `*` nor an object")?;
        if types.is_empty() {
            return Err("the principal is empty".to_owned());
        }
        let mut patterns = Vec::new();
        for (name, values) in types {
            for text in texts(values, name)? {
                patterns.push(Self::parse(name, text, grammar)?);
            }
        }
        Ok(patterns)
    }

    fn parse(name: &str, text: &str, grammar: &PolicyGrammar<'_>) -> Result<Self, String> {
        let refused = || format!("`{text}` is not a principal of type {name}");
        match name {
            "AWS" if text == "*" => Ok(Self::Anyone),
            "AWS" => Self::parse_arn(text, grammar).ok_or_else(refused),
            "Service" if is_service(text) => Ok(Self::Service(text.to_owned())),
            "Federated" | "CanonicalUser" if !text.is_empty() => Ok(Self::Other),
            "Service" | "Federated" | "CanonicalUser" => Err(refused()),
            _ => Err(format!("`{name}` is not a type of principals")),
        }
    }

    fn parse_arn(text: &str, grammar: &PolicyGrammar<'_>) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        let account: AccountId = arn.account().parse().ok()?;
        if arn.partition() != grammar.partition || !arn.region().is_empty() {
            return None;
        }
        let mut path = arn.resource().split('/');
        let (kind, names) = (path.next()?, path.collect::<Vec<_>>());
        let are_names = !names.is_empty() && names.iter().all(|name| is_name(name));
        match (arn.service(), kind) {
            ("iam", "root") if names.is_empty() => Some(Self::Account(account)),
            ("iam", "user" | "role") if are_names => Some(Self::Identity(arn)),
            ("sts", "assumed-role") if are_names && names.len() == 2 => Some(Self::Identity(arn)),
            ("sts", "federated-user") if are_names && names.len() == 1 => Some(Self::Identity(arn)),
            _ => None,
        }
    }

    /// How it reaches this caller, if it does. A session is reached as itself and as its role.
    pub(super) fn reach(&self, principal: &Principal<'_>) -> Option<Reach> {
        match (self, principal) {
            (Self::Anyone, _) => Some(Reach::Direct),
            (Self::Account(account), Principal::Identity { account: callers, arn }) if account == callers => {
                Some(if resource_of(arn) == "root" { Reach::Direct } else { Reach::ThroughAccount })
            }
            (Self::Identity(wanted), Principal::Identity { arn, .. }) => {
                (wanted.as_str() == *arn || is_role_of(wanted, arn)).then_some(Reach::Direct)
            }
            (Self::Service(wanted), Principal::Service(name)) => (wanted == name).then_some(Reach::Direct),
            _ => None,
        }
    }
}

/// Whether this is the role of that session. A session's ARN holds the role's name without its path.
fn is_role_of(role: &Arn, session: &str) -> bool {
    let Ok(arn) = session.parse::<Arn>() else { return false };
    let name = role.resource().strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    arn.service() == "sts"
        && name.is_some()
        && name == session_role(session)
        && (arn.partition(), arn.account()) == (role.partition(), role.account())
}

fn is_service(text: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.contains('.') && text.split('.').all(is_label)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::document::PolicyKind;
    use super::super::testing::{caller, grammar};
    use super::*;

    fn parse(text: &str) -> Result<Vec<PrincipalPattern>, String> {
        PrincipalPattern::parse_all(&Json::parse(text).unwrap(), &grammar(PolicyKind::Repository))
    }

    fn reach(pattern: &str, principal: Principal<'_>) -> Option<Reach> {
        parse(pattern).unwrap().iter().filter_map(|pattern| pattern.reach(&principal)).max()
    }

    #[test]
    fn x_014_users_roles_sessions_and_accounts_are_told_apart() {
        const USER: &str = "arn:aws:iam::111122223333:user/eve";
        const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/ci/build";
        const ROOT: &str = "arn:aws:iam::111122223333:root";
        let (direct, account) = (Some(Reach::Direct), Some(Reach::ThroughAccount));
        for (pattern, arn, expected) in [
            (r#""*""#, USER, direct),
            (r#"{"AWS":"*"}"#, SESSION, direct),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, USER, account),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, SESSION, account),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, ROOT, direct),
            (r#"{"AWS":"arn:aws:iam::444455556666:root"}"#, USER, None),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/eve"}"#, USER, direct),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/Eve"}"#, USER, None),
            (r#"{"AWS":"arn:aws:iam::111122223333:role/ci"}"#, SESSION, direct),
            (r#"{"AWS":"arn:aws:iam::111122223333:role/path/of/ci"}"#, SESSION, direct),
            (r#"{"AWS":"arn:aws:iam::111122223333:role/ci/other"}"#, SESSION, None),
            (r#"{"AWS":"arn:aws:iam::444455556666:role/ci"}"#, SESSION, None),
            (r#"{"AWS":"arn:aws:iam::111122223333:role/ci"}"#, "arn:aws:iam::111122223333:role/ci", direct),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/ci"}"#, SESSION, None),
            (r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/ci/build"}"#, SESSION, direct),
            (r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/ci/other"}"#, SESSION, None),
            (r#"{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:user/eve"]}"#, USER, direct),
            (r#"{"Service":"lambda.amazonaws.com"}"#, USER, None),
            (r#"{"Federated":"accounts.google.com"}"#, USER, None),
        ] {
            assert_eq!(reach(pattern, caller(arn)), expected, "{pattern} for {arn}");
        }
        let lambda = Principal::Service("lambda.amazonaws.com");
        assert_eq!(reach(r#"{"Service":["ecs.amazonaws.com","lambda.amazonaws.com"]}"#, lambda), direct);
        assert_eq!(reach(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, lambda), None);
    }

    #[test]
    fn c_117_malformed_principals_are_refused() {
        for text in [
            r#""123456789012""#,
            r#""arn:aws:iam::123456789012:root""#,
            "[]",
            "{}",
            "5",
            r#"["*"]"#,
            r#"{"AWS":[]}"#,
            r#"{"AWS":{}}"#,
            r#"{"AWS":[5]}"#,
            r#"{"AWS":"eve"}"#,
            r#"{"AWS":"1234"}"#,
            r#"{"AWS":"arn:aws:iam::123456789012:role/*"}"#,
            r#"{"AWS":"arn:aws:iam::123456789012:user"}"#,
            r#"{"AWS":"arn:aws:iam::123456789012:group/x"}"#,
            r#"{"AWS":"arn:aws:iam::12:root"}"#,
            r#"{"AWS":"arn:aws:iam:eu-west-1:123456789012:root"}"#,
            r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/ci"}"#,
            r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/ci/*"}"#,
            r#"{"aws":"*"}"#,
            r#"{"Service":"*"}"#,
            r#"{"Service":"lambda"}"#,
            r#"{"Federated":""}"#,
            r#"{"Everyone":"*"}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(r#"{"CanonicalUser":"79a59df900b949e5","AWS":"*"}"#).is_ok());
        assert!(parse(r#"{"AWS":"arn:aws:sts::123456789012:federated-user/eve"}"#).is_ok());
    }

    #[test]
    fn unconfirmed_principals_of_another_partition_and_unique_ids_are_refused() {
        assert!(parse(r#"{"AWS":"arn:aws-cn:iam::123456789012:root"}"#).is_err());
        assert!(parse(r#"{"AWS":"AIDACKCEVSQ6C2EXAMPLE"}"#).is_err());
    }
}
