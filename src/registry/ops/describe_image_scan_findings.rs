//! `DescribeImageScanFindings`: where the scan of one image stands, and a page of what it found.
//!
//! Basic scanning tells of the last scan. Enhanced scanning watches every image of the repositories that it is configured
//! for, so it has something to tell without a scan. Only the findings are paged; counts are of all of them.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>

use std::collections::BTreeMap;
use std::time::Duration;

use crate::registry::errors::{ImageNotFound, InvalidParameter, RepositoryNotFound, ScanNotFound};
use crate::registry::image::Image;
use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::repository::Repository;
use crate::registry::scanning::{
    self, EnhancedFinding, Finding, RegistryScanning, ScanFrequency, ScanOutcome, ScanStatus, ScanType,
};
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::{RepositoryName, Timestamp};

/// Which image, and which page.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The image as the caller named it.
    pub image_id: ImageIdentifier,
    /// Which page of the findings.
    pub page: PageRequest,
}

/// Where its scan stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Status of the scan.
    pub status: ScanStatus,
    /// ECR's `description` of it.
    pub description: Option<String>,
    /// What was found; absent before a first result, after a failure, and in the archive.
    pub findings: Option<ScanFindings>,
    /// There if more findings follow.
    pub next_token: Option<String>,
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanFindings {
    /// When the scan ended; for enhanced scanning, when the image was pushed (unconfirmed).
    pub completed_at: Timestamp,
    /// When the data about vulnerabilities was last renewed: for us, at the beginning of that day in UTC.
    pub source_updated_at: Timestamp,
    /// Findings by severity, of the whole scan; only severities that occur.
    pub severity_counts: BTreeMap<String, usize>,
    /// A page of the findings.
    pub page: FindingsPage,
}

/// Findings of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingsPage {
    /// Of basic scanning.
    Basic(Vec<Finding>),
    /// Of enhanced scanning.
    Enhanced(Vec<EnhancedFinding>),
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No such image.
    #[error(transparent)]
    ImageNotFound(#[from] ImageNotFound),
    /// It was never scanned, or not by the present type of scanning.
    #[error(transparent)]
    ScanNotFound(#[from] ScanNotFound),
    /// A token of another listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

impl From<ImageLookupError> for Error {
    fn from(error: ImageLookupError) -> Self {
        match error {
            ImageLookupError::RepositoryNotFound(error) => error.into(),
            ImageLookupError::ImageNotFound(error) => error.into(),
        }
    }
}

/// Looks the scan up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let (image, _) = registry.image(&input.repository, &input.image_id)?;
    let repository = registry.repository(&input.repository)?;
    let filter = image.digest().to_string();
    let scope = Scope {
        operation: "DescribeImageScanFindings",
        registry: registry.key(),
        repository: Some(&input.repository),
        filter: &filter,
    };
    let page = Page { start: start(&scope, &input.page)?, size: input.page.size(), scope };
    if !image.is_active() {
        let status = ScanStatus::ImageArchived;
        return Ok(Output { status, description: None, findings: None, next_token: None });
    }
    let scanning = registry.scanning();
    let output = match scanning.configuration.scan_type() {
        ScanType::Basic => basic(scanning, image, &page),
        ScanType::Enhanced => enhanced(registry, repository, image, &page),
    };
    Ok(output.ok_or_else(|| ScanNotFound {
        image_digest: input.image_id.digest.clone(),
        image_tag: input.image_id.tag.clone(),
        repository: input.repository.clone(),
        registry_id: registry.id(),
    })?)
}

fn basic(scanning: &RegistryScanning, image: &Image, page: &Page<'_>) -> Option<Output> {
    let scan = image.scan().filter(|scan| scan.started_at() >= scanning.type_since)?;
    let (status, description) = scan.status();
    let (findings, next_token) = match scan.results() {
        None => (None, None),
        Some(ScanOutcome { ended_at, declared, .. }) => {
            let all = declared.as_ref().map_or(&[][..], |declared| declared.findings());
            let counts = count(all.iter().map(|finding| finding.severity.as_str()));
            let (shown, next_token) = page.of(all);
            (Some(found(*ended_at, counts, FindingsPage::Basic(shown))), next_token)
        }
    };
    Some(Output { status, description: description.map(str::to_owned), findings, next_token })
}

/// What enhanced scanning would not look at has no scan (unconfirmed).
fn enhanced(registry: &Registry, repository: &Repository, image: &Image, page: &Page<'_>) -> Option<Output> {
    let frequency = registry.scanning().configuration.of(repository).scan_frequency;
    if frequency == ScanFrequency::Manual || !scanning::is_scannable(image.manifest()) {
        return None;
    }
    let declared = scanning::shown_for(registry, repository.name(), image);
    if let Some(ending) = declared.and_then(|declared| declared.ending())
        && !ending.status.has_findings()
    {
        let (status, description) = (ending.status, ending.description.clone());
        return Some(Output { status, description, findings: None, next_token: None });
    }
    let (status, description) = match declared.map(|declared| declared.ending()) {
        None => (ScanStatus::Active, Some(format!("{} {WITHOUT_DECLARATION}", selected(frequency)))),
        Some(None) => (ScanStatus::Active, Some(selected(frequency).to_owned())),
        Some(Some(ending)) => (ending.status, ending.description.clone()),
    };
    let all = declared.map_or(&[][..], |declared| declared.enhanced_findings());
    let counts = count(all.iter().map(EnhancedFinding::severity));
    let (shown, next_token) = page.of(all);
    let findings = Some(found(image.pushed_at(), counts, FindingsPage::Enhanced(shown)));
    Some(Output { status, description, findings, next_token })
}

/// The second text is unconfirmed.
fn selected(frequency: ScanFrequency) -> &'static str {
    match frequency {
        ScanFrequency::ContinuousScan => "Continuous scan is selected for image.",
        ScanFrequency::ScanOnPush | ScanFrequency::Manual => "Scan on push is selected for image.",
    }
}

const WITHOUT_DECLARATION: &str = "No findings were declared for this image in this fixture.";

fn count<'a>(severities: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for severity in severities {
        *counts.entry(severity.to_owned()).or_default() += 1;
    }
    counts
}

fn found(completed_at: Timestamp, severity_counts: BTreeMap<String, usize>, page: FindingsPage) -> ScanFindings {
    const DAY_MICROS: i64 = Duration::from_hours(24).as_micros() as i64;
    let into_day = completed_at.as_micros().rem_euclid(DAY_MICROS);
    let source_updated_at = Timestamp::from_micros(completed_at.as_micros() - into_day);
    ScanFindings { completed_at, source_updated_at, severity_counts, page }
}

/// A page of a list that does not change while it is shown: the cursor is the number of findings shown before.
struct Page<'a> {
    start: usize,
    size: usize,
    scope: Scope<'a>,
}

impl Page<'_> {
    fn of<T: Clone>(&self, all: &[T]) -> (Vec<T>, Option<String>) {
        let rest = all.get(self.start..).unwrap_or_default();
        let token_after = |_: &T| self.scope.token(&(self.start + self.size).to_string());
        take_page(rest.iter().cloned(), self.size, token_after)
    }
}

fn start(scope: &Scope<'_>, page: &PageRequest) -> Result<usize, InvalidParameter> {
    let Some(cursor) = scope.cursor(page)? else { return Ok(0) };
    cursor.parse().map_err(|_| InvalidParameter::new("nextToken", "Invalid token"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::registry::manifest::Manifest;
    use crate::registry::ops::{registry_scanning_configuration, start_image_scan};
    use crate::registry::scanning::{
        DeclaredEnding, DeclaredScan, ScanSubject, ScanningConfiguration, ScanningRule, Severity, declare,
    };
    use crate::registry::testing::{NOON, at, image_of, index_of, link, name, push, with, with_repository};

    fn stage() -> (Registry, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        (registry, image)
    }

    fn scan(registry: &mut Registry) {
        let input = start_image_scan::Input { repository: name("team/app"), image_id: ImageIdentifier::by_tag("v1") };
        let effects = with(|cx| {
            start_image_scan::apply(registry, cx, &input).unwrap();
            std::mem::take(&mut cx.effects)
        });
        for effect in effects {
            let crate::registry::Effect::WorkBegun(work) = effect else { panic!("{effect:?}") };
            work.settle(registry, NOON, &Ok(()));
        }
    }

    fn describe(registry: &Registry, image_tag: &str, page: PageRequest) -> Result<Output, Error> {
        let image_id = ImageIdentifier::by_tag(image_tag);
        apply(registry, &Input { repository: name("team/app"), image_id, page })
    }

    fn set_type(registry: &mut Registry, now: Timestamp, scan_type: ScanType) {
        let input = registry_scanning_configuration::Input { scan_type, rules: vec![] };
        at(now, |cx| registry_scanning_configuration::put(registry, cx, input)).unwrap();
    }

    #[test]
    fn c_157_without_a_scan_there_is_none() {
        let (mut registry, _) = stage();
        let missing = describe(&registry, "v1", PageRequest::default()).unwrap_err();
        assert!(matches!(missing, Error::ScanNotFound(_)), "{missing}");
        scan(&mut registry);
        assert!(describe(&registry, "v1", PageRequest::default()).is_ok());
        let missing = describe(&registry, "v2", PageRequest::default()).unwrap_err();
        assert!(matches!(missing, Error::ImageNotFound(_)), "{missing}");
    }

    #[test]
    fn c_159_findings_are_paged_and_counts_are_of_all() {
        let (mut registry, _) = stage();
        let finding = |number: usize| Finding {
            name: format!("CVE-{number}"),
            severity: if number < 2 { Severity::High } else { Severity::Low },
            ..Finding::default()
        };
        let declared = DeclaredScan::new((0..5).map(finding).collect(), vec![], None).unwrap();
        declare(&mut registry, ScanSubject::Tag(name("team/app"), "v1".parse().unwrap()), declared);
        scan(&mut registry);
        let mut names = Vec::new();
        let mut next_token = None;
        loop {
            let page = PageRequest { max_results: Some(2), next_token };
            let output = describe(&registry, "v1", page).unwrap();
            let findings = output.findings.unwrap();
            let counts = BTreeMap::from([("HIGH".to_owned(), 2), ("LOW".to_owned(), 3)]);
            assert_eq!(findings.severity_counts, counts);
            let FindingsPage::Basic(page) = findings.page else { panic!("not basic") };
            names.extend(page.into_iter().map(|finding| finding.name));
            next_token = output.next_token;
            if next_token.is_none() {
                break;
            }
        }
        assert_eq!(names, ["CVE-0", "CVE-1", "CVE-2", "CVE-3", "CVE-4"]);
        let page = PageRequest { max_results: None, next_token: Some("x".to_owned()) };
        assert!(matches!(describe(&registry, "v1", page), Err(Error::InvalidParameter(_))));
    }

    #[test]
    fn a_175_the_two_times_are_distinct() {
        let (mut registry, _) = stage();
        scan(&mut registry);
        let findings = describe(&registry, "v1", PageRequest::default()).unwrap().findings.unwrap();
        assert_eq!(findings.completed_at, NOON);
        assert_eq!(findings.source_updated_at, "2023-11-14T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_045_c_160_d_029_enhanced_scanning_shows_what_is_declared_at_once() {
        let (mut registry, image) = stage();
        push(&mut registry, &index_of(&[&image], ""), Some("all")).unwrap();
        set_type(&mut registry, NOON, ScanType::Enhanced);
        let without = describe(&registry, "v1", PageRequest::default()).unwrap();
        assert_eq!(without.status, ScanStatus::Active);
        assert_eq!(
            without.description.as_deref(),
            Some("Continuous scan is selected for image. No findings were declared for this image in this fixture.")
        );
        let finding = |severity: &str| format!(r#"{{"severity":"{severity}"}}"#).parse::<EnhancedFinding>().unwrap();
        let enhanced = vec![finding("HIGH"), finding("UNTRIAGED")];
        let digest = || ScanSubject::Digest(image.digest().clone());
        declare(&mut registry, digest(), DeclaredScan::new(vec![], enhanced.clone(), None).unwrap());
        let output = describe(&registry, "v1", PageRequest::default()).unwrap();
        assert_eq!(output.description.as_deref(), Some("Continuous scan is selected for image."));
        let findings = output.findings.unwrap();
        assert_eq!(findings.page, FindingsPage::Enhanced(enhanced));
        assert_eq!(findings.severity_counts.keys().collect::<Vec<_>>(), ["HIGH", "UNTRIAGED"]);
        let index = describe(&registry, "all", PageRequest::default()).unwrap_err();
        assert!(matches!(index, Error::ScanNotFound(_)), "{index}");

        for status in [ScanStatus::Pending, ScanStatus::FindingsUnavailable, ScanStatus::LimitExceeded] {
            let ending = DeclaredEnding { status, description: None };
            declare(&mut registry, digest(), DeclaredScan::new(vec![], vec![], Some(ending)).unwrap());
            let output = describe(&registry, "v1", PageRequest::default()).unwrap();
            assert_eq!((output.status, output.findings), (status, None));
        }
        registry.repository_mut(&name("team/app")).unwrap().archive(image.digest(), NOON);
        let archived = describe(&registry, "v1", PageRequest::default()).unwrap();
        assert_eq!((archived.status, archived.findings), (ScanStatus::ImageArchived, None));
    }

    #[test]
    fn d_029_unconfirmed_enhanced_scanning_leaves_out_what_no_rule_picks() {
        let (mut registry, _) = stage();
        let rule =
            |filter: &str, scan_frequency| ScanningRule { scan_frequency, filters: vec![filter.parse().unwrap()] };
        for (filter, frequency, found) in [
            ("other", ScanFrequency::ContinuousScan, None),
            ("team", ScanFrequency::ScanOnPush, Some("Scan on push is selected for image.")),
        ] {
            let rules = vec![rule(filter, frequency)];
            let configuration = ScanningConfiguration::new(ScanType::Enhanced, rules).unwrap();
            registry.scanning = Arc::new(RegistryScanning { configuration, type_since: NOON });
            declare(&mut registry, ScanSubject::Repository(name("team/app")), DeclaredScan::default());
            let output = describe(&registry, "v1", PageRequest::default());
            assert_eq!(output.ok().and_then(|output| output.description).as_deref(), found);
        }
    }

    #[test]
    fn unconfirmed_results_of_the_former_type_are_no_longer_served() {
        let (mut registry, _) = stage();
        scan(&mut registry);
        let later = NOON.plus(Duration::from_hours(1));
        set_type(&mut registry, later, ScanType::Enhanced);
        set_type(&mut registry, later, ScanType::Basic);
        let gone = describe(&registry, "v1", PageRequest::default()).unwrap_err();
        assert!(matches!(gone, Error::ScanNotFound(_)), "{gone}");
    }
}
