//! How the basic scan of one image goes: it begins, it ends, and its results stay until the next one ends well.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html>

use std::sync::Arc;

use super::configuration::ScanType;
use super::declared::{DeclaredScan, shown_for};
use crate::registry::image::{Image, ImageStatus};
use crate::registry::limits;
use crate::registry::manifest::{Kind, Manifest};
use crate::registry::media_type::MediaType;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Timestamp};
use crate::registry::work::{Work, WorkResult};

macro_rules! scan_statuses {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Where the scan of an image stands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ScanStatus { $($(#[$doc])* $variant,)+ }

        impl ScanStatus {
            /// All, in the order of the service model.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// ECR's name of the status.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

scan_statuses! {
    /// A basic scan is under way.
    InProgress = "IN_PROGRESS",
    /// A basic scan ended well.
    Complete = "COMPLETE",
    /// A scan failed.
    Failed = "FAILED",
    /// The image is of a kind, or of a system, that is not scanned.
    UnsupportedImage = "UNSUPPORTED_IMAGE",
    /// Enhanced scanning watches the image.
    Active = "ACTIVE",
    /// A first enhanced scan is yet to come.
    Pending = "PENDING",
    /// Too old for enhanced scanning to look at it again.
    ScanEligibilityExpired = "SCAN_ELIGIBILITY_EXPIRED",
    /// Enhanced scanning cannot say.
    FindingsUnavailable = "FINDINGS_UNAVAILABLE",
    /// A quota is used up.
    LimitExceeded = "LIMIT_EXCEEDED",
    /// Images in the archive are not scanned.
    ImageArchived = "IMAGE_ARCHIVED",
    /// The image is too large to be scanned.
    ImageSizeExceeded = "IMAGE_SIZE_EXCEEDED",
}

impl ScanStatus {
    /// The status of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == name)
    }

    /// Whether findings go with it.
    pub(in crate::registry) fn has_findings(self) -> bool {
        matches!(self, Self::Complete | Self::Active | Self::ScanEligibilityExpired)
    }
}

/// What an image knows of its basic scans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    started_at: Timestamp,
    is_under_way: bool,
    last: Option<ScanOutcome>,
}

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOutcome {
    /// Its last status.
    pub status: ScanStatus,
    /// ECR's `description` of the status.
    pub description: Arc<str>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What was declared for the image at that time; absent: nothing.
    pub declared: Option<Arc<DeclaredScan>>,
}

impl Scan {
    /// When the last scan began.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Status and description of the last scan.
    pub fn status(&self) -> (ScanStatus, Option<&str>) {
        match &self.last {
            Some(outcome) if !self.is_under_way => (outcome.status, Some(&outcome.description)),
            _ => (ScanStatus::InProgress, None),
        }
    }

    /// The results that are served: those of the last scan if it ended well; while one is under way, those of the one
    /// before (unconfirmed).
    pub fn results(&self) -> Option<&ScanOutcome> {
        self.last.as_ref().filter(|outcome| outcome.status.has_findings())
    }

    /// Whether another scan may not begin yet.
    pub(in crate::registry) fn uses_up_quota(&self, now: Timestamp) -> bool {
        now.since(self.started_at) < limits::SCAN_INTERVAL
    }

    fn begun(before: Option<Box<Self>>, now: Timestamp) -> Self {
        Self { started_at: now, is_under_way: true, last: before.and_then(|scan| scan.last) }
    }

    fn end(&mut self, now: Timestamp, result: &WorkResult, declared: Option<Arc<DeclaredScan>>) {
        let (status, description) = match (result, &declared) {
            (Err(code), _) => (ScanStatus::Failed, failure(code)),
            (Ok(()), None) => (ScanStatus::Complete, Arc::from(COMPLETE_WITHOUT_DECLARATION)),
            (Ok(()), Some(declared)) => match declared.ending() {
                None => (ScanStatus::Complete, Arc::from(COMPLETE)),
                Some(ending) => (ending.status, ending.description.as_deref().map_or_else(Arc::default, Arc::from)),
            },
        };
        self.is_under_way = false;
        self.last = Some(ScanOutcome { status, description, ended_at: now, declared });
    }
}

pub(super) const COMPLETE: &str = "The scan was completed successfully.";
const COMPLETE_WITHOUT_DECLARATION: &str =
    "The scan was completed successfully. No findings were declared for this image in this fixture.";

/// The code that a rule gave, in ECR's full sentence where there is one.
fn failure(code: &Arc<str>) -> Arc<str> {
    match &**code {
        "UnsupportedImageError" => {
            Arc::from("UnsupportedImageError: The operating system and/or package manager are not supported.")
        }
        _ => Arc::clone(code),
    }
}

/// Whether basic scanning takes a manifest: one image with the usual configuration and layers. Indexes, charts, signatures
/// and other artifacts are none; Docker schema 1 is taken for none, too (unconfirmed).
pub(in crate::registry) fn is_scannable(manifest: &Manifest) -> bool {
    let Kind::Image { config, layers } = manifest.kind() else { return false };
    let is_layer = |media_type: &MediaType| {
        let text = media_type.as_str();
        text.starts_with("application/vnd.oci.image.layer.") || text.starts_with("application/vnd.docker.image.rootfs.")
    };
    manifest.artifact_type().is_none()
        && matches!(config.media_type, MediaType::DockerConfig | MediaType::OciConfig)
        && layers.iter().all(|layer| is_layer(&layer.media_type))
}

/// Begins a scan. Nothing happens if the image is gone.
pub(in crate::registry) fn begin(
    registry: &mut Registry,
    repository: &RepositoryName,
    digest: &Digest,
    now: Timestamp,
) -> Work {
    if let Ok(repository) = registry.repository_mut(repository) {
        repository.change_services(digest, |services| {
            services.scan = Some(Box::new(Scan::begun(services.scan.take(), now)));
        });
    }
    Work::Scan { repository: repository.clone(), digest: digest.clone() }
}

/// Begins the scan that the arrival of an image starts, if there is one: basic scanning on push, of an image that can be
/// scanned and was not within a day.
pub(in crate::registry) fn on_push(
    registry: &mut Registry,
    repository: &RepositoryName,
    digest: &Digest,
    now: Timestamp,
) -> Option<Work> {
    let configuration = &registry.scanning.configuration;
    let there = registry.repository(repository).ok()?;
    let image = there.images().get(digest)?;
    let starts = configuration.scan_type() == ScanType::Basic
        && configuration.of(there).scan_on_push()
        && image.status() == ImageStatus::Active
        && is_scannable(image.manifest())
        && !image.scan().is_some_and(|scan| scan.uses_up_quota(now));
    starts.then(|| begin(registry, repository, digest, now))
}

/// [`on_push`] for an image that came in another way than by a push, and for those that it holds: the scan ends where it
/// begins, so no rule can come between.
pub(in crate::registry) fn scan_at_once(
    registry: &mut Registry,
    repository: &RepositoryName,
    digest: &Digest,
    now: Timestamp,
) {
    if on_push(registry, repository, digest, now).is_some() {
        settle(registry, repository, digest, now, &Ok(()));
    }
    let image = registry.repository(repository).ok().and_then(|repository| repository.images().get(digest));
    let manifest = image.map(|image| Arc::clone(image.manifest()));
    for child in manifest.iter().flat_map(|manifest| manifest.children()) {
        scan_at_once(registry, repository, child, now);
    }
}

/// Ends the scan that is under way. Nothing happens if there is none, or no image.
pub(in crate::registry) fn settle(
    registry: &mut Registry,
    repository: &RepositoryName,
    digest: &Digest,
    now: Timestamp,
    result: &WorkResult,
) {
    let Ok(there) = registry.repository(repository) else { return };
    let Some(image) = there.images().get(digest).filter(|image: &&Arc<Image>| image.scan().is_some()) else { return };
    let declared = shown_for(registry, repository, image).cloned();
    if let Ok(there) = registry.repository_mut(repository) {
        there.change_services(digest, |services| {
            if let Some(scan) = services.scan.as_mut().filter(|scan| scan.is_under_way) {
                scan.end(now, result, declared);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::context::Effect;
    use crate::registry::ops::put_image;
    use crate::registry::replication;
    use crate::registry::scanning::{
        DeclaredEnding, Finding, RegistryScanning, ScanFrequency, ScanSubject, ScanningConfiguration, ScanningRule,
        declare,
    };
    use crate::registry::testing::{NOON, at, image_of, index_of, key, link, name, push, tag, with_repository};

    const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

    /// A repository that scans on push, with blobs for an image.
    fn stage() -> (Registry, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        registry.repository_mut(&name("team/app")).unwrap().scan_on_push = true;
        (registry, image_of("{}", &["layer"], ""))
    }

    fn push_at(registry: &mut Registry, manifest: &Arc<Manifest>, image_tag: &str, now: Timestamp) -> Vec<Work> {
        let input = put_image::Input {
            repository: name("team/app"),
            manifest: Ok(Arc::clone(manifest)),
            image_tag: Some(tag(image_tag)),
            image_digest: None,
        };
        let effects = at(now, |cx| {
            put_image::apply(registry, cx, input).unwrap();
            std::mem::take(&mut cx.effects)
        });
        let work = effects.into_iter().filter_map(|effect| match effect {
            Effect::WorkBegun(work) => Some(work),
            _ => None,
        });
        work.collect()
    }

    fn scan_of<'a>(registry: &'a Registry, manifest: &Manifest) -> Option<&'a Scan> {
        registry.repository(&name("team/app")).unwrap().images()[manifest.digest()].scan()
    }

    #[test]
    fn a_043_d_028_a_push_starts_a_scan_once_a_day() {
        let (mut registry, image) = stage();
        let begun = push_at(&mut registry, &image, "v1", NOON);
        let work = Work::Scan { repository: name("team/app"), digest: image.digest().clone() };
        assert_eq!(begun, std::slice::from_ref(&work));
        assert_eq!(scan_of(&registry, &image).unwrap().status(), (ScanStatus::InProgress, None));
        work.settle(&mut registry, NOON, &Ok(()));
        let almost = NOON.plus(HOUR * 23);
        assert_eq!(push_at(&mut registry, &image, "v2", almost), []);
        assert_eq!(push_at(&mut registry, &image, "v3", NOON.plus(HOUR * 24)), [work]);
    }

    #[test]
    fn a_044_d_028_rules_of_the_registry_stand_in_for_the_flag() {
        let (mut registry, image) = stage();
        let rule = |filter: &str| {
            let filters = vec![filter.parse().unwrap()];
            let rules = vec![ScanningRule { scan_frequency: ScanFrequency::ScanOnPush, filters }];
            let configuration = ScanningConfiguration::new(ScanType::Basic, rules).unwrap();
            Arc::new(RegistryScanning { configuration, ..RegistryScanning::default() })
        };
        registry.scanning = rule("other");
        assert_eq!(push_at(&mut registry, &image, "v1", NOON), []);
        registry.scanning = rule("team");
        registry.repository_mut(&name("team/app")).unwrap().scan_on_push = false;
        assert_eq!(push_at(&mut registry, &image, "v2", NOON).len(), 1);
        let configuration = ScanningConfiguration::new(ScanType::Enhanced, vec![]).unwrap();
        registry.scanning = Arc::new(RegistryScanning { configuration, ..RegistryScanning::default() });
        assert_eq!(push_at(&mut registry, &image, "v3", NOON.plus(HOUR * 48)), [], "enhanced scanning needs no start");
    }

    #[test]
    fn a_046_a_171_unconfirmed_what_is_no_image_is_not_scanned_and_of_an_index_the_children() {
        let (mut registry, image) = stage();
        assert_eq!(push_at(&mut registry, &image, "v1", NOON).len(), 1);
        let index = index_of(&[&image], "");
        assert!(is_scannable(&image) && !is_scannable(&index));
        assert_eq!(push_at(&mut registry, &index, "all", NOON), []);
        let chart = |from: &str, to: &str| {
            let text = String::from_utf8(image.bytes().to_vec()).unwrap().replace(from, to);
            Manifest::parse(text.into(), None).unwrap()
        };
        assert!(!is_scannable(&chart("vnd.oci.image.config.v1", "vnd.cncf.helm.config.v1")));
        assert!(!is_scannable(&chart("vnd.oci.image.layer.v1.tar+gzip", "vnd.dev.cosign.simplesigning.v1+json")));
        assert!(!is_scannable(&chart(r#"{"schemaVersion""#, r#"{"artifactType":"text/x","schemaVersion""#)));
    }

    #[test]
    fn a_169_a_170_unconfirmed_results_stay_while_the_next_scan_runs_and_go_when_it_fails() {
        let (mut registry, image) = stage();
        let finding = Finding { name: "CVE-1".to_owned(), ..Finding::default() };
        let declared = DeclaredScan::new(vec![finding], vec![], None).unwrap();
        declare(&mut registry, ScanSubject::Repository(name("team/app")), declared);
        let work = push_at(&mut registry, &image, "v1", NOON).remove(0);
        assert_eq!(scan_of(&registry, &image).unwrap().results(), None);
        work.settle(&mut registry, NOON, &Ok(()));
        let scan = scan_of(&registry, &image).unwrap();
        assert_eq!(scan.status(), (ScanStatus::Complete, Some(COMPLETE)));
        assert_eq!(scan.results().unwrap().declared.as_ref().unwrap().findings().len(), 1);

        let tomorrow = NOON.plus(HOUR * 24);
        begin(&mut registry, &name("team/app"), image.digest(), tomorrow);
        let scan = scan_of(&registry, &image).unwrap();
        assert_eq!(scan.status(), (ScanStatus::InProgress, None));
        assert_eq!(scan.results().unwrap().ended_at, NOON);
        work.settle(&mut registry, tomorrow, &Err(Arc::from("UnsupportedImageError")));
        let scan = scan_of(&registry, &image).unwrap();
        let text = "UnsupportedImageError: The operating system and/or package manager are not supported.";
        assert_eq!(scan.status(), (ScanStatus::Failed, Some(text)));
        assert_eq!(scan.results(), None);
        work.settle(&mut registry, tomorrow, &Ok(()));
        assert_eq!(scan_of(&registry, &image).unwrap().status().0, ScanStatus::Failed, "it has ended already");
    }

    #[test]
    fn a_174_without_a_declaration_a_scan_says_that_there_was_none() {
        let (mut registry, image) = stage();
        let work = push_at(&mut registry, &image, "v1", NOON).remove(0);
        work.settle(&mut registry, NOON, &Ok(()));
        let (status, description) = scan_of(&registry, &image).unwrap().status();
        assert_eq!(status, ScanStatus::Complete);
        assert_eq!(description, Some(COMPLETE_WITHOUT_DECLARATION));
    }

    #[test]
    fn a_181_c_161_a_declaration_can_name_another_end() {
        let (mut registry, image) = stage();
        let ending =
            DeclaredEnding { status: ScanStatus::ImageSizeExceeded, description: Some("too large".to_owned()) };
        let declared = DeclaredScan::new(vec![], vec![], Some(ending)).unwrap();
        declare(&mut registry, ScanSubject::Digest(image.digest().clone()), declared);
        push_at(&mut registry, &image, "v1", NOON).remove(0).settle(&mut registry, NOON, &Ok(()));
        let scan = scan_of(&registry, &image).unwrap();
        assert_eq!(scan.status(), (ScanStatus::ImageSizeExceeded, Some("too large")));
        assert_eq!(scan.results(), None);
        assert_eq!(ScanStatus::from_name("IMAGE_SIZE_EXCEEDED"), Some(ScanStatus::ImageSizeExceeded));
        assert_eq!(ScanStatus::ALL.len(), 11);
    }

    #[test]
    fn a_176_a_177_a_scan_of_what_went_leaves_nothing() {
        let (mut registry, image) = stage();
        let work = push_at(&mut registry, &image, "v1", NOON).remove(0);
        registry.repository_mut(&name("team/app")).unwrap().remove_image(image.digest());
        work.settle(&mut registry, NOON, &Ok(()));
        registry.repository_mut(&name("team/app")).unwrap().scan_on_push = false;
        push(&mut registry, &image, None).unwrap_err();
        link(&mut registry, &["{}", "layer"]);
        push(&mut registry, &image, None).unwrap();
        assert_eq!(scan_of(&registry, &image), None);
        registry.repositories.remove(&name("team/app"));
        work.settle(&mut registry, NOON, &Ok(()));
        assert!(registry.repositories().is_empty());
    }

    #[test]
    fn archiving_drops_the_results_and_coming_back_scans_again() {
        let (mut registry, image) = stage();
        push_at(&mut registry, &image, "v1", NOON).remove(0).settle(&mut registry, NOON, &Ok(()));
        registry.repository_mut(&name("team/app")).unwrap().archive(image.digest(), NOON);
        assert_eq!(scan_of(&registry, &image), None);
        assert_eq!(on_push(&mut registry, &name("team/app"), image.digest(), NOON), None);
        registry.repository_mut(&name("team/app")).unwrap().begin_activation(image.digest());
        let (repository, digest) = (name("team/app"), image.digest().clone());
        Work::Activation { repository, digest }.settle(&mut registry, NOON.plus(HOUR), &Ok(()));
        let scan = scan_of(&registry, &image).unwrap();
        assert_eq!((scan.status().0, scan.started_at()), (ScanStatus::Complete, NOON.plus(HOUR)));
    }

    #[test]
    fn a_080_a_replica_is_scanned_where_its_own_registry_says_so() {
        let (mut source, image) = stage();
        push(&mut source, &image, None).unwrap();
        let index = index_of(&[&image], "");
        push(&mut source, &index, Some("v1")).unwrap();
        let mut replica = Registry::new(key("123456789012", "eu-west-1"));
        let rule = ScanningRule { scan_frequency: ScanFrequency::ScanOnPush, filters: vec!["*".parse().unwrap()] };
        let configuration = ScanningConfiguration::new(ScanType::Basic, vec![rule]).unwrap();
        replica.scanning = Arc::new(RegistryScanning { configuration, ..RegistryScanning::default() });
        let team = name("team/app");
        replication::copy(&source, &mut replica, NOON, &team, index.digest(), Some(&tag("v1"))).unwrap();
        assert_eq!(scan_of(&replica, &image).unwrap().status().0, ScanStatus::Complete);
        assert_eq!(scan_of(&replica, &index), None);
    }
}
