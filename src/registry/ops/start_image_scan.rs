//! `StartImageScan`: begins the basic scan of one image.
//!
//! Checks in this order (unconfirmed): scan type, repository and image, archive, kind of image, quota.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html>

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{
    ImageArchived, ImageNotFound, ManualScanDisabled, RepositoryNotFound, ScanQuotaExceeded, UnsupportedImageType,
};
use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::scanning::{self, Scan, ScanType};
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::RepositoryName;

/// What is to be scanned.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The image as the caller named it.
    pub image_id: ImageIdentifier,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Enhanced scanning cannot be started.
    #[error(transparent)]
    Disabled(#[from] ManualScanDisabled),
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No such image.
    #[error(transparent)]
    ImageNotFound(#[from] ImageNotFound),
    /// The image is in the archive.
    #[error(transparent)]
    Archived(#[from] ImageArchived),
    /// It is none that can be scanned.
    #[error(transparent)]
    UnsupportedImageType(#[from] UnsupportedImageType),
    /// It was scanned within a day.
    #[error(transparent)]
    QuotaExceeded(#[from] ScanQuotaExceeded),
}

impl From<ImageLookupError> for Error {
    fn from(error: ImageLookupError) -> Self {
        match error {
            ImageLookupError::RepositoryNotFound(error) => error.into(),
            ImageLookupError::ImageNotFound(error) => error.into(),
        }
    }
}

/// Begins the scan, which is then in progress.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<(), Error> {
    if registry.scanning().configuration.scan_type() == ScanType::Enhanced {
        return Err(ManualScanDisabled.into());
    }
    let (image, _) = registry.image(&input.repository, &input.image_id)?;
    let digest = image.digest().clone();
    if !image.is_active() {
        let (repository, registry_id) = (input.repository.clone(), registry.id());
        return Err(ImageArchived { digest, repository, registry_id }.into());
    }
    let manifest = image.manifest();
    if !scanning::is_scannable(manifest) {
        let media_type = manifest.artifact_media_type().unwrap_or(manifest.media_type());
        return Err(UnsupportedImageType { media_type: media_type.to_string() }.into());
    }
    if image.scan().is_some_and(|scan: &Scan| scan.uses_up_quota(cx.now)) {
        return Err(ScanQuotaExceeded.into());
    }
    let work = scanning::begin(registry, &input.repository, &digest, cx.now);
    cx.effects.push(Effect::WorkBegun(work));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::registry::manifest::Manifest;
    use crate::registry::scanning::{RegistryScanning, ScanStatus, ScanningConfiguration};
    use crate::registry::testing::{NOON, at, image_of, index_of, link, name, push, with_repository};
    use crate::registry::types::Timestamp;
    use crate::registry::work::Work;

    fn stage() -> (Registry, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        (registry, image)
    }

    fn start(registry: &mut Registry, now: Timestamp, image_id: ImageIdentifier) -> Result<Vec<Effect>, Error> {
        let input = Input { repository: name("team/app"), image_id };
        at(now, |cx| apply(registry, cx, &input).map(|()| std::mem::take(&mut cx.effects)))
    }

    #[test]
    fn a_173_a_scan_is_work_that_ends_later() {
        let (mut registry, image) = stage();
        let work = Work::Scan { repository: name("team/app"), digest: image.digest().clone() };
        let effects = start(&mut registry, NOON, ImageIdentifier::by_tag("v1")).unwrap();
        assert_eq!(effects, [Effect::WorkBegun(work)]);
        let scan = registry.repository(&name("team/app")).unwrap().images()[image.digest()].scan().unwrap().clone();
        assert_eq!((scan.status().0, scan.started_at()), (ScanStatus::InProgress, NOON));
    }

    #[test]
    fn d_028_a_178_an_image_is_scanned_once_a_day() {
        let (mut registry, image) = stage();
        let by_digest = || ImageIdentifier::by_digest(image.digest().to_string());
        start(&mut registry, NOON, by_digest()).unwrap();
        let day = Duration::from_hours(24);
        let almost = NOON.plus(day).minus(Duration::from_millis(1));
        for now in [NOON, almost] {
            let refused = start(&mut registry, now, ImageIdentifier::by_tag("v1")).unwrap_err();
            assert_eq!(refused.to_string(), "The scan quota per image has been exceeded. Wait and try again.");
        }
        start(&mut registry, NOON.plus(day), by_digest()).unwrap();
    }

    #[test]
    fn a_168_a_171_a_180_what_cannot_be_scanned_is_told() {
        let (mut registry, image) = stage();
        let missing = start(&mut registry, NOON, ImageIdentifier::by_tag("v2")).unwrap_err();
        assert!(matches!(missing, Error::ImageNotFound(_)), "{missing}");
        let index = index_of(&[&image], "");
        push(&mut registry, &index, Some("all")).unwrap();
        assert_eq!(
            start(&mut registry, NOON, ImageIdentifier::by_tag("all")).unwrap_err().to_string(),
            "An artifact with media type 'application/vnd.oci.image.index.v1+json' cannot be scanned. For more \
             information, see the Amazon ECR documentation."
        );
        registry.repository_mut(&name("team/app")).unwrap().archive(image.digest(), NOON);
        let archived = start(&mut registry, NOON, ImageIdentifier::by_tag("v1")).unwrap_err();
        assert!(matches!(archived, Error::Archived(_)), "{archived}");
        let nowhere =
            start(&mut crate::registry::testing::registry(), NOON, ImageIdentifier::by_tag("v1")).unwrap_err();
        assert!(matches!(nowhere, Error::RepositoryNotFound(_)), "{nowhere}");
    }

    #[test]
    fn a_179_enhanced_scanning_is_not_started_by_hand() {
        let (mut registry, _) = stage();
        let configuration = ScanningConfiguration::new(ScanType::Enhanced, vec![]).unwrap();
        registry.scanning = Arc::new(RegistryScanning { configuration, type_since: NOON });
        let refused = start(&mut registry, NOON, ImageIdentifier::by_tag("v1")).unwrap_err();
        assert_eq!(refused.to_string(), "This feature is disabled");
    }
}
