//! A repository: images, tags, layers and uploads, and the indexes that keep every question about them short.
//!
//! Only the methods here change those maps, so that the indexes agree: tags with the tags of their images, layers with
//! their number of users, children with the indexes that hold them, subjects with their referrers. They check nothing;
//! what may be done is decided in `ops`.

use std::sync::Arc;

use super::encryption::Encryption;
use super::image::{ArchiveHistory, Image, ImageStatus, ReplicationState, ReplicationStatus, Services};
use super::image_identifier::{ImageFailureCause, ImageIdentifier, has_digest_form};
use super::lifecycle::{Lifecycle, LifecyclePreview, StoredLifecyclePolicy};
use super::manifest::{Kind, Manifest};
use super::map::{Map, after};
use super::media_type::MediaType;
use super::policy::iam::PolicyDocument;
use super::quotas::Quotas;
use super::resource_tags::ResourceTags;
use super::small_set::SmallSet;
use super::tag_mutability::TagMutability;
use super::types::{Digest, RegistryKey, RepositoryName, Tag, Timestamp, UploadId, VerifiedBlob};
use super::upload::Upload;

/// One repository. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(super) name: RepositoryName,
    pub(super) created_at: Timestamp,
    pub(super) tag_mutability: TagMutability,
    pub(super) scan_on_push: bool,
    pub(super) encryption: Encryption,
    pub(super) resource_tags: ResourceTags,
    pub(super) policy: Option<PolicyDocument>,
    /// Absent for a repository that never had a lifecycle policy or preview.
    lifecycle: Option<Arc<Lifecycle>>,
    images: Map<Digest, Arc<Image>>,
    /// The manifest and not its digest, which is five times as large as the pointer.
    tags: Map<Tag, Arc<Manifest>>,
    layers: Map<Digest, Layer>,
    uploads: Map<UploadId, Upload>,
    /// Child to the indexes that hold it; also for children that are not here (yet).
    parents: Map<Digest, SmallSet<Digest>>,
    /// Subject to the manifests that name it; also for subjects that are not here.
    referrers: Map<Digest, SmallSet<Digest>>,
}

/// What a repository knows of a blob.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// Absent for a blob that an image names and that is not here: a foreign layer, or one not fetched from upstream yet.
    blob: Option<VerifiedBlob>,
    /// Type by which an image names it.
    media_type: Option<MediaType>,
    /// Number of images that name it.
    users: u32,
    /// Number of those that are in the archive or on their way out of it.
    archived_users: u32,
}

/// A blob that is here.
#[derive(Clone, Copy, Debug)]
pub struct StoredLayer<'a> {
    /// The bytes.
    pub blob: &'a VerifiedBlob,
    /// Type by which an image named it; absent until one does.
    pub media_type: Option<&'a MediaType>,
    /// Whether an image uses it.
    pub in_use: bool,
    /// Whether there are images that use it, and every one of them is in the archive or on its way out of it.
    pub is_archived: bool,
}

/// The tags of a repository, in ASCII order, with the digests that they name.
#[derive(Clone, Copy, Debug)]
pub struct Tags<'a>(&'a Map<Tag, Arc<Manifest>>);

impl<'a> Tags<'a> {
    /// Digest that a tag names.
    pub fn get(self, tag: &Tag) -> Option<&'a Digest> {
        self.0.get(tag).map(|manifest| manifest.digest())
    }

    /// Whether there is such a tag.
    pub fn contains_key(self, tag: &Tag) -> bool {
        self.0.contains_key(tag)
    }

    /// Number of tags.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Each tag with its digest.
    pub fn iter(self) -> impl Iterator<Item = (&'a Tag, &'a Digest)> {
        self.0.iter().map(|(tag, manifest)| (tag, manifest.digest()))
    }

    /// Each tag that comes after `last`, whether or not there is such a tag.
    pub fn after(self, last: Option<&str>) -> impl Iterator<Item = &'a Tag> {
        after(self.0, last).map(|(tag, _)| tag)
    }
}

impl Repository {
    /// An empty repository with default settings.
    pub(super) fn new(name: RepositoryName, created_at: Timestamp) -> Self {
        Self {
            name,
            created_at,
            tag_mutability: TagMutability::default(),
            scan_on_push: false,
            encryption: Encryption::default(),
            resource_tags: ResourceTags::default(),
            policy: None,
            lifecycle: None,
            images: Map::new(),
            tags: Map::new(),
            layers: Map::new(),
            uploads: Map::new(),
            parents: Map::new(),
            referrers: Map::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &RepositoryName {
        &self.name
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Its rule about moving tags.
    pub fn tag_mutability(&self) -> &TagMutability {
        &self.tag_mutability
    }

    /// Whether each push is to start a scan; what counts in the end is the registry's scanning configuration.
    pub fn scan_on_push(&self) -> bool {
        self.scan_on_push
    }

    /// Its encryption setting.
    pub fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// Its resource tags.
    pub fn resource_tags(&self) -> &ResourceTags {
        &self.resource_tags
    }

    /// What it lets others do; absent: it has no policy.
    pub fn policy(&self) -> Option<&PolicyDocument> {
        self.policy.as_ref()
    }

    /// Its lifecycle policy; absent: it has none.
    pub fn lifecycle_policy(&self) -> Option<&StoredLifecyclePolicy> {
        self.lifecycle.as_ref()?.policy.as_ref()
    }

    /// The last preview of a lifecycle policy; absent if there never was one.
    pub fn lifecycle_preview(&self) -> Option<&LifecyclePreview> {
        self.lifecycle.as_ref()?.preview.as_ref()
    }

    pub(super) fn lifecycle_mut(&mut self) -> &mut Lifecycle {
        Arc::make_mut(self.lifecycle.get_or_insert_default())
    }

    /// Images by digest.
    pub fn images(&self) -> &Map<Digest, Arc<Image>> {
        &self.images
    }

    /// Its tags and the digests that they name, each that of one of [`Self::images`].
    pub fn tags(&self) -> Tags<'_> {
        Tags(&self.tags)
    }

    /// Open uploads.
    pub fn uploads(&self) -> &Map<UploadId, Upload> {
        &self.uploads
    }

    /// A blob, if it is here.
    pub fn layer(&self, digest: &Digest) -> Option<StoredLayer<'_>> {
        self.layers.get(digest).and_then(Layer::stored)
    }

    /// The blobs that are here, by digest.
    pub fn layers(&self) -> impl Iterator<Item = StoredLayer<'_>> {
        self.layers.values().filter_map(Layer::stored)
    }

    /// The indexes that hold a manifest, by digest.
    pub fn indexes_of(&self, child: &Digest) -> impl Iterator<Item = &Digest> {
        self.parents.get(child).into_iter().flat_map(SmallSet::iter)
    }

    /// The manifests that name `subject`, by digest.
    pub fn referrers_of(&self, subject: &Digest) -> impl Iterator<Item = &Arc<Image>> {
        let digests = self.referrers.get(subject).into_iter().flat_map(SmallSet::iter);
        digests.filter_map(|digest| self.images.get(digest))
    }

    /// Whether it has as many images as it may have; those in the archive do not count.
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>
    pub fn is_full(&self, quotas: &Quotas) -> bool {
        self.has_counting_images(usize::try_from(quotas.images_per_repository).unwrap_or(usize::MAX))
    }

    /// Whether at least so many images count against the quota.
    pub(super) fn has_counting_images(&self, least: usize) -> bool {
        let counts = |image: &&Arc<Image>| image.status() != ImageStatus::Archived;
        // Counted only where it may matter, which spares every other repository a counter.
        self.images.len() >= least && self.images.values().filter(counts).count() >= least
    }

    /// The image of a tag.
    pub fn tagged(&self, tag: &Tag) -> Option<&Arc<Image>> {
        self.tags().get(tag).and_then(|digest| self.images.get(digest))
    }

    /// ECR's `imageSizeInBytes`: layers plus configuration as the manifest claims, repetitions counted; the largest child
    /// for an index; the stored blobs for schema 1.
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html>
    pub fn image_size_bytes(&self, manifest: &Manifest) -> u64 {
        self.size_within(manifest, MOST_NESTED_INDEXES)
    }

    fn size_within(&self, manifest: &Manifest, levels: u32) -> u64 {
        match manifest.kind() {
            Kind::Image { config, layers } => {
                let sizes = layers.iter().map(|layer| layer.size_bytes);
                sizes.fold(config.size_bytes, u64::saturating_add)
            }
            Kind::Schema1 { layers } => {
                let stored = layers.iter().filter_map(|digest| self.layer(digest));
                stored.map(|layer| layer.blob.size_bytes()).fold(0, u64::saturating_add)
            }
            Kind::Index { .. } if levels == 0 => 0,
            Kind::Index { children } => {
                let images = children.iter().filter_map(|child| self.images.get(&child.digest));
                images.map(|image| self.size_within(image.manifest(), levels - 1)).max().unwrap_or(0)
            }
        }
    }

    /// Finds the image that a caller named; the tag comes back when one was named.
    pub fn resolve(&self, image_id: &ImageIdentifier) -> Result<(&Arc<Image>, Option<Tag>), ImageFailureCause> {
        let digest = match image_id.digest.as_deref() {
            None => None,
            Some(text) if !has_digest_form(text) => return Err(ImageFailureCause::InvalidImageDigest),
            Some(text) => Some(text.parse::<Digest>().ok()),
        };
        let tag: Option<Tag> = match image_id.tag.as_deref() {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| ImageFailureCause::InvalidImageTag)?),
        };
        let by_digest = |digest: Option<Digest>| digest.and_then(|digest| self.images.get(&digest));
        match (digest, tag) {
            (None, None) => Err(ImageFailureCause::MissingDigestAndTag),
            (Some(digest), None) => {
                by_digest(digest).map(|image| (image, None)).ok_or(ImageFailureCause::ImageNotFound)
            }
            (None, Some(tag)) => match self.tagged(&tag) {
                Some(image) => Ok((image, Some(tag))),
                None => Err(ImageFailureCause::ImageNotFound),
            },
            (Some(digest), Some(tag)) => match (by_digest(digest), self.tagged(&tag)) {
                (Some(image), Some(tagged)) if Arc::ptr_eq(image, tagged) => Ok((image, Some(tag))),
                (Some(_), Some(_)) => Err(ImageFailureCause::ImageTagDoesNotMatchDigest),
                _ => Err(ImageFailureCause::ImageNotFound),
            },
        }
    }

    /// Puts an image in that is not here yet, untagged.
    pub(super) fn insert_image(&mut self, manifest: Arc<Manifest>, pushed_at: Timestamp) {
        for (blob, _) in manifest.blobs() {
            let layer = self.layers.entry(blob.clone()).or_default();
            layer.users += 1;
            if layer.media_type.is_none() {
                layer.media_type = manifest.blob_media_type(blob).cloned();
            }
        }
        for child in manifest.children() {
            self.parents.entry(child.clone()).or_default().insert(manifest.digest().clone());
        }
        if let Some(subject) = manifest.subject() {
            self.referrers.entry(subject.clone()).or_default().insert(manifest.digest().clone());
        }
        self.images.insert(manifest.digest().clone(), Arc::new(Image::new(manifest, pushed_at)));
    }

    /// Takes an image out with its tags, and the layers that only it used.
    pub(super) fn remove_image(&mut self, digest: &Digest) {
        let Some(image) = self.images.remove(digest) else { return };
        for tag in image.tags.iter() {
            self.tags.remove(tag);
        }
        for (blob, _) in image.manifest.blobs() {
            self.release_layer(blob, image.is_active());
        }
        for child in image.manifest.children() {
            remove_from_index(&mut self.parents, child, digest);
        }
        if let Some(subject) = image.manifest.subject() {
            remove_from_index(&mut self.referrers, subject, digest);
        }
    }

    /// Unused layers go at once: "may be cleaned up at any time" leaves us the moment, and the bytes must not pile up.
    fn release_layer(&mut self, digest: &Digest, user_was_active: bool) {
        if let Some(layer) = self.layers.get_mut(digest) {
            layer.users = layer.users.saturating_sub(1);
            layer.archived_users = layer.archived_users.saturating_sub(u32::from(!user_was_active));
            if layer.users == 0 {
                self.layers.remove(digest);
            }
        }
    }

    /// Makes `tag` name an image that is here, whatever it named before.
    pub(super) fn put_tag(&mut self, tag: &Tag, digest: &Digest) {
        let Some(manifest) = self.images.get(digest).map(|image| Arc::clone(&image.manifest)) else { return };
        if let Some(former) = self.tags.insert(tag.clone(), manifest) {
            self.change_image(former.digest(), |image| {
                image.tags.remove(tag);
            });
        }
        self.change_image(digest, |image| {
            image.tags.insert(tag.clone());
        });
    }

    /// Takes a tag away; its image stays.
    pub(super) fn remove_tag(&mut self, tag: &Tag) {
        if let Some(manifest) = self.tags.remove(tag) {
            self.change_image(manifest.digest(), |image| {
                image.tags.remove(tag);
            });
        }
    }

    pub(super) fn record_pull(&mut self, digest: &Digest, now: Timestamp) {
        self.change_image(digest, |image| image.last_recorded_pull_time = Some(now));
    }

    pub(super) fn move_push_time(&mut self, digest: &Digest, pushed_at: Timestamp) {
        self.change_image(digest, |image| image.pushed_at = pushed_at);
    }

    /// Notes where a replication stands; nothing happens if the image is gone.
    pub(super) fn set_replication_state(&mut self, digest: &Digest, destination: RegistryKey, state: ReplicationState) {
        self.change_image(digest, |image| {
            let statuses = &mut image.services_mut().replication;
            match statuses.binary_search_by(|status| status.destination.cmp(&destination)) {
                Ok(place) => statuses[place].state = state,
                Err(place) => statuses.insert(place, ReplicationStatus { destination, state }),
            }
        });
    }

    /// Puts an image into the archive.
    pub(super) fn archive(&mut self, digest: &Digest, now: Timestamp) {
        self.change_archive(digest, |archive| {
            let last_activated_at = archive.as_ref().and_then(|archive| archive.last_activated_at);
            let status = ImageStatus::Archived;
            *archive = Some(Arc::new(ArchiveHistory { status, last_archived_at: now, last_activated_at }));
        });
    }

    /// Sends an image on its way out of the archive; nothing happens to one that is not in it.
    pub(super) fn begin_activation(&mut self, digest: &Digest) {
        self.change_archive_in(digest, ImageStatus::Archived, |archive| archive.status = ImageStatus::Activating);
    }

    /// Ends the way out of the archive: there, or back in it.
    pub(super) fn end_activation(&mut self, digest: &Digest, now: Timestamp, arrived: bool) {
        self.change_archive_in(digest, ImageStatus::Activating, |archive| {
            archive.status = if arrived { ImageStatus::Active } else { ImageStatus::Archived };
            archive.last_activated_at = if arrived { Some(now) } else { archive.last_activated_at };
        });
    }

    /// Brings an image back from the archive at once, as a push of it does; nothing happens to one that is active.
    pub(super) fn restore(&mut self, digest: &Digest, now: Timestamp) {
        for status in [ImageStatus::Archived, ImageStatus::Activating] {
            self.change_archive_in(digest, status, |archive| {
                archive.status = ImageStatus::Active;
                archive.last_activated_at = Some(now);
            });
        }
    }

    /// [`Self::change_archive`] of an image that has this status, which is not the one before the first archiving.
    fn change_archive_in(&mut self, digest: &Digest, status: ImageStatus, change: impl FnOnce(&mut ArchiveHistory)) {
        if self.images.get(digest).is_none_or(|image| image.status() != status) {
            return;
        }
        self.change_archive(digest, |archive| {
            if let Some(archive) = archive {
                change(Arc::make_mut(archive));
            }
        });
    }

    /// Changes what an image knows of the archive, and what its layers know of it.
    fn change_archive(&mut self, digest: &Digest, change: impl FnOnce(&mut Option<Arc<ArchiveHistory>>)) {
        let Some(image) = self.images.get_mut(digest).map(Arc::make_mut) else { return };
        let was_active = image.is_active();
        let services = image.services_mut();
        change(&mut services.archive);
        if services.archive.as_ref().is_some_and(|archive| archive.status == ImageStatus::Archived) {
            // The archive keeps no results of scans.
            services.scan = None;
        }
        let is_active = image.is_active();
        if was_active == is_active {
            return;
        }
        for (blob, _) in image.manifest.blobs() {
            if let Some(layer) = self.layers.get_mut(blob) {
                let users = layer.archived_users;
                layer.archived_users = if is_active { users.saturating_sub(1) } else { users + 1 };
            }
        }
    }

    /// Changes what the other services know of an image; nothing happens if it is gone.
    pub(super) fn change_services(&mut self, digest: &Digest, change: impl FnOnce(&mut Services)) {
        self.change_image(digest, |image| change(image.services_mut()));
    }

    fn change_image(&mut self, digest: &Digest, change: impl FnOnce(&mut Image)) {
        if let Some(image) = self.images.get_mut(digest) {
            change(Arc::make_mut(image));
        }
    }

    /// Links a blob; says whether it was missing before.
    pub(super) fn insert_layer(&mut self, blob: VerifiedBlob) -> bool {
        let layer = self.layers.entry(blob.digest().clone()).or_default();
        let missing = layer.blob.is_none();
        if missing {
            layer.blob = Some(blob);
        }
        missing
    }

    /// Unlinks a blob, and hands it over so that its bytes can be freed elsewhere. That images name it stays known.
    pub(super) fn remove_layer(&mut self, digest: &Digest) -> Option<VerifiedBlob> {
        let layer = self.layers.get_mut(digest)?;
        let blob = layer.blob.take();
        if layer.users == 0 {
            self.layers.remove(digest);
        }
        blob
    }

    pub(super) fn uploads_mut(&mut self) -> &mut Map<UploadId, Upload> {
        &mut self.uploads
    }
}

/// Indexes of indexes are followed this far when a size is asked for; each level costs its author a push.
const MOST_NESTED_INDEXES: u32 = 8;

impl Layer {
    fn stored(&self) -> Option<StoredLayer<'_>> {
        let media_type = self.media_type.as_ref();
        let in_use = self.users > 0;
        let is_archived = in_use && self.archived_users == self.users;
        self.blob.as_ref().map(|blob| StoredLayer { blob, media_type, in_use, is_archived })
    }
}

fn remove_from_index(index: &mut Map<Digest, SmallSet<Digest>>, key: &Digest, member: &Digest) {
    if let Some(members) = index.get_mut(key) {
        members.remove(member);
        if members.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
impl Repository {
    /// Panics unless every index says what a scan of all images says.
    pub(super) fn assert_indexes_agree(&self) {
        use std::collections::BTreeMap;

        let mut tags = BTreeMap::new();
        let mut users: BTreeMap<Digest, (u32, u32)> = BTreeMap::new();
        let mut parents: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
        let mut referrers: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
        for (digest, image) in &self.images {
            assert_eq!(digest, image.digest());
            tags.extend(image.tags.iter().map(|tag| (tag.clone(), digest.clone())));
            for (blob, _) in image.manifest.blobs() {
                let (all, archived) = users.entry(blob.clone()).or_default();
                *all += 1;
                *archived += u32::from(!image.is_active());
            }
            for child in image.manifest.children() {
                parents.entry(child.clone()).or_default().push(digest.clone());
            }
            if let Some(subject) = image.manifest.subject() {
                referrers.entry(subject.clone()).or_default().push(digest.clone());
            }
        }
        let listed = |index: &Map<Digest, SmallSet<Digest>>| -> BTreeMap<Digest, Vec<Digest>> {
            index.iter().map(|(key, set)| (key.clone(), set.iter().cloned().collect())).collect()
        };
        let shown = self.tags().iter().map(|(tag, digest)| (tag.clone(), digest.clone()));
        assert!(shown.eq(tags), "tags and images disagree");
        assert_eq!(listed(&self.parents), parents);
        assert_eq!(listed(&self.referrers), referrers);
        for (digest, layer) in &self.layers {
            let counted = (layer.users, layer.archived_users);
            assert_eq!(counted, users.remove(digest).unwrap_or_default(), "users of {digest}");
            assert!(layer.users > 0 || layer.blob.is_some(), "{digest} is neither used nor here");
        }
        assert!(users.is_empty(), "used layers without an entry: {users:?}");
    }
}
