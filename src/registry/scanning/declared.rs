//! What scans find, declared beforehand: for one image, for a tag of a repository, or for a whole repository.

use std::sync::Arc;

use super::enhanced_finding::EnhancedFinding;
use super::finding::{Finding, InvalidFinding};
use super::scan::ScanStatus;
use crate::registry::image::Image;
use crate::registry::seeding::Change;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag};

/// What a declaration is about. Where several fit an image, the first of this order counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanSubject {
    /// The image of this digest, in whichever repository.
    Digest(Digest),
    /// The image that has this tag when it is scanned.
    Tag(RepositoryName, Tag),
    /// Every image of a repository.
    Repository(RepositoryName),
}

/// What a scan finds; empty for an image without a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredScan {
    findings: Vec<Finding>,
    enhanced_findings: Vec<EnhancedFinding>,
    ending: Option<DeclaredEnding>,
}

/// A status in which a scan ends instead of `COMPLETE`, or enhanced scanning stands instead of `ACTIVE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredEnding {
    /// The status; any but `IN_PROGRESS` and `IMAGE_ARCHIVED`, which follow from what happens.
    pub status: ScanStatus,
    /// ECR's `description` of it; absent: none.
    pub description: Option<String>,
}

impl DeclaredScan {
    /// Puts a declaration together. Errors: a finding out of the service model's bounds, a status that cannot be declared,
    /// findings with a status that has none. Members are named as in the seed document.
    pub fn new(
        findings: Vec<Finding>,
        enhanced_findings: Vec<EnhancedFinding>,
        ending: Option<DeclaredEnding>,
    ) -> Result<Self, InvalidFinding> {
        for (place, finding) in findings.iter().enumerate() {
            finding
                .check()
                .map_err(|error| InvalidFinding::new(format!("findings[{place}].{}", error.member), error.reason))?;
        }
        if let Some(DeclaredEnding { status, .. }) = ending {
            if matches!(status, ScanStatus::InProgress | ScanStatus::ImageArchived) {
                return Err(InvalidFinding::new("status", "cannot be declared: it follows from what happens"));
            }
            let has_findings = !(findings.is_empty() && enhanced_findings.is_empty());
            if has_findings && !status.has_findings() {
                return Err(InvalidFinding::new("status", "does not go with findings"));
            }
        }
        Ok(Self { findings, enhanced_findings, ending })
    }

    /// What basic scanning finds.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What enhanced scanning finds.
    pub fn enhanced_findings(&self) -> &[EnhancedFinding] {
        &self.enhanced_findings
    }

    /// The status in which scans end, if not well.
    pub fn ending(&self) -> Option<&DeclaredEnding> {
        self.ending.as_ref()
    }
}

/// Declares what scans find. Basic scans that have ended keep what they found; enhanced scanning shows it at once.
pub fn declare(registry: &mut Registry, subject: ScanSubject, scan: DeclaredScan) -> Change {
    match registry.declared_scans.get(&subject) {
        Some(present) if **present == scan => return Change::Unchanged,
        _ => {}
    }
    match registry.declared_scans.insert(subject, Arc::new(scan)) {
        None => Change::Created,
        Some(_) => Change::Updated,
    }
}

/// The declaration that counts for an image.
pub(in crate::registry) fn shown_for<'a>(
    registry: &'a Registry,
    repository: &RepositoryName,
    image: &Image,
) -> Option<&'a Arc<DeclaredScan>> {
    let declared = &registry.declared_scans;
    if declared.is_empty() {
        return None;
    }
    let of_tag = |tag: &Tag| declared.get(&ScanSubject::Tag(repository.clone(), tag.clone()));
    declared
        .get(&ScanSubject::Digest(image.digest().clone()))
        .or_else(|| image.tags().iter().find_map(of_tag))
        .or_else(|| declared.get(&ScanSubject::Repository(repository.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_of, link, name, push, tag, with_repository};

    fn finding(text: &str) -> DeclaredScan {
        let finding = Finding { name: text.to_owned(), ..Finding::default() };
        DeclaredScan::new(vec![finding], vec![], None).unwrap()
    }

    #[test]
    fn c_171_the_nearest_declaration_counts() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        let shown = |registry: &Registry| {
            let repository = registry.repository(&name("team/app")).unwrap();
            let declared = shown_for(registry, repository.name(), &repository.images()[image.digest()]);
            declared.map(|declared| declared.findings()[0].name.clone())
        };
        assert_eq!(shown(&registry), None);
        for (subject, text) in [
            (ScanSubject::Repository(name("team/app")), "repository"),
            (ScanSubject::Tag(name("team/app"), tag("v1")), "tag"),
            (ScanSubject::Digest(image.digest().clone()), "digest"),
        ] {
            assert_eq!(declare(&mut registry, subject.clone(), finding(text)), Change::Created);
            assert_eq!(declare(&mut registry, subject, finding(text)), Change::Unchanged);
            assert_eq!(shown(&registry).as_deref(), Some(text));
        }
        let other = ScanSubject::Tag(name("team/web"), tag("v1"));
        assert_eq!(declare(&mut registry, other.clone(), finding("web")), Change::Created);
        assert_eq!(declare(&mut registry, other, DeclaredScan::default()), Change::Updated);
        assert_eq!(shown(&registry).as_deref(), Some("digest"));
    }

    #[test]
    fn findings_and_statuses_have_to_go_together() {
        let ending = |status| Some(DeclaredEnding { status, description: None });
        let one = vec![Finding { name: "CVE-1".to_owned(), ..Finding::default() }];
        for (findings, status, refused) in [
            (vec![], ScanStatus::Failed, None),
            (one.clone(), ScanStatus::ScanEligibilityExpired, None),
            (one, ScanStatus::Failed, Some("`status` does not go with findings")),
            (vec![], ScanStatus::InProgress, Some("`status` cannot be declared: it follows from what happens")),
            (vec![Finding::default()], ScanStatus::Active, Some("`findings[0].name` must not be empty")),
        ] {
            let result = DeclaredScan::new(findings, vec![], ending(status));
            assert_eq!(result.err().map(|error| error.to_string()).as_deref(), refused, "{status:?}");
        }
    }
}
