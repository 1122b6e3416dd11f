//! What scans of a repository's images find: a declaration and the images that it is for.

use prost_types::value::Kind;
use serde_json::{Map, Number, Value};

use super::parse;
use crate::proto;
use crate::registry::scanning::{
    Attribute, DeclaredEnding, DeclaredScan, EnhancedFinding, Finding, ScanStatus, ScanSubject, Severity,
};
use crate::registry::types::{Digest, RepositoryName, Tag};
use crate::seed::violation::Place;

/// Checks a declaration for images of `repository`, which is absent if its name was refused.
pub(super) fn check(
    document: &proto::ScanDocument,
    place: &Place<'_>,
    repository: Option<&RepositoryName>,
) -> Option<(ScanSubject, DeclaredScan)> {
    let digest = document.image_digest.as_deref().map(|text| parse::<Digest>(text, &place.member("image_digest")));
    let tag = document.image_tag.as_deref().map(|text| parse::<Tag>(text, &place.member("image_tag")));
    let findings = place.each("findings", &document.findings, finding);
    let enhanced = place.each("enhanced_findings", &document.enhanced_findings, |document, place| {
        place.accept(object(document).to_string().parse::<EnhancedFinding>())
    });
    let ending = ending(document, place);
    // With a finding refused already, a word on the whole would mislead.
    let complete = findings.len() == document.findings.len() && enhanced.len() == document.enhanced_findings.len();
    let scan = if complete { place.accept(DeclaredScan::new(findings, enhanced, ending?)) } else { None };
    let subject = match (digest, tag) {
        (Some(_), Some(_)) => {
            place.member("image_tag").refuse("must not be there beside `image_digest`");
            None
        }
        (Some(digest), None) => digest.map(ScanSubject::Digest),
        (None, Some(tag)) => tag.and_then(|tag| Some(ScanSubject::Tag(repository?.clone(), tag))),
        (None, None) => repository.cloned().map(ScanSubject::Repository),
    };
    Some((subject?, scan?))
}

fn finding(document: &proto::FindingDocument, place: &Place<'_>) -> Option<Finding> {
    let severity = document.severity.as_deref().map_or(Some(Severity::default()), |name| {
        place.member("severity").accept(Severity::from_name(name).ok_or(UNKNOWN_SEVERITY))
    });
    let attributes = document.attributes.iter();
    Some(Finding {
        name: document.name.clone(),
        description: document.description.clone(),
        uri: document.uri.clone(),
        severity: severity?,
        attributes: attributes
            .map(|attribute| Attribute { key: attribute.key.clone(), value: attribute.value.clone() })
            .collect(),
    })
}

const UNKNOWN_SEVERITY: &str = "must be one of `INFORMATIONAL`, `LOW`, `MEDIUM`, `HIGH`, `CRITICAL` and `UNDEFINED`";

/// The status in which the scan is to end, if it is named; none at all if it was refused.
fn ending(document: &proto::ScanDocument, place: &Place<'_>) -> Option<Option<DeclaredEnding>> {
    match document.status.as_deref() {
        None if document.description.is_some() => {
            place.member("description").refuse("must not be there without `status`");
            None
        }
        None => Some(None),
        Some(name) => {
            let status = ScanStatus::from_name(name).ok_or("must be a scan status of ECR");
            let status = place.member("status").accept(status)?;
            Some(Some(DeclaredEnding { status, description: document.description.clone() }))
        }
    }
}

fn object(document: &prost_types::Struct) -> Value {
    Value::Object(document.fields.iter().map(|(name, value)| (name.clone(), json(value))).collect::<Map<_, _>>())
}

fn json(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::NumberValue(number)) => number_of(*number),
        Some(Kind::StringValue(text)) => Value::String(text.clone()),
        Some(Kind::BoolValue(value)) => Value::Bool(*value),
        Some(Kind::StructValue(document)) => object(document),
        Some(Kind::ListValue(list)) => Value::Array(list.values.iter().map(json).collect()),
    }
}

/// All numbers of such a document are floating point; whole ones are meant as integers.
fn number_of(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
