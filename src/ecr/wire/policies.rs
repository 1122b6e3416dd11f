//! `SetRepositoryPolicy`, `GetRepositoryPolicy`, `DeleteRepositoryPolicy`, and the same for the registry:
//! `PutRegistryPolicy`, `GetRegistryPolicy`, `DeleteRegistryPolicy`.
//!
//! Policies of repositories are given back as Jackson prints them; those of registries, too (unconfirmed).

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::write_body;
use crate::registry::ops::set_repository_policy::LockOut;
use crate::registry::ops::{
    delete_registry_policy, delete_repository_policy, get_registry_policy, get_repository_policy, put_registry_policy,
    set_repository_policy,
};
use crate::registry::policy::iam::PolicyDocument;
use crate::registry::types::{RegistryKey, RepositoryName};
use crate::registry::{Context, Registry, limits};
use crate::wire_errors::Failure;

static REPOSITORY_POLICY: Text = Text::new(Dialect::Launch).length(0, limits::POLICY_CHARACTERS);
static REGISTRY_POLICY: Text = Text::new(Dialect::Smithy).length(0, limits::POLICY_CHARACTERS);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetRepositoryPolicyRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    policy_text: Option<String>,
    force: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetRepositoryPolicyRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteRepositoryPolicyRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutRegistryPolicyRequest {
    policy_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetRegistryPolicyRequest {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteRegistryPolicyRequest {}

impl WireRequest for SetRepositoryPolicyRequest {
    type Input = set_repository_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let policy_text = REPOSITORY_POLICY.required("policyText", self.policy_text)?;
        let lock_out = match self.force {
            Some(true) => LockOut::Force,
            Some(false) | None => LockOut::Refuse,
        };
        Ok(Addressed { registry_id, input: set_repository_policy::Input { repository, policy_text, lock_out } })
    }
}

impl WireRequest for GetRepositoryPolicyRequest {
    type Input = get_repository_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        Ok(Addressed { registry_id, input: get_repository_policy::Input { repository } })
    }
}

impl WireRequest for DeleteRepositoryPolicyRequest {
    type Input = delete_repository_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        Ok(Addressed { registry_id, input: delete_repository_policy::Input { repository } })
    }
}

impl WireRequest for PutRegistryPolicyRequest {
    type Input = put_registry_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let policy_text = REGISTRY_POLICY.required("policyText", self.policy_text)?;
        Ok(Addressed { registry_id: None, input: put_registry_policy::Input { policy_text } })
    }
}

impl WireRequest for GetRegistryPolicyRequest {
    type Input = ();

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        Ok(Addressed { registry_id: None, input: () })
    }
}

impl WireRequest for DeleteRegistryPolicyRequest {
    type Input = ();

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        Ok(Addressed { registry_id: None, input: () })
    }
}

impl WireOperation for SetRepositoryPolicyRequest {
    type Output = (RepositoryName, PolicyDocument);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, policy): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RepositoryPolicyReply::new(registry, repository, policy))
    }
}

impl WriteOperation for SetRepositoryPolicyRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let repository = input.repository.clone();
        Ok((repository, set_repository_policy::apply(registry, cx, input)?.policy))
    }
}

impl WireOperation for GetRepositoryPolicyRequest {
    type Output = (RepositoryName, PolicyDocument);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, policy): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RepositoryPolicyReply::new(registry, repository, policy))
    }
}

impl ReadOperation for GetRepositoryPolicyRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let policy = get_repository_policy::apply(registry, &input)?.policy;
        Ok((input.repository, policy))
    }
}

impl WireOperation for DeleteRepositoryPolicyRequest {
    type Output = (RepositoryName, PolicyDocument);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, policy): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RepositoryPolicyReply::new(registry, repository, policy))
    }
}

impl WriteOperation for DeleteRepositoryPolicyRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let policy = delete_repository_policy::apply(registry, cx, &input)?.policy;
        Ok((input.repository, policy))
    }
}

impl WireOperation for PutRegistryPolicyRequest {
    type Output = PolicyDocument;

    fn render(policy: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RegistryPolicyReply::new(registry, policy))
    }
}

impl WriteOperation for PutRegistryPolicyRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(put_registry_policy::apply(registry, cx, &input)?.policy)
    }
}

impl WireOperation for GetRegistryPolicyRequest {
    type Output = PolicyDocument;

    fn render(policy: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RegistryPolicyReply::new(registry, policy))
    }
}

impl ReadOperation for GetRegistryPolicyRequest {
    fn apply(registry: &Registry, (): Self::Input) -> Result<Self::Output, Failure> {
        Ok(get_registry_policy::apply(registry)?.policy)
    }
}

impl WireOperation for DeleteRegistryPolicyRequest {
    type Output = PolicyDocument;

    fn render(policy: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&RegistryPolicyReply::new(registry, policy))
    }
}

impl WriteOperation for DeleteRegistryPolicyRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, (): Self::Input) -> Result<Self::Output, Failure> {
        Ok(delete_registry_policy::apply(registry, cx)?.policy)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryPolicyReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    policy_text: String,
}

impl<'a> RepositoryPolicyReply<'a> {
    fn new(registry: &'a RegistryKey, repository: &'a RepositoryName, policy: &PolicyDocument) -> Self {
        Self {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            policy_text: policy.pretty(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RegistryPolicyReply<'a> {
    registry_id: &'a str,
    policy_text: String,
}

impl<'a> RegistryPolicyReply<'a> {
    fn new(registry: &'a RegistryKey, policy: &PolicyDocument) -> Self {
        Self { registry_id: registry.account.as_str(), policy_text: policy.pretty() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::testing::Bench;

    fn with_repository() -> Bench {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"ab"}"#);
        bench
    }

    fn set(policy_text: &str) -> String {
        json!({"repositoryName": "ab", "policyText": policy_text}).to_string()
    }

    const GET: &str = r#"{"repositoryName":"ab"}"#;

    #[test]
    fn c_117_a_repository_policy_comes_back_as_jackson_prints_it() {
        let mut bench = with_repository();
        let given = r#"{"Version":"2008-10-17","Statement":[{"Sid":"new policy","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["ecr:BatchGetImage"]}]}"#;
        let printed = "{\n  \"Version\" : \"2008-10-17\",\n  \"Statement\" : [ {\n    \"Sid\" : \"new policy\",\n    \
                       \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \
                       \"arn:aws:iam::111122223333:root\"\n    },\n    \"Action\" : [ \"ecr:BatchGetImage\" ]\n  } ]\n}";
        let reply = json!({"registryId": "123456789012", "repositoryName": "ab", "policyText": printed});
        assert_eq!(bench.ok("SetRepositoryPolicy", &set(given)), reply);
        assert_eq!(bench.ok("GetRepositoryPolicy", GET), reply);
        assert_eq!(bench.ok("SetRepositoryPolicy", &set(printed)), reply);
        assert_eq!(bench.ok("DeleteRepositoryPolicy", GET), reply);
    }

    #[test]
    fn c_119_no_repository_comes_before_no_policy() {
        let mut bench = with_repository();
        for operation in ["GetRepositoryPolicy", "DeleteRepositoryPolicy"] {
            let message = "Repository policy does not exist for the repository with name 'ab' in the registry with id \
                           '123456789012'";
            let expected = ("RepositoryPolicyNotFoundException".to_owned(), message.to_owned());
            assert_eq!(bench.refused(operation, GET), expected);
            let (exception, _) = bench.refused(operation, r#"{"repositoryName":"cd"}"#);
            assert_eq!(exception, "RepositoryNotFoundException");
        }
    }

    #[test]
    fn c_117_what_is_no_repository_policy_is_refused() {
        let mut bench = with_repository();
        let mut refused = |body: Value, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            let expected = ("InvalidParameterException".to_owned(), text);
            assert_eq!(bench.refused("SetRepositoryPolicy", &body.to_string()), expected);
        };
        refused(json!({"policyText": "{}"}), "repositoryName", "must not be null");
        refused(json!({"repositoryName": "ab"}), "policyText", "must not be null");
        let long = json!({"repositoryName": "ab", "policyText": "é".repeat(10_241)});
        refused(long, "policyText", "must have length less than or equal to 10240");
        for text in ["", "no policy", "{}", &"é".repeat(10_240)] {
            let body = json!({"repositoryName": "ab", "policyText": text, "force": true});
            refused(body, "PolicyText", "Invalid repository policy provided");
        }
    }

    #[test]
    fn unconfirmed_c_118_a_policy_that_locks_the_caller_out_is_set_by_force_only() {
        let mut bench = with_repository();
        let policy = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:*"}}"#;
        assert_eq!(
            bench.refused("SetRepositoryPolicy", &set(policy)),
            (
                "InvalidParameterException".to_owned(),
                "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'The new repository policy will not \
                 allow you to set the repository policy in the future. Use force to set it anyway'"
                    .to_owned()
            )
        );
        assert_eq!(bench.refused("GetRepositoryPolicy", GET).0, "RepositoryPolicyNotFoundException");
        let forced = json!({"repositoryName": "ab", "policyText": policy, "force": true}).to_string();
        bench.ok("SetRepositoryPolicy", &forced);
        bench.ok("GetRepositoryPolicy", GET);
    }

    #[test]
    fn unconfirmed_c_120_a_registry_policy_comes_back_as_jackson_prints_it() {
        let mut bench = Bench::new();
        let given = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"ecr:ReplicateImage","Resource":["arn:aws:ecr:us-east-1:123456789012:repository/*"]}]}"#;
        let printed = "{\n  \"Statement\" : [ {\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \
                       \"arn:aws:iam::111122223333:root\"\n    },\n    \"Action\" : \"ecr:ReplicateImage\",\n    \
                       \"Resource\" : [ \"arn:aws:ecr:us-east-1:123456789012:repository/*\" ]\n  } ]\n}";
        let reply = json!({"registryId": "123456789012", "policyText": printed});
        assert_eq!(bench.ok("PutRegistryPolicy", &json!({"policyText": given}).to_string()), reply);
        assert_eq!(bench.ok("GetRegistryPolicy", "{}"), reply);
        assert_eq!(bench.ok("DeleteRegistryPolicy", "{}"), reply);
    }

    #[test]
    fn c_120_c_121_registry_policies_are_missed_and_refused_in_the_words_of_ecr() {
        let mut bench = Bench::new();
        for operation in ["GetRegistryPolicy", "DeleteRegistryPolicy"] {
            let message = "Registry policy does not exist in the registry with id '123456789012'";
            let expected = ("RegistryPolicyNotFoundException".to_owned(), message.to_owned());
            assert_eq!(bench.refused(operation, "{}"), expected);
        }
        let mut refused = |body: Value, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            let expected = ("InvalidParameterException".to_owned(), text);
            assert_eq!(bench.refused("PutRegistryPolicy", &body.to_string()), expected);
        };
        refused(json!({}), "policyText", "Member must not be null");
        let long = json!({"policyText": "x".repeat(10_241)});
        refused(long, "policyText", "Member must have length less than or equal to 10240");
        refused(json!({"policyText": ""}), "PolicyText", "Invalid registry policy provided");
        let bare = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}"#;
        refused(json!({"policyText": bare}), "PolicyText", "Invalid registry policy provided");
    }
}
