//! `PutSigningConfiguration`, `GetSigningConfiguration`, `DeleteSigningConfiguration`, `DescribeImageSigningStatus`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::images::{self, ImageIdReply, ImageIdentifierMember, set_image};
use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, list, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Object, write_body};
use crate::facts::Facts;
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{describe_image_signing_status, signing_configuration};
use crate::registry::signing::{SigningConfiguration, SigningFilter, SigningRule, SigningStatus};
use crate::registry::types::{RegistryKey, RepositoryName};
use crate::registry::{Context, ImageIdentifier, Registry, limits};
use crate::wire_errors::Failure;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutSigningConfigurationRequest {
    signing_configuration: Option<Object<SigningConfigurationMember>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningConfigurationMember {
    rules: Option<Vec<Object<SigningRuleMember>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningRuleMember {
    signing_profile_arn: Option<String>,
    repository_filters: Option<Vec<Object<SigningFilterMember>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningFilterMember {
    filter: Option<String>,
    filter_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetSigningConfigurationRequest {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteSigningConfigurationRequest {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImageSigningStatusRequest {
    repository_name: Option<String>,
    image_id: Option<Object<ImageIdentifierMember>>,
    registry_id: Option<String>,
}

impl WireRequest for PutSigningConfigurationRequest {
    type Input = SigningConfiguration;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let Object(configuration) = Dialect::Smithy.required("signingConfiguration", self.signing_configuration)?;
        let rules = Dialect::Smithy.required("signingConfiguration.rules", configuration.rules)?;
        list("signingConfiguration.rules", &rules, 0..=limits::SIGNING_RULES)?;
        let rules = rules.into_iter().enumerate().map(rule).collect::<Result<_, _>>()?;
        Ok(Addressed { registry_id: None, input: SigningConfiguration { rules } })
    }
}

impl WireRequest for GetSigningConfigurationRequest {
    type Input = ();

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        Ok(Addressed { registry_id: None, input: () })
    }
}

impl WireRequest for DeleteSigningConfigurationRequest {
    type Input = ();

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        Ok(Addressed { registry_id: None, input: () })
    }
}

impl WireRequest for DescribeImageSigningStatusRequest {
    type Input = describe_image_signing_status::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let repository = members::repository_name(self.repository_name)?;
        let image_id = images::image_id("imageId", self.image_id)?;
        let registry_id = members::registry_id(self.registry_id)?;
        Ok(Addressed { registry_id, input: describe_image_signing_status::Input { repository, image_id } })
    }
}

fn rule((place, Object(rule)): (usize, Object<SigningRuleMember>)) -> Result<SigningRule, InvalidParameter> {
    let path = format!("signingConfiguration.rules.{}.member", place + 1);
    let signing_profile_arn =
        Dialect::Smithy.read(format_args!("{path}.signingProfileArn"), rule.signing_profile_arn)?;
    let Some(filters) = rule.repository_filters else {
        return Ok(SigningRule { signing_profile_arn, filters: Vec::new() });
    };
    let member = format!("{path}.repositoryFilters");
    list(&member, &filters, 1..=limits::SIGNING_FILTERS_PER_RULE)?;
    let filter = |(place, Object(filter)): (usize, Object<SigningFilterMember>)| {
        let path = format!("{member}.{}.member", place + 1);
        let text = Dialect::Smithy.read::<SigningFilter>(format_args!("{path}.filter"), filter.filter)?;
        let member = format!("{path}.filterType");
        let kind = Dialect::Smithy.required(&member, filter.filter_type)?;
        one_of(member, &kind, &[WILDCARD_MATCH], |name| name)?;
        Ok(text)
    };
    let filters = filters.into_iter().enumerate().map(filter).collect::<Result<_, InvalidParameter>>()?;
    Ok(SigningRule { signing_profile_arn, filters })
}

const WILDCARD_MATCH: &str = "WILDCARD_MATCH";

impl WireOperation for PutSigningConfigurationRequest {
    type Output = signing_configuration::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&SigningConfigurationBody { registry_id: None, signing_configuration: (&**output).into() })
    }
}

impl WriteOperation for PutSigningConfigurationRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(signing_configuration::put(registry, cx, input)?)
    }
}

impl WireOperation for GetSigningConfigurationRequest {
    type Output = signing_configuration::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let registry_id = Some(registry.account.as_str());
        write_body(&SigningConfigurationBody { registry_id, signing_configuration: (&**output).into() })
    }
}

impl ReadOperation for GetSigningConfigurationRequest {
    fn apply(registry: &Registry, (): Self::Input) -> Result<Self::Output, Failure> {
        Ok(signing_configuration::get(registry)?)
    }
}

impl WireOperation for DeleteSigningConfigurationRequest {
    type Output = signing_configuration::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let registry_id = Some(registry.account.as_str());
        write_body(&SigningConfigurationBody { registry_id, signing_configuration: (&**output).into() })
    }
}

impl WriteOperation for DeleteSigningConfigurationRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, (): Self::Input) -> Result<Self::Output, Failure> {
        Ok(signing_configuration::delete(registry, cx)?)
    }
}

impl WireOperation for DescribeImageSigningStatusRequest {
    type Output = (RepositoryName, ImageIdentifier, describe_image_signing_status::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        set_image(facts, Some(&input.image_id));
    }

    /// The image is named as the caller named it (unconfirmed).
    fn render((repository, image_id, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&DescribeImageSigningStatusReply {
            repository_name: repository.as_str(),
            image_id: image_id.into(),
            registry_id: registry.account.as_str(),
            signing_statuses: each(&output.signing_statuses),
        })
    }
}

impl ReadOperation for DescribeImageSigningStatusRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = describe_image_signing_status::apply(registry, &input)?;
        Ok((input.repository, input.image_id, output))
    }
}

/// The reply of all three operations on the configuration; that of `PutSigningConfiguration` has no registry id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningConfigurationBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_id: Option<&'a str>,
    signing_configuration: SigningConfigurationReply<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningConfigurationReply<'a> {
    rules: Vec<SigningRuleReply<'a>>,
}

impl<'a> From<&'a SigningConfiguration> for SigningConfigurationReply<'a> {
    fn from(configuration: &'a SigningConfiguration) -> Self {
        Self { rules: each(&configuration.rules) }
    }
}

/// A rule without filters shows none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningRuleReply<'a> {
    signing_profile_arn: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repository_filters: Vec<SigningFilterReply<'a>>,
}

impl<'a> From<&'a SigningRule> for SigningRuleReply<'a> {
    fn from(rule: &'a SigningRule) -> Self {
        Self { signing_profile_arn: rule.signing_profile_arn.as_str(), repository_filters: each(&rule.filters) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningFilterReply<'a> {
    filter: &'a str,
    filter_type: &'static str,
}

impl<'a> From<&'a SigningFilter> for SigningFilterReply<'a> {
    fn from(filter: &'a SigningFilter) -> Self {
        Self { filter: filter.as_str(), filter_type: WILDCARD_MATCH }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeImageSigningStatusReply<'a> {
    repository_name: &'a str,
    image_id: ImageIdReply<'a>,
    registry_id: &'a str,
    signing_statuses: Vec<SigningStatusMember<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningStatusMember<'a> {
    signing_profile_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    status: &'static str,
}

impl<'a> From<&'a SigningStatus> for SigningStatusMember<'a> {
    fn from(status: &'a SigningStatus) -> Self {
        let (failure_code, failure_reason) = status.failure().unzip();
        Self {
            signing_profile_arn: status.signing_profile_arn.as_str(),
            failure_code,
            failure_reason,
            status: status.state.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecr::testing::Bench;
    use crate::registry::Work;
    use crate::registry::types::{Digest, Timestamp};

    const PROFILE: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/p1";

    #[test]
    fn c_197_c_198_c_199_a_configuration_is_put_told_and_deleted() {
        let mut bench = Bench::new();
        let missing = (
            "SigningConfigurationNotFoundException".to_owned(),
            "Signing configuration does not exist in the registry with id '123456789012'".to_owned(),
        );
        assert_eq!(bench.refused("GetSigningConfiguration", "{}"), missing);
        let configuration = json!({"rules": [
            {"signingProfileArn": PROFILE, "repositoryFilters": [{"filter": "prod/*", "filterType": "WILDCARD_MATCH"}]},
            {"signingProfileArn": PROFILE},
        ]});
        let put = json!({"signingConfiguration": configuration});
        assert_eq!(bench.ok("PutSigningConfiguration", &put.to_string()), put);
        let told = json!({"registryId": "123456789012", "signingConfiguration": configuration});
        assert_eq!(bench.ok("GetSigningConfiguration", "{}"), told);
        assert_eq!(bench.ok("DeleteSigningConfiguration", "{}"), told);
        assert_eq!(bench.refused("DeleteSigningConfiguration", "{}"), missing);
        let elsewhere = put.to_string().replace("us-east-1", "eu-west-1");
        assert_eq!(bench.refused("PutSigningConfiguration", &elsewhere).0, "ValidationException");
    }

    #[test]
    fn c_197_a_configuration_is_checked_member_by_member() {
        let check = |body: &str, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            let expect = ("InvalidParameterException".to_owned(), text);
            assert_eq!(Bench::new().refused("PutSigningConfiguration", body), expect, "{body}");
        };
        let put = |rules: &str| format!(r#"{{"signingConfiguration":{{"rules":[{rules}]}}}}"#);
        let rules = "signingConfiguration.rules";
        check("{}", "signingConfiguration", "Member must not be null");
        check(r#"{"signingConfiguration":{}}"#, rules, "Member must not be null");
        check(&put(&["{}"; 11].join(",")), rules, "Member must have length less than or equal to 10");
        let profile = format!("{rules}.1.member.signingProfileArn");
        check(&put("{}"), &profile, "Member must not be null");
        let long = format!(r#"{{"signingProfileArn":"{PROFILE}{}"}}"#, "x".repeat(200));
        check(&put(&long), &profile, "Member must have length less than or equal to 200");
        check(
            &put(r#"{"signingProfileArn":"p1"}"#),
            &profile,
            "Member must satisfy regular expression pattern: \
             ^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:\\/signing-profiles\\/[a-zA-Z0-9_]{2,}$",
        );
        let with =
            |filters: &str| put(&format!(r#"{{"signingProfileArn":"{PROFILE}","repositoryFilters":[{filters}]}}"#));
        let filters = format!("{rules}.1.member.repositoryFilters");
        check(&with(""), &filters, "Member must have length greater than or equal to 1");
        check(&with(&["{}"; 101].join(",")), &filters, "Member must have length less than or equal to 100");
        check(&with("{}"), &format!("{filters}.1.member.filter"), "Member must not be null");
        check(
            &with(r#"{"filter":"/a"}"#),
            &format!("{filters}.1.member.filter"),
            "Member must satisfy regular expression pattern: \
             ^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$",
        );
        check(
            &with(r#"{"filter":"a","filterType":"WILDCARD"}"#),
            &format!("{filters}.1.member.filterType"),
            "Member must satisfy enum value set: [WILDCARD_MATCH]",
        );
    }

    #[test]
    fn c_200_c_201_d_031_the_status_of_an_image_is_told_for_each_profile() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
        let push =
            |tag: &str| json!({"repositoryName": "team/app", "imageManifest": manifest, "imageTag": tag}).to_string();
        bench.ok("PutImage", &push("v1"));
        let image = r#"{"repositoryName":"team/app","imageId":{"imageTag":"v1"}}"#;
        let reply = |statuses: serde_json::Value| {
            json!({
                "registryId": "123456789012",
                "repositoryName": "team/app",
                "imageId": {"imageTag": "v1"},
                "signingStatuses": statuses,
            })
        };
        assert_eq!(bench.ok("DescribeImageSigningStatus", image), reply(json!([])));
        let rules = json!({"signingConfiguration": {"rules": [{"signingProfileArn": PROFILE}]}});
        bench.ok("PutSigningConfiguration", &rules.to_string());
        bench.ok("PutImage", &push("v2"));
        let in_progress = json!([{"signingProfileArn": PROFILE, "status": "IN_PROGRESS"}]);
        assert_eq!(bench.ok("DescribeImageSigningStatus", image), reply(in_progress));
        let work = Work::Signing {
            repository: "team/app".parse().unwrap(),
            digest: Digest::sha256_of(manifest.as_bytes()),
            signing_profile_arn: PROFILE.parse().unwrap(),
        };
        work.settle(&mut bench.registry, Timestamp::EPOCH, &Err("ACCESS_DENIED".into()));
        let failed = json!([{
            "signingProfileArn": PROFILE,
            "failureCode": "ACCESS_DENIED",
            "failureReason": format!("Signing with the profile '{PROFILE}' failed: ACCESS_DENIED"),
            "status": "FAILED",
        }]);
        assert_eq!(bench.ok("DescribeImageSigningStatus", image), reply(failed));
        work.settle(&mut bench.registry, Timestamp::EPOCH, &Ok(()));
        let complete = json!([{"signingProfileArn": PROFILE, "status": "COMPLETE"}]);
        assert_eq!(bench.ok("DescribeImageSigningStatus", image), reply(complete));
        for (body, exception) in [
            (image.replace("v1", "v9"), "ImageNotFoundException"),
            (image.replace("team/app", "team/web"), "RepositoryNotFoundException"),
            (r#"{"repositoryName":"team/app"}"#.to_owned(), "InvalidParameterException"),
        ] {
            assert_eq!(bench.refused("DescribeImageSigningStatus", &body).0, exception);
        }
    }
}
