//! A finding of enhanced scanning: a JSON document in the shape of the service model, kept as it was declared.
//!
//! The shape is a table, since nothing here reads more of a finding than its severity.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_EnhancedImageScanFinding.html>

use std::str::FromStr;
use std::sync::Arc;

use super::finding::InvalidFinding;
use crate::registry::policy::Json;

/// A finding of enhanced scanning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnhancedFinding(Arc<Json>);

impl EnhancedFinding {
    /// Takes a document whose members are those of the service model, with values of their types. Times are numbers of
    /// seconds since the epoch, as in ECR's replies.
    pub fn new(document: Json) -> Result<Self, InvalidFinding> {
        check(&document, &Shape::Structure(FINDING), "")?;
        Ok(Self(Arc::new(document)))
    }

    /// The document.
    pub fn document(&self) -> &Json {
        &self.0
    }

    /// How bad it is, in Inspector's words; `UNTRIAGED` where the document does not say.
    pub fn severity(&self) -> &str {
        self.0.get("severity").and_then(Json::text).unwrap_or("UNTRIAGED")
    }
}

/// Reads the document from JSON text.
impl FromStr for EnhancedFinding {
    type Err = InvalidFinding;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let document = Json::parse(text);
        Self::new(document.map_err(|error| InvalidFinding::new("document", format!("is no JSON: {error}")))?)
    }
}

type Members = &'static [(&'static str, Shape)];

#[derive(Debug)]
enum Shape {
    Text,
    Number,
    Integer,
    Texts,
    TextMap,
    Structure(Members),
    Structures(Members),
}

const FINDING: Members = &[
    ("awsAccountId", Shape::Text),
    ("description", Shape::Text),
    ("findingArn", Shape::Text),
    ("firstObservedAt", Shape::Number),
    ("lastObservedAt", Shape::Number),
    ("packageVulnerabilityDetails", Shape::Structure(PACKAGE_VULNERABILITY_DETAILS)),
    ("remediation", Shape::Structure(&[("recommendation", Shape::Structure(RECOMMENDATION))])),
    ("resources", Shape::Structures(RESOURCE)),
    ("score", Shape::Number),
    ("scoreDetails", Shape::Structure(&[("cvss", Shape::Structure(CVSS_SCORE_DETAILS))])),
    ("severity", Shape::Text),
    ("status", Shape::Text),
    ("title", Shape::Text),
    ("type", Shape::Text),
    ("updatedAt", Shape::Number),
    ("fixAvailable", Shape::Text),
    ("exploitAvailable", Shape::Text),
];

const PACKAGE_VULNERABILITY_DETAILS: Members = &[
    ("cvss", Shape::Structures(CVSS_SCORE)),
    ("referenceUrls", Shape::Texts),
    ("relatedVulnerabilities", Shape::Texts),
    ("source", Shape::Text),
    ("sourceUrl", Shape::Text),
    ("vendorCreatedAt", Shape::Number),
    ("vendorSeverity", Shape::Text),
    ("vendorUpdatedAt", Shape::Number),
    ("vulnerabilityId", Shape::Text),
    ("vulnerablePackages", Shape::Structures(VULNERABLE_PACKAGE)),
];

const CVSS_SCORE: Members =
    &[("baseScore", Shape::Number), ("scoringVector", Shape::Text), ("source", Shape::Text), ("version", Shape::Text)];

const VULNERABLE_PACKAGE: Members = &[
    ("arch", Shape::Text),
    ("epoch", Shape::Integer),
    ("filePath", Shape::Text),
    ("name", Shape::Text),
    ("packageManager", Shape::Text),
    ("release", Shape::Text),
    ("sourceLayerHash", Shape::Text),
    ("version", Shape::Text),
    ("fixedInVersion", Shape::Text),
];

const RECOMMENDATION: Members = &[("url", Shape::Text), ("text", Shape::Text)];

const CVSS_SCORE_DETAILS: Members = &[
    ("adjustments", Shape::Structures(&[("metric", Shape::Text), ("reason", Shape::Text)])),
    ("score", Shape::Number),
    ("scoreSource", Shape::Text),
    ("scoringVector", Shape::Text),
    ("version", Shape::Text),
];

const RESOURCE: Members = &[
    ("details", Shape::Structure(&[("awsEcrContainerImage", Shape::Structure(CONTAINER_IMAGE))])),
    ("id", Shape::Text),
    ("tags", Shape::TextMap),
    ("type", Shape::Text),
];

const CONTAINER_IMAGE: Members = &[
    ("architecture", Shape::Text),
    ("author", Shape::Text),
    ("imageHash", Shape::Text),
    ("imageTags", Shape::Texts),
    ("platform", Shape::Text),
    ("pushedAt", Shape::Number),
    ("lastInUseAt", Shape::Number),
    ("inUseCount", Shape::Integer),
    ("registry", Shape::Text),
    ("repositoryName", Shape::Text),
];

fn check(value: &Json, shape: &Shape, path: &str) -> Result<(), InvalidFinding> {
    let (legal, kind) = match shape {
        Shape::Text => (value.text().is_some(), "a string"),
        Shape::Number => (matches!(value, Json::Number(_)), "a number"),
        Shape::Integer => (matches!(value, Json::Number(number) if number.is_i64() || number.is_u64()), "an integer"),
        Shape::Texts => (value.elements().is_some_and(|list| list.iter().all(is_text)), "a list of strings"),
        Shape::TextMap => {
            (value.members().is_some_and(|map| map.iter().all(|(_, value)| is_text(value))), "an object of strings")
        }
        Shape::Structure(members) => {
            return match value {
                Json::Object(object) => object.iter().try_for_each(|(name, value)| {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    match members.iter().find(|(known, _)| known == name) {
                        Some((_, shape)) => check(value, shape, &path),
                        None => Err(InvalidFinding::new(path, "is no member of the shape")),
                    }
                }),
                _ => Err(refused(path, "an object")),
            };
        }
        Shape::Structures(members) => {
            return match value {
                Json::Array(list) => list.iter().enumerate().try_for_each(|(place, value)| {
                    check(value, &Shape::Structure(members), &format!("{path}[{place}]"))
                }),
                _ => Err(refused(path, "a list of objects")),
            };
        }
    };
    if legal { Ok(()) } else { Err(refused(path, kind)) }
}

fn is_text(value: &Json) -> bool {
    value.text().is_some()
}

fn refused(path: &str, kind: &str) -> InvalidFinding {
    InvalidFinding::new(if path.is_empty() { "document" } else { path }, format!("must be {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_160_a_document_in_the_shape_of_the_model_is_kept_as_it_is() {
        let text = r#"{"severity":"HIGH","score":7.5,"firstObservedAt":1700000000.5,
            "packageVulnerabilityDetails":{"cvss":[{"baseScore":7.5,"version":"3.1"}],"referenceUrls":["https://a.test"],
                "vulnerablePackages":[{"epoch":0,"name":"openssl","fixedInVersion":"1.2"}]},
            "resources":[{"tags":{"a":"b"},"details":{"awsEcrContainerImage":{"inUseCount":3,"imageTags":["v1"]}}}]}"#;
        let finding: EnhancedFinding = text.parse().unwrap();
        assert_eq!(finding.severity(), "HIGH");
        assert_eq!(*finding.document(), Json::parse(text).unwrap());
        assert_eq!("{}".parse::<EnhancedFinding>().unwrap().severity(), "UNTRIAGED");
    }

    #[test]
    fn what_is_not_in_the_shape_is_refused_with_its_place() {
        for (text, expected) in [
            ("[]", "`document` must be an object"),
            (r#"{"severity":3}"#, "`severity` must be a string"),
            (r#"{"score":"7"}"#, "`score` must be a number"),
            (r#"{"extra":1}"#, "`extra` is no member of the shape"),
            (r#"{"resources":{}}"#, "`resources` must be a list of objects"),
            (r#"{"resources":[{},{"id":1}]}"#, "`resources[1].id` must be a string"),
            (
                r#"{"packageVulnerabilityDetails":{"vulnerablePackages":[{"epoch":1.5}]}}"#,
                "`packageVulnerabilityDetails.vulnerablePackages[0].epoch` must be an integer",
            ),
        ] {
            assert_eq!(text.parse::<EnhancedFinding>().unwrap_err().to_string(), expected, "{text}");
        }
        assert!("nonsense".parse::<EnhancedFinding>().is_err());
    }
}
