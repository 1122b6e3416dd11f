//! `PutImageScanningConfiguration`, `PutRegistryScanningConfiguration`, `GetRegistryScanningConfiguration`,
//! `BatchGetRepositoryScanningConfiguration`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, list, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Displayed, Object, write_body};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{
    batch_get_repository_scanning_configuration, put_image_scanning_configuration, registry_scanning_configuration,
};
use crate::registry::scanning::{
    EffectiveScanning, ScanFilter, ScanFrequency, ScanType, ScanningConfiguration, ScanningRule,
};
use crate::registry::types::{RegistryKey, RepositoryArn, RepositoryName};
use crate::registry::{Context, Registry, limits};
use crate::wire_errors::Failure;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageScanningConfigurationRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_scanning_configuration: Option<Object<ImageScanningConfigurationMember>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageScanningConfigurationMember {
    scan_on_push: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutRegistryScanningConfigurationRequest {
    scan_type: Option<String>,
    rules: Option<Vec<Object<ScanningRuleMember>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScanningRuleMember {
    scan_frequency: Option<String>,
    repository_filters: Option<Vec<Object<ScanFilterMember>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScanFilterMember {
    filter: Option<String>,
    filter_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetRegistryScanningConfigurationRequest {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchGetRepositoryScanningConfigurationRequest {
    repository_names: Option<Vec<String>>,
}

impl WireRequest for PutImageScanningConfigurationRequest {
    type Input = put_image_scanning_configuration::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let member = "imageScanningConfiguration";
        let Object(configuration) = Dialect::Smithy.required(member, self.image_scanning_configuration)?;
        let scan_on_push = configuration.scan_on_push.unwrap_or_default();
        Ok(Addressed { registry_id, input: put_image_scanning_configuration::Input { repository, scan_on_push } })
    }
}

impl WireRequest for PutRegistryScanningConfigurationRequest {
    type Input = registry_scanning_configuration::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let scan_type = self.scan_type.map(|text| one_of("scanType", &text, &ScanType::ALL, ScanType::as_str));
        let scan_type = scan_type.transpose()?.unwrap_or_default();
        let rules = self.rules.unwrap_or_default();
        list("rules", &rules, 0..=limits::SCANNING_RULES)?;
        let rules = rules.into_iter().enumerate().map(rule).collect::<Result<_, _>>()?;
        Ok(Addressed { registry_id: None, input: registry_scanning_configuration::Input { scan_type, rules } })
    }
}

impl WireRequest for GetRegistryScanningConfigurationRequest {
    type Input = ();

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        Ok(Addressed { registry_id: None, input: () })
    }
}

impl WireRequest for BatchGetRepositoryScanningConfigurationRequest {
    type Input = batch_get_repository_scanning_configuration::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let names = Dialect::Smithy.required("repositoryNames", self.repository_names)?;
        list("repositoryNames", &names, 1..=limits::SCANNING_REPOSITORIES_PER_CALL)?;
        let name = |(place, text): (usize, &String)| {
            Dialect::Smithy.parse(format_args!("repositoryNames.{}.member", place + 1), text)
        };
        let repositories = names.iter().enumerate().map(name).collect::<Result<_, _>>()?;
        Ok(Addressed { registry_id: None, input: batch_get_repository_scanning_configuration::Input { repositories } })
    }
}

fn rule((place, Object(rule)): (usize, Object<ScanningRuleMember>)) -> Result<ScanningRule, InvalidParameter> {
    let path = format!("rules.{}.member", place + 1);
    let member = format!("{path}.scanFrequency");
    let frequency = Dialect::Smithy.required(&member, rule.scan_frequency)?;
    let scan_frequency = one_of(member, &frequency, &ScanFrequency::ALL, ScanFrequency::as_str)?;
    let member = format!("{path}.repositoryFilters");
    let filters = Dialect::Smithy.required(&member, rule.repository_filters)?;
    list(&member, &filters, 0..=limits::SCANNING_FILTERS_PER_RULE)?;
    let filter = |(place, Object(filter)): (usize, Object<ScanFilterMember>)| {
        let path = format!("{member}.{}.member", place + 1);
        let text = Dialect::Smithy.read::<ScanFilter>(format_args!("{path}.filter"), filter.filter)?;
        let member = format!("{path}.filterType");
        let kind = Dialect::Smithy.required(&member, filter.filter_type)?;
        one_of(member, &kind, &[WILDCARD], |name| name)?;
        Ok(text)
    };
    let filters = filters.into_iter().enumerate().map(filter).collect::<Result<_, InvalidParameter>>()?;
    Ok(ScanningRule { scan_frequency, filters })
}

const WILDCARD: &str = "WILDCARD";

impl WireOperation for PutImageScanningConfigurationRequest {
    type Output = (RepositoryName, put_image_scanning_configuration::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let scan_on_push = Some(output.scan_on_push);
        write_body(&PutImageScanningConfigurationReply {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            image_scanning_configuration: ImageScanningConfigurationMember { scan_on_push },
        })
    }
}

impl WriteOperation for PutImageScanningConfigurationRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = put_image_scanning_configuration::apply(registry, cx, &input)?;
        Ok((input.repository, output))
    }
}

impl WireOperation for PutRegistryScanningConfigurationRequest {
    type Output = registry_scanning_configuration::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&PutRegistryScanningConfigurationReply {
            registry_scanning_configuration: (&output.scanning.configuration).into(),
        })
    }
}

impl WriteOperation for PutRegistryScanningConfigurationRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(registry_scanning_configuration::put(registry, cx, input)?)
    }
}

impl WireOperation for GetRegistryScanningConfigurationRequest {
    type Output = registry_scanning_configuration::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&GetRegistryScanningConfigurationReply {
            registry_id: registry.account.as_str(),
            scanning_configuration: (&output.scanning.configuration).into(),
        })
    }
}

impl ReadOperation for GetRegistryScanningConfigurationRequest {
    fn apply(registry: &Registry, (): Self::Input) -> Result<Self::Output, Failure> {
        Ok(registry_scanning_configuration::get(registry))
    }
}

impl WireOperation for BatchGetRepositoryScanningConfigurationRequest {
    type Output = batch_get_repository_scanning_configuration::Output;

    fn repositories(input: &Self::Input) -> &[RepositoryName] {
        &input.repositories
    }

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let found = output.scanning_configurations.iter();
        write_body(&BatchGetRepositoryScanningConfigurationReply {
            scanning_configurations: found
                .map(|(name, effective)| RepositoryScanningMember::new(registry, name, effective))
                .collect(),
            failures: each(&output.not_found),
        })
    }
}

impl ReadOperation for BatchGetRepositoryScanningConfigurationRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(batch_get_repository_scanning_configuration::apply(registry, input))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutImageScanningConfigurationReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_scanning_configuration: ImageScanningConfigurationMember,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutRegistryScanningConfigurationReply<'a> {
    registry_scanning_configuration: ScanningConfigurationReply<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GetRegistryScanningConfigurationReply<'a> {
    registry_id: &'a str,
    scanning_configuration: ScanningConfigurationReply<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanningConfigurationReply<'a> {
    scan_type: &'static str,
    rules: Vec<ScanningRuleReply<'a>>,
}

impl<'a> From<&'a ScanningConfiguration> for ScanningConfigurationReply<'a> {
    fn from(configuration: &'a ScanningConfiguration) -> Self {
        Self { scan_type: configuration.scan_type().as_str(), rules: each(configuration.rules()) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanningRuleReply<'a> {
    scan_frequency: &'static str,
    repository_filters: Vec<ScanFilterReply<'a>>,
}

impl<'a> From<&'a ScanningRule> for ScanningRuleReply<'a> {
    fn from(rule: &'a ScanningRule) -> Self {
        Self { scan_frequency: rule.scan_frequency.as_str(), repository_filters: each(&rule.filters) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanFilterReply<'a> {
    filter: &'a str,
    filter_type: &'static str,
}

impl<'a> From<&'a ScanFilter> for ScanFilterReply<'a> {
    fn from(filter: &'a ScanFilter) -> Self {
        Self { filter: filter.as_str(), filter_type: WILDCARD }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchGetRepositoryScanningConfigurationReply<'a> {
    scanning_configurations: Vec<RepositoryScanningMember<'a>>,
    failures: Vec<RepositoryScanningFailureMember<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryScanningMember<'a> {
    repository_arn: Displayed<RepositoryArn<'a>>,
    repository_name: &'a str,
    scan_on_push: bool,
    scan_frequency: &'static str,
    applied_scan_filters: Vec<ScanFilterReply<'a>>,
}

impl<'a> RepositoryScanningMember<'a> {
    fn new(registry: &'a RegistryKey, name: &'a RepositoryName, effective: &'a EffectiveScanning) -> Self {
        Self {
            repository_arn: Displayed(registry.arn_of(name)),
            repository_name: name.as_str(),
            scan_on_push: effective.scan_on_push(),
            scan_frequency: effective.scan_frequency.as_str(),
            applied_scan_filters: effective.applied_filter.iter().map(Into::into).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryScanningFailureMember<'a> {
    repository_name: &'a str,
    failure_code: &'static str,
    failure_reason: &'static str,
}

impl<'a> From<&'a RepositoryName> for RepositoryScanningFailureMember<'a> {
    fn from(name: &'a RepositoryName) -> Self {
        const CODE: &str = "REPOSITORY_NOT_FOUND";
        Self { repository_name: name.as_str(), failure_code: CODE, failure_reason: CODE }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecr::testing::Bench;
    use crate::facts::Surface;
    use crate::wire_errors::Failure;

    fn check(operation: &str, body: &str, member: &str, constraint: &str) {
        let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
        let expect = ("InvalidParameterException".to_owned(), text);
        assert_eq!(Bench::new().refused(operation, body), expect, "{operation} {body}");
    }

    #[test]
    fn c_156_the_flag_of_a_repository_is_echoed_and_shown() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        let mut put = |configuration: &str| {
            let body = format!(r#"{{"repositoryName":"team/app","imageScanningConfiguration":{configuration}}}"#);
            let reply = bench.ok("PutImageScanningConfiguration", &body);
            let shown = bench.ok("DescribeRepositories", "{}");
            assert_eq!(shown["repositories"][0]["imageScanningConfiguration"], reply["imageScanningConfiguration"]);
            reply
        };
        assert_eq!(
            put(r#"{"scanOnPush":true}"#),
            json!({
                "registryId": "123456789012",
                "repositoryName": "team/app",
                "imageScanningConfiguration": {"scanOnPush": true},
            })
        );
        assert_eq!(put("{}")["imageScanningConfiguration"], json!({"scanOnPush": false}));
        let operation = "PutImageScanningConfiguration";
        check(operation, r#"{"repositoryName":"ab"}"#, "imageScanningConfiguration", "Member must not be null");
        let body = r#"{"repositoryName":"ab","imageScanningConfiguration":{}}"#;
        assert_eq!(Bench::new().refused(operation, body).0, "RepositoryNotFoundException");
    }

    #[test]
    fn c_172_a_registry_s_configuration_is_replaced_and_told_under_two_names() {
        let mut bench = Bench::new();
        let fresh = json!({"registryId": "123456789012", "scanningConfiguration": {"scanType": "BASIC", "rules": []}});
        assert_eq!(bench.ok("GetRegistryScanningConfiguration", "{}"), fresh);
        let configuration = json!({
            "scanType": "ENHANCED",
            "rules": [{
                "scanFrequency": "CONTINUOUS_SCAN",
                "repositoryFilters": [{"filter": "prod*", "filterType": "WILDCARD"}],
            }],
        });
        let reply = bench.ok("PutRegistryScanningConfiguration", &configuration.to_string());
        assert_eq!(reply, json!({"registryScanningConfiguration": configuration}));
        let told = bench.ok("GetRegistryScanningConfiguration", "{}");
        assert_eq!(told, json!({"registryId": "123456789012", "scanningConfiguration": configuration}));
        bench.ok("PutRegistryScanningConfiguration", "{}");
        assert_eq!(bench.ok("GetRegistryScanningConfiguration", "{}"), fresh);
    }

    #[test]
    fn c_172_a_configuration_is_checked_member_by_member() {
        let put = |rule: &str| format!(r#"{{"rules":[{rule}]}}"#);
        let operation = "PutRegistryScanningConfiguration";
        let rule = "rules.1.member";
        check(operation, r#"{"scanType":"FULL"}"#, "scanType", "Member must satisfy enum value set: [BASIC, ENHANCED]");
        let three = put("{},{},{}");
        check(operation, &three, "rules", "Member must have length less than or equal to 2");
        check(operation, &put("{}"), &format!("{rule}.scanFrequency"), "Member must not be null");
        check(
            operation,
            &put(r#"{"scanFrequency":"DAILY"}"#),
            &format!("{rule}.scanFrequency"),
            "Member must satisfy enum value set: [SCAN_ON_PUSH, CONTINUOUS_SCAN, MANUAL]",
        );
        let with = |filters: &str| put(&format!(r#"{{"scanFrequency":"SCAN_ON_PUSH","repositoryFilters":{filters}}}"#));
        check(operation, &with("null"), &format!("{rule}.repositoryFilters"), "Member must not be null");
        let many = format!("[{}]", ["{}"; 101].join(","));
        let filters = format!("{rule}.repositoryFilters");
        check(operation, &with(&many), &filters, "Member must have length less than or equal to 100");
        let first = format!("{filters}.1.member");
        check(operation, &with("[{}]"), &format!("{first}.filter"), "Member must not be null");
        check(
            operation,
            &with(r#"[{"filter":"A"}]"#),
            &format!("{first}.filter"),
            r"Member must satisfy regular expression pattern: ^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$",
        );
        check(operation, &with(r#"[{"filter":"a"}]"#), &format!("{first}.filterType"), "Member must not be null");
        check(
            operation,
            &with(r#"[{"filter":"a","filterType":"PREFIX_MATCH"}]"#),
            &format!("{first}.filterType"),
            "Member must satisfy enum value set: [WILDCARD]",
        );
        check(
            operation,
            &put(r#"{"scanFrequency":"CONTINUOUS_SCAN","repositoryFilters":[]}"#),
            &format!("{rule}.scanFrequency"),
            "Scan frequency CONTINUOUS_SCAN is not supported with scan type BASIC",
        );
    }

    #[test]
    fn c_173_repositories_are_told_with_the_filter_that_applied_and_failures() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        let ask = |bench: &mut Bench| {
            bench.ok("BatchGetRepositoryScanningConfiguration", r#"{"repositoryNames":["team/web","team/app"]}"#)
        };
        let not_found = "REPOSITORY_NOT_FOUND";
        let reply = |on_push: bool, frequency: &str, filters: serde_json::Value| {
            json!({
                "scanningConfigurations": [{
                    "repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app",
                    "repositoryName": "team/app",
                    "scanOnPush": on_push,
                    "scanFrequency": frequency,
                    "appliedScanFilters": filters,
                }],
                "failures": [
                    {"repositoryName": "team/web", "failureCode": not_found, "failureReason": not_found},
                ],
            })
        };
        assert_eq!(ask(&mut bench), reply(false, "MANUAL", json!([])));
        let filter = |text: &str| json!({"filter": text, "filterType": "WILDCARD"});
        let rule = json!({"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [filter("app"), filter("*")]});
        bench.ok("PutRegistryScanningConfiguration", &json!({"rules": [rule]}).to_string());
        assert_eq!(ask(&mut bench), reply(true, "SCAN_ON_PUSH", json!([filter("*")])));
        bench.ok("PutRegistryScanningConfiguration", r#"{"scanType":"ENHANCED"}"#);
        assert_eq!(ask(&mut bench), reply(false, "CONTINUOUS_SCAN", json!([])));

        let operation = "BatchGetRepositoryScanningConfiguration";
        check(operation, "{}", "repositoryNames", "Member must not be null");
        let none = r#"{"repositoryNames":[]}"#;
        check(operation, none, "repositoryNames", "Member must have length greater than or equal to 1");
        let many = format!(r#"{{"repositoryNames":[{}]}}"#, [r#""ab""#; 26].join(","));
        check(operation, &many, "repositoryNames", "Member must have length less than or equal to 25");
        let short = r#"{"repositoryNames":["ab","a"]}"#;
        check(operation, short, "repositoryNames.2.member", "Member must have length greater than or equal to 2");
    }

    #[test]
    fn d_030_a_rule_can_say_that_an_organization_manages_the_configuration() {
        let failure = Failure::from_fault(None, "BlockedByOrganizationPolicyException", "", Surface::Ecr).ecr();
        assert_eq!(
            (failure.exception.as_ref(), failure.status.as_u16()),
            ("BlockedByOrganizationPolicyException", 400)
        );
    }
}
