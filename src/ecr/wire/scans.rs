//! `StartImageScan`, `DescribeImageScanFindings`.

use std::collections::BTreeMap;

use super::images::{self, ImageIdReply, ImageIdentifierMember, set_image};
use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::Links;
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{EpochSeconds, Object, write_body};
use crate::facts::Facts;
use crate::registry::ops::{describe_image_scan_findings, start_image_scan};
use crate::registry::policy::Json;
use crate::registry::scanning::{Attribute, EnhancedFinding, Finding, ScanStatus};
use crate::registry::types::{RegistryKey, RepositoryName};
use crate::registry::{Context, ImageIdentifier, Registry};
use crate::wire_errors::Failure;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use describe_image_scan_findings::{FindingsPage, ScanFindings};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartImageScanRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_id: Option<Object<ImageIdentifierMember>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImageScanFindingsRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_id: Option<Object<ImageIdentifierMember>>,
    next_token: Option<String>,
    max_results: Option<i32>,
}

impl WireRequest for StartImageScanRequest {
    type Input = start_image_scan::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_id = images::image_id("imageId", self.image_id)?;
        Ok(Addressed { registry_id, input: start_image_scan::Input { repository, image_id } })
    }
}

impl WireRequest for DescribeImageScanFindingsRequest {
    type Input = describe_image_scan_findings::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_id = images::image_id("imageId", self.image_id)?;
        let page = members::page(self.next_token, self.max_results)?;
        Ok(Addressed { registry_id, input: describe_image_scan_findings::Input { repository, image_id, page } })
    }
}

impl WireOperation for StartImageScanRequest {
    type Output = start_image_scan::Input;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        set_image(facts, Some(&input.image_id));
    }

    /// The image is named as the caller named it.
    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&StartImageScanReply {
            registry_id: registry.account.as_str(),
            repository_name: output.repository.as_str(),
            image_id: (&output.image_id).into(),
            image_scan_status: ImageScanStatusMember { status: ScanStatus::InProgress.as_str(), description: None },
        })
    }
}

impl WriteOperation for StartImageScanRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        start_image_scan::apply(registry, cx, &input)?;
        Ok(input)
    }
}

impl WireOperation for DescribeImageScanFindingsRequest {
    type Output = (RepositoryName, ImageIdentifier, describe_image_scan_findings::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        set_image(facts, Some(&input.image_id));
    }

    /// The image is named as the caller named it.
    fn render((repository, image_id, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let (status, description) = (output.status.as_str(), output.description.as_deref());
        write_body(&DescribeImageScanFindingsReply {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            image_id: image_id.into(),
            image_scan_status: ImageScanStatusMember { status, description },
            image_scan_findings: output.findings.as_ref().map(Into::into),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for DescribeImageScanFindingsRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = describe_image_scan_findings::apply(registry, &input)?;
        Ok((input.repository, input.image_id, output))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StartImageScanReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_id: ImageIdReply<'a>,
    image_scan_status: ImageScanStatusMember<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageScanStatusMember<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeImageScanFindingsReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_id: ImageIdReply<'a>,
    image_scan_status: ImageScanStatusMember<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_scan_findings: Option<ImageScanFindingsMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

/// One of the two lists is there, by the type of scanning.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageScanFindingsMember<'a> {
    image_scan_completed_at: EpochSeconds,
    vulnerability_source_updated_at: EpochSeconds,
    finding_severity_counts: &'a BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingMember<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced_findings: Option<Vec<&'a Json>>,
}

impl<'a> From<&'a ScanFindings> for ImageScanFindingsMember<'a> {
    fn from(findings: &'a ScanFindings) -> Self {
        let (basic, enhanced) = match &findings.page {
            FindingsPage::Basic(basic) => (Some(each(basic)), None),
            FindingsPage::Enhanced(enhanced) => (None, Some(enhanced.iter().map(EnhancedFinding::document).collect())),
        };
        Self {
            image_scan_completed_at: findings.completed_at.into(),
            vulnerability_source_updated_at: findings.source_updated_at.into(),
            finding_severity_counts: &findings.severity_counts,
            findings: basic,
            enhanced_findings: enhanced,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingMember<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    severity: &'static str,
    attributes: Vec<AttributeMember<'a>>,
}

impl<'a> From<&'a Finding> for FindingMember<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            name: &finding.name,
            description: finding.description.as_deref(),
            uri: finding.uri.as_deref(),
            severity: finding.severity.as_str(),
            attributes: each(&finding.attributes),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AttributeMember<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

impl<'a> From<&'a Attribute> for AttributeMember<'a> {
    fn from(attribute: &'a Attribute) -> Self {
        Self { key: &attribute.key, value: attribute.value.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ecr::testing::Bench;
    use crate::registry::scanning::{DeclaredScan, ScanSubject, Severity, declare};
    use crate::registry::types::{Digest, Timestamp};
    use crate::registry::{Work, WorkResult};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

    /// A bench with one image, `v1` of `team/app`.
    fn bench() -> (Bench, Digest) {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        let point = |media_type: &str, digest: &Digest, size: usize| json!({"mediaType": media_type, "digest": digest.to_string(), "size": size});
        let config = bench.blob("team/app", "{}");
        let layer = bench.blob("team/app", "layer");
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": point("application/vnd.oci.image.config.v1+json", &config, 2),
            "layers": [point("application/vnd.oci.image.layer.v1.tar+gzip", &layer, 5)],
        });
        let manifest = manifest.to_string();
        let body = json!({"repositoryName": "team/app", "imageManifest": manifest, "imageTag": "v1"});
        bench.ok("PutImage", &body.to_string());
        (bench, Digest::sha256_of(manifest.as_bytes()))
    }

    const V1: &str = r#"{"repositoryName":"team/app","imageId":{"imageTag":"v1"}}"#;

    fn settle(bench: &mut Bench, digest: &Digest, result: &WorkResult) {
        let work = Work::Scan { repository: "team/app".parse().unwrap(), digest: digest.clone() };
        work.settle(&mut bench.registry, NOW, result);
    }

    #[test]
    fn a_172_c_158_a_scan_is_in_progress_and_what_is_not_there_is_absent() {
        let (mut bench, _) = bench();
        let expected = json!({
            "registryId": "123456789012",
            "repositoryName": "team/app",
            "imageId": {"imageTag": "v1"},
            "imageScanStatus": {"status": "IN_PROGRESS"},
        });
        assert_eq!(bench.ok("StartImageScan", V1), expected);
        assert_eq!(bench.ok("DescribeImageScanFindings", V1), expected);
    }

    #[test]
    fn c_165_c_169_findings_are_told_with_their_attributes_and_counts() {
        let (mut bench, digest) = bench();
        let finding = Finding {
            name: "CVE-2019-5188".to_owned(),
            description: Some("A code execution vulnerability.".to_owned()),
            uri: Some("https://example.test/CVE-2019-5188".to_owned()),
            severity: Severity::Medium,
            attributes: [
                ("package_version", "1.44.1-1ubuntu1.1"),
                ("package_name", "e2fsprogs"),
                ("CVSS2_VECTOR", "AV:L/AC:L/Au:N/C:P/I:P/A:P"),
                ("CVSS2_SCORE", "4.6"),
            ]
            .map(|(key, value)| Attribute { key: key.to_owned(), value: Some(value.to_owned()) })
            .to_vec(),
        };
        let bare = Finding { name: "CVE-0".to_owned(), ..Finding::default() };
        let declared = DeclaredScan::new(vec![finding, bare], vec![], None).unwrap();
        declare(&mut bench.registry, ScanSubject::Digest(digest.clone()), declared);
        bench.ok("StartImageScan", V1);
        settle(&mut bench, &digest, &Ok(()));
        let body = json!({"repositoryName": "team/app", "imageId": {"imageDigest": digest.to_string()}});
        let reply = bench.ok("DescribeImageScanFindings", &body.to_string());
        assert_eq!(
            reply,
            json!({
                "registryId": "123456789012",
                "repositoryName": "team/app",
                "imageId": {"imageDigest": digest.to_string()},
                "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
                "imageScanFindings": {
                    "imageScanCompletedAt": 1_700_000_000.123,
                    "vulnerabilitySourceUpdatedAt": 1_699_920_000.0,
                    "findingSeverityCounts": {"MEDIUM": 1, "UNDEFINED": 1},
                    "findings": [
                        {
                            "name": "CVE-2019-5188",
                            "description": "A code execution vulnerability.",
                            "uri": "https://example.test/CVE-2019-5188",
                            "severity": "MEDIUM",
                            "attributes": [
                                {"key": "package_version", "value": "1.44.1-1ubuntu1.1"},
                                {"key": "package_name", "value": "e2fsprogs"},
                                {"key": "CVSS2_VECTOR", "value": "AV:L/AC:L/Au:N/C:P/I:P/A:P"},
                                {"key": "CVSS2_SCORE", "value": "4.6"},
                            ],
                        },
                        {"name": "CVE-0", "severity": "UNDEFINED", "attributes": []},
                    ],
                },
            })
        );
        let body = r#"{"repositoryName":"team/app","imageId":{"imageTag":"v1"},"maxResults":1}"#;
        let first = bench.ok("DescribeImageScanFindings", body);
        assert_eq!(first["imageScanFindings"]["findings"].as_array().unwrap().len(), 1);
        assert!(first["nextToken"].is_string());
    }

    #[test]
    fn a_174_c_170_a_failed_scan_has_a_description_and_no_findings() {
        let (mut bench, digest) = bench();
        bench.ok("StartImageScan", V1);
        settle(&mut bench, &digest, &Err("InternalError".into()));
        let reply = bench.ok("DescribeImageScanFindings", V1);
        assert_eq!(reply["imageScanStatus"], json!({"status": "FAILED", "description": "InternalError"}));
        assert_eq!(reply.get("imageScanFindings"), None);
    }

    #[test]
    fn c_160_enhanced_findings_are_told_as_they_were_declared() {
        let (mut bench, _) = bench();
        bench.ok("PutRegistryScanningConfiguration", r#"{"scanType":"ENHANCED"}"#);
        let document = r#"{"severity":"HIGH","score":7.5,"resources":[{"id":"x"}]}"#;
        let declared = DeclaredScan::new(vec![], vec![document.parse().unwrap()], None).unwrap();
        declare(&mut bench.registry, ScanSubject::Repository("team/app".parse().unwrap()), declared);
        let reply = bench.ok("DescribeImageScanFindings", V1);
        assert_eq!(
            reply["imageScanStatus"],
            json!({"status": "ACTIVE", "description": "Continuous scan is selected for image."})
        );
        assert_eq!(
            reply["imageScanFindings"],
            json!({
                "imageScanCompletedAt": 1_700_000_000.123,
                "vulnerabilitySourceUpdatedAt": 1_699_920_000.0,
                "findingSeverityCounts": {"HIGH": 1},
                "enhancedFindings": [serde_json::from_str::<serde_json::Value>(document).unwrap()],
            })
        );
        let disabled = ("ValidationException".to_owned(), "This feature is disabled".to_owned());
        assert_eq!(bench.refused("StartImageScan", V1), disabled);
    }

    #[test]
    fn a_167_a_168_a_178_c_157_refusals_have_the_names_and_texts_of_ecr() {
        let (mut bench, _) = bench();
        let registry = "in the registry with id '123456789012'";
        assert_eq!(
            bench.refused("DescribeImageScanFindings", V1),
            (
                "ScanNotFoundException".to_owned(),
                format!(
                    "Image scan does not exist for the image with '{{imageDigest:'null', imageTag:'v1'}}' in the \
                     repository with name 'team/app' {registry}"
                )
            )
        );
        bench.ok("StartImageScan", V1);
        let text = "The scan quota per image has been exceeded. Wait and try again.".to_owned();
        assert_eq!(bench.refused("StartImageScan", V1), ("LimitExceededException".to_owned(), text));
        let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
        let body = json!({"repositoryName": "team/app", "imageManifest": manifest, "imageTag": "all"});
        bench.ok("PutImage", &body.to_string());
        for operation in ["StartImageScan", "DescribeImageScanFindings"] {
            let image = |tag: &str| format!(r#"{{"repositoryName":"team/app","imageId":{{"imageTag":"{tag}"}}}}"#);
            let nowhere = V1.replace("team/app", "team/web");
            assert_eq!(bench.refused(operation, &nowhere).0, "RepositoryNotFoundException");
            assert_eq!(bench.refused(operation, &image("v2")).0, "ImageNotFoundException");
            let index = bench.refused(operation, &image("all")).0;
            let expected =
                if operation == "StartImageScan" { "UnsupportedImageTypeException" } else { "ScanNotFoundException" };
            assert_eq!(index, expected);
            let (exception, text) = bench.refused(operation, r#"{"repositoryName":"team/app"}"#);
            assert_eq!(exception, "InvalidParameterException");
            let constraint = "'imageId' failed to satisfy constraint: 'Member must not be null'";
            assert_eq!(text, format!("Invalid parameter at {constraint}"));
        }
    }
}
