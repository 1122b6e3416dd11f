//! A finding of basic scanning.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFinding.html>

use crate::registry::limits;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// No weakness.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
    /// The source of the finding said nothing that ECR knows.
    #[default]
    Undefined,
}

impl Severity {
    /// All, in the order of the service model.
    pub const ALL: [Self; 6] =
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical, Self::Undefined];

    /// ECR's name of the severity.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
            Self::Undefined => "UNDEFINED",
        }
    }

    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// A finding of basic scanning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// Its name, usually a CVE number.
    pub name: String,
    /// What it is; absent if its source says nothing.
    pub description: Option<String>,
    /// Where to read more.
    pub uri: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// More about it: package name and version, CVSS scores. At most 50.
    pub attributes: Vec<Attribute>,
}

/// One attribute of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// 1 to 128 characters, e.g. `package_name`.
    pub key: String,
    /// 1 to 256 characters.
    pub value: Option<String>,
}

/// Why something cannot be declared as a finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{member}` {reason}")]
pub struct InvalidFinding {
    /// The member, e.g. `attributes[2].key`.
    pub member: String,
    /// What it has to be.
    pub reason: String,
}

impl InvalidFinding {
    pub(super) fn new(member: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { member: member.into(), reason: reason.into() }
    }
}

impl Finding {
    /// Whether it keeps the bounds of the service model.
    pub(super) fn check(&self) -> Result<(), InvalidFinding> {
        if self.name.is_empty() {
            return Err(InvalidFinding::new("name", "must not be empty"));
        }
        if self.attributes.len() > limits::ATTRIBUTES_PER_FINDING {
            let reason = format!("must have at most {} elements", limits::ATTRIBUTES_PER_FINDING);
            return Err(InvalidFinding::new("attributes", reason));
        }
        for (place, attribute) in self.attributes.iter().enumerate() {
            check_length(&attribute.key, limits::ATTRIBUTE_KEY_CHARACTERS, || format!("attributes[{place}].key"))?;
            if let Some(value) = &attribute.value {
                check_length(value, limits::ATTRIBUTE_VALUE_CHARACTERS, || format!("attributes[{place}].value"))?;
            }
        }
        Ok(())
    }
}

fn check_length(text: &str, most: usize, member: impl FnOnce() -> String) -> Result<(), InvalidFinding> {
    if (1..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(InvalidFinding::new(member(), format!("must have 1 to {most} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_164_every_severity_of_the_model_has_its_name() {
        let names = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "UNDEFINED"];
        assert_eq!(Severity::ALL.map(Severity::as_str), names);
        assert_eq!(Severity::from_name("INFORMATIONAL"), Some(Severity::Informational));
        assert_eq!(Severity::from_name("high"), None);
    }

    #[test]
    fn c_169_attributes_keep_the_bounds_of_the_model() {
        let finding = |attributes| Finding { name: "CVE-1".to_owned(), attributes, ..Finding::default() };
        let attribute = |key: usize, value: Option<usize>| Attribute {
            key: "k".repeat(key),
            value: value.map(|length| "v".repeat(length)),
        };
        assert_eq!(finding(vec![attribute(128, Some(256)), attribute(1, None)]).check(), Ok(()));
        for (attributes, member) in [
            (vec![attribute(1, None), attribute(0, None)], "attributes[1].key"),
            (vec![attribute(129, None)], "attributes[0].key"),
            (vec![attribute(1, Some(0))], "attributes[0].value"),
            (vec![attribute(1, Some(257))], "attributes[0].value"),
            (vec![attribute(1, None); 51], "attributes"),
        ] {
            assert_eq!(finding(attributes).check().unwrap_err().member, member);
        }
        assert_eq!(Finding::default().check().unwrap_err().to_string(), "`name` must not be empty");
    }
}
