//! `RegisterPullTimeUpdateExclusion`, `DeregisterPullTimeUpdateExclusion`, `ListPullTimeUpdateExclusions`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{EpochSeconds, write_body};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{
    deregister_pull_time_update_exclusion, list_pull_time_update_exclusions, register_pull_time_update_exclusion,
};
use crate::registry::types::{Arn, InvalidArn, InvalidName, RegistryKey};
use crate::registry::{Context, Registry, limits};
use crate::wire_errors::Failure;

const PATTERN: &str = "^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\\w+=,.@-]+(/[\\w+=,.@-]+)*$";

static PRINCIPAL_ARN: Text = Text::new(Dialect::Smithy).length(0, limits::PRINCIPAL_ARN_CHARACTERS).pattern(PATTERN);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisterPullTimeUpdateExclusionRequest {
    principal_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeregisterPullTimeUpdateExclusionRequest {
    principal_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListPullTimeUpdateExclusionsRequest {
    max_results: Option<i32>,
    next_token: Option<String>,
}

impl WireRequest for RegisterPullTimeUpdateExclusionRequest {
    type Input = register_pull_time_update_exclusion::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let principal_arn = principal_arn(self.principal_arn)?;
        Ok(Addressed { registry_id: None, input: register_pull_time_update_exclusion::Input { principal_arn } })
    }
}

impl WireRequest for DeregisterPullTimeUpdateExclusionRequest {
    type Input = deregister_pull_time_update_exclusion::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let principal_arn = principal_arn(self.principal_arn)?;
        Ok(Addressed { registry_id: None, input: deregister_pull_time_update_exclusion::Input { principal_arn } })
    }
}

impl WireRequest for ListPullTimeUpdateExclusionsRequest {
    type Input = list_pull_time_update_exclusions::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let page = members::page(self.next_token, self.max_results)?;
        Ok(Addressed { registry_id: None, input: list_pull_time_update_exclusions::Input { page } })
    }
}

/// `principalArn`: a user or role.
fn principal_arn(text: Option<String>) -> Result<Arn, InvalidParameter> {
    const MEMBER: &str = "principalArn";
    let refused = || Dialect::Smithy.refuse(MEMBER, InvalidName::Pattern(PATTERN));
    let text = PRINCIPAL_ARN.required(MEMBER, text)?;
    // `\w` stands for more than ASCII here, and for ASCII only there.
    if !text.is_ascii() {
        return Err(refused());
    }
    text.parse().map_err(|_: InvalidArn| refused())
}

impl WireOperation for RegisterPullTimeUpdateExclusionRequest {
    type Output = register_pull_time_update_exclusion::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RegisterPullTimeUpdateExclusionReply {
            principal_arn: output.principal_arn.as_str(),
            created_at: output.created_at.into(),
        })
    }
}

impl WriteOperation for RegisterPullTimeUpdateExclusionRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(register_pull_time_update_exclusion::apply(registry, cx, input)?)
    }
}

impl WireOperation for DeregisterPullTimeUpdateExclusionRequest {
    type Output = deregister_pull_time_update_exclusion::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&DeregisterPullTimeUpdateExclusionReply { principal_arn: output.principal_arn.as_str() })
    }
}

impl WriteOperation for DeregisterPullTimeUpdateExclusionRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(deregister_pull_time_update_exclusion::apply(registry, cx, &input)?)
    }
}

impl WireOperation for ListPullTimeUpdateExclusionsRequest {
    type Output = list_pull_time_update_exclusions::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&ListPullTimeUpdateExclusionsReply {
            pull_time_update_exclusions: output.principals.iter().map(Arn::as_str).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for ListPullTimeUpdateExclusionsRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(list_pull_time_update_exclusions::apply(registry, &input)?)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RegisterPullTimeUpdateExclusionReply<'a> {
    principal_arn: &'a str,
    created_at: EpochSeconds,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeregisterPullTimeUpdateExclusionReply<'a> {
    principal_arn: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListPullTimeUpdateExclusionsReply<'a> {
    pull_time_update_exclusions: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::PATTERN;
    use crate::ecr::testing::Bench;

    fn role(name: &str) -> String {
        format!("arn:aws:iam::123456789012:role/{name}")
    }

    fn body(arn: &str) -> String {
        json!({"principalArn": arn}).to_string()
    }

    #[test]
    fn c_205_c_206_a_principal_is_excluded_once_and_until_it_is_taken_off() {
        let mut bench = Bench::new();
        let ci = body(&role("ci"));
        let registered = bench.ok("RegisterPullTimeUpdateExclusion", &ci);
        assert_eq!(registered, json!({"principalArn": role("ci"), "createdAt": 1_700_000_000.123}));
        let text = |what: &str| {
            format!(
                "The pull time update exclusion for the principal with ARN '{}' {what} in the registry with id \
                 '123456789012'",
                role("ci")
            )
        };
        assert_eq!(
            bench.refused("RegisterPullTimeUpdateExclusion", &ci),
            ("ExclusionAlreadyExistsException".to_owned(), text("already exists"))
        );
        let deregistered = bench.ok("DeregisterPullTimeUpdateExclusion", &ci);
        assert_eq!(deregistered, json!({"principalArn": role("ci")}));
        assert_eq!(
            bench.refused("DeregisterPullTimeUpdateExclusion", &ci),
            ("ExclusionNotFoundException".to_owned(), text("does not exist"))
        );
    }

    #[test]
    fn c_207_exclusions_are_listed_as_texts_page_by_page() {
        let mut bench = Bench::new();
        let list = "ListPullTimeUpdateExclusions";
        assert_eq!(bench.ok(list, "{}"), json!({"pullTimeUpdateExclusions": []}));
        for name in ["a", "b", "c"] {
            bench.ok("RegisterPullTimeUpdateExclusion", &body(&role(name)));
        }
        let first = bench.ok(list, r#"{"maxResults":2}"#);
        assert_eq!(first["pullTimeUpdateExclusions"], json!([role("a"), role("b")]));
        let rest = bench.ok(list, &json!({"nextToken": first["nextToken"]}).to_string());
        assert_eq!(rest, json!({"pullTimeUpdateExclusions": [role("c")]}));
        let (exception, message) = bench.refused(list, r#"{"maxResults":1001}"#);
        assert_eq!(exception, "InvalidParameterException");
        assert!(message.contains("Member must have value less than or equal to 1000"), "{message}");
        assert_eq!(bench.refused(list, r#"{"nextToken":"x"}"#).0, "InvalidParameterException");
    }

    #[test]
    fn c_205_a_principal_is_the_arn_of_a_user_or_role() {
        let mut bench = Bench::new();
        let mut refused = |body: &str, constraint: &str| {
            let text = format!("Invalid parameter at 'principalArn' failed to satisfy constraint: '{constraint}'");
            for operation in ["RegisterPullTimeUpdateExclusion", "DeregisterPullTimeUpdateExclusion"] {
                assert_eq!(bench.refused(operation, body), ("InvalidParameterException".to_owned(), text.clone()));
            }
        };
        refused("{}", "Member must not be null");
        refused(&body(&role(&"x".repeat(200))), "Member must have length less than or equal to 200");
        let pattern = format!("Member must satisfy regular expression pattern: {PATTERN}");
        for arn in [
            "",
            "ci",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:group/ci",
            "arn:aws:iam::12345:role/ci",
            "arn:aws:sts::123456789012:assumed-role/ci/session",
            "arn:aws:iam::123456789012:role/é",
            "arn:aws:iam::123456789012:role/",
        ] {
            refused(&body(arn), &pattern);
        }
        for arn in ["arn:aws-us-gov:iam::123456789012:user/path/eve@example.com", "arn:aws:iam::999999999999:role/x"] {
            bench.ok("RegisterPullTimeUpdateExclusion", &body(arn));
        }
    }
}
