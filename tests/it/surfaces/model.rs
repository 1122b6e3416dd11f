//! The naive model: what ECR should answer, from plain sets that are searched from end to end.
//!
//! It knows nothing of the crate; where the rules of ECR are the same on both surfaces it says them once, and the words
//! for a refusal on each.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, paged};
use super::content::{BLOBS, Manifest, blob, manifest};
use super::operation::{ImageId, Mutability, Operation as Op, Part, Place, Surface};

/// One registry.
#[derive(Debug, Default)]
pub(super) struct Model {
    repositories: BTreeMap<&'static str, Repository>,
    /// All that were ever opened.
    uploads: Vec<Upload>,
    mounting: bool,
}

#[derive(Debug)]
struct Repository {
    mutability: Mutability,
    images: BTreeSet<usize>,
    tags: BTreeMap<&'static str, usize>,
    blobs: BTreeSet<usize>,
    labels: Vec<(&'static str, &'static str)>,
}

#[derive(Debug)]
struct Upload {
    repository: &'static str,
    is_open: bool,
    bytes: Vec<u8>,
    parts: usize,
}

/// What can be refused, whichever surface is asked.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    RepositoryNotFound,
    RepositoryExists,
    RepositoryNotEmpty,
    UploadNotFound,
    PartOutOfOrder,
    EmptyUpload,
    PartTooSmall,
    WrongDigest,
    LayerExists,
    BlobNotFound,
    BlobUnused,
    BlobsMissing,
    ChildrenMissing,
    DigestDoesNotMatch,
    ImageExists,
    TagIsImmutable,
    ImageNotFound,
    HeldByIndex,
}

impl Refusal {
    fn on(self, surface: Surface) -> Answer {
        let (exception, status, code) = match self {
            Self::RepositoryNotFound => ("RepositoryNotFoundException", 404, "NAME_UNKNOWN"),
            Self::RepositoryExists => ("RepositoryAlreadyExistsException", 0, ""),
            Self::RepositoryNotEmpty => ("RepositoryNotEmptyException", 0, ""),
            Self::UploadNotFound => ("UploadNotFoundException", 404, "BLOB_UPLOAD_UNKNOWN"),
            Self::PartOutOfOrder => ("InvalidLayerPartException", 416, "RANGE_INVALID"),
            Self::EmptyUpload => ("EmptyUploadException", 400, "BLOB_UPLOAD_INVALID"),
            Self::PartTooSmall => ("LayerPartTooSmallException", 400, "BLOB_UPLOAD_INVALID"),
            Self::WrongDigest => ("InvalidLayerException", 400, "DIGEST_INVALID"),
            Self::LayerExists => ("LayerAlreadyExistsException", 0, ""),
            Self::BlobNotFound => ("LayersNotFoundException", 404, "BLOB_UNKNOWN"),
            Self::BlobUnused => ("LayerInaccessibleException", 0, ""),
            Self::BlobsMissing => ("LayersNotFoundException", 404, "MANIFEST_BLOB_UNKNOWN"),
            Self::ChildrenMissing => ("ReferencedImagesNotFoundException", 404, "MANIFEST_BLOB_UNKNOWN"),
            Self::DigestDoesNotMatch => ("ImageDigestDoesNotMatchException", 400, "MANIFEST_INVALID"),
            Self::ImageExists => ("ImageAlreadyExistsException", 0, ""),
            Self::TagIsImmutable => ("ImageTagAlreadyExistsException", 400, "TAG_INVALID"),
            Self::ImageNotFound => ("ImageNotFoundException", 404, "MANIFEST_UNKNOWN"),
            Self::HeldByIndex => ("", 405, "UNSUPPORTED"),
        };
        match surface {
            Surface::Ecr => Answer::refused(400, exception),
            Surface::Oci => Answer::refused(status, code),
        }
    }
}

type Predicted = Result<Answer, Refusal>;

impl Model {
    pub(super) fn uploads(&self) -> usize {
        self.uploads.len()
    }

    /// Bytes that an upload has.
    pub(super) fn upload_length(&self, upload: usize) -> usize {
        self.uploads[upload].bytes.len()
    }

    pub(super) fn upload_repository(&self, upload: usize) -> &'static str {
        self.uploads[upload].repository
    }

    /// What the operation should answer; it is done then.
    pub(super) fn apply(&mut self, operation: &Op) -> Answer {
        let (surface, predicted) = match operation {
            Op::StartUpload { surface, .. } | Op::AddPart { surface, .. } | Op::FinishUpload { surface, .. } => {
                (*surface, self.upload(operation))
            }
            Op::UploadStatus { .. } | Op::CancelUpload { .. } => (Surface::Oci, self.upload(operation)),
            Op::PushBlob { .. } | Op::MountBlob { .. } | Op::PullBlob { .. } => (Surface::Oci, self.blobs(operation)),
            Op::BatchCheckLayerAvailability { .. } | Op::GetDownloadUrlForLayer { .. } => {
                (Surface::Ecr, self.blobs(operation))
            }
            Op::PutImage { surface, repository, manifest, tag, digest } => {
                (*surface, self.put_image(*surface, repository, *manifest, *tag, *digest))
            }
            Op::PullManifest { .. } | Op::DeleteManifest { .. } => (Surface::Oci, self.images(operation)),
            Op::BatchGetImage { .. } | Op::BatchDeleteImage { .. } | Op::DescribeImages { .. } => {
                (Surface::Ecr, self.images(operation))
            }
            Op::ListTags { .. } | Op::Catalog { .. } => (Surface::Oci, self.listing(operation)),
            Op::ListImages { .. } | Op::DescribeRepositories { .. } => (Surface::Ecr, self.listing(operation)),
            _ => (Surface::Ecr, self.setting(operation)),
        };
        let answer = predicted.unwrap_or_else(|refusal| refusal.on(surface));
        let is_head = matches!(operation, Op::PullBlob { head: true, .. } | Op::PullManifest { head: true, .. });
        if is_head && answer.status >= 400 { Answer::refused(answer.status, "") } else { answer }
    }

    fn repository(&mut self, name: &str) -> Result<&mut Repository, Refusal> {
        self.repositories.get_mut(name).ok_or(Refusal::RepositoryNotFound)
    }

    fn setting(&mut self, operation: &Op) -> Predicted {
        match *operation {
            Op::CreateRepository { repository, mutability } => {
                if self.repositories.contains_key(repository) {
                    return Err(Refusal::RepositoryExists);
                }
                self.repositories.insert(repository, Repository::new(mutability));
                Ok(Answer::ok(200, vec![format!("{repository} {}", mutability.name())]))
            }
            Op::DeleteRepository { repository, force } => {
                let found = self.repository(repository)?;
                if !force && !found.images.is_empty() {
                    return Err(Refusal::RepositoryNotEmpty);
                }
                let shown = format!("{repository} {}", found.mutability.name());
                self.repositories.remove(repository);
                self.uploads.iter_mut().filter(|upload| upload.repository == repository).for_each(Upload::end);
                Ok(Answer::ok(200, vec![shown]))
            }
            Op::PutImageTagMutability { repository, mutability } => {
                self.repository(repository)?.mutability = mutability;
                Ok(Answer::ok(200, vec![mutability.name().to_owned()]))
            }
            Op::PutAccountSetting { mounting } => {
                self.mounting = mounting;
                Ok(Answer::ok(200, vec![if mounting { "ENABLED" } else { "DISABLED" }.to_owned()]))
            }
            Op::TagResource { repository, key, value } => {
                let labels = &mut self.repository(repository)?.labels;
                match labels.iter_mut().find(|(other, _)| *other == key) {
                    Some(label) => label.1 = value,
                    None => labels.push((key, value)),
                }
                Ok(Answer::ok(200, vec![]))
            }
            Op::UntagResource { repository, key } => {
                self.repository(repository)?.labels.retain(|(other, _)| *other != key);
                Ok(Answer::ok(200, vec![]))
            }
            Op::ListTagsForResource { repository } => {
                let labels = &self.repository(repository)?.labels;
                Ok(Answer::ok(200, labels.iter().map(|(key, value)| format!("{key}={value}")).collect()))
            }
            ref other => unreachable!("{other:?} is no setting"),
        }
    }

    fn upload(&mut self, operation: &Op) -> Predicted {
        match *operation {
            Op::StartUpload { surface, repository } => {
                self.repository(repository)?;
                self.uploads.push(Upload { repository, is_open: true, bytes: Vec::new(), parts: 0 });
                Ok(match surface {
                    Surface::Ecr => Answer::ok(200, vec![]),
                    Surface::Oci => Answer::ok(202, vec!["0-0".to_owned()]),
                })
            }
            Op::AddPart { surface, upload, elsewhere, part, place } => {
                let upload = self.open_upload(upload, elsewhere)?;
                if place == Place::Beyond {
                    let mut refused = Refusal::PartOutOfOrder.on(surface);
                    refused.shown.push(upload.last_byte());
                    return Ok(refused);
                }
                upload.add(part.bytes());
                Ok(match surface {
                    Surface::Ecr => Answer::ok(200, vec![upload.last_byte()]),
                    Surface::Oci => Answer::ok(201, vec![format!("0-{}", upload.last_byte())]),
                })
            }
            Op::FinishUpload { surface, upload, elsewhere, blob: number, last } => {
                let open = self.open_upload(upload, elsewhere)?;
                if let Some(part) = last {
                    open.add(part.bytes());
                }
                let (repository, bytes) = (open.repository, open.bytes.clone());
                match open.parts {
                    0 => return Err(Refusal::EmptyUpload),
                    1 => {}
                    // No part of ours has the 5 MiB that all but the last must have.
                    _ => return Err(Refusal::PartTooSmall),
                }
                open.end();
                self.become_blob(surface, repository, &bytes, number)
            }
            Op::UploadStatus { upload } => {
                let upload = self.open_upload(upload, None)?;
                Ok(Answer::ok(204, vec![format!("0-{}", upload.last_byte())]))
            }
            Op::CancelUpload { upload } => {
                self.open_upload(upload, None)?.end();
                Ok(Answer::ok(204, vec![]))
            }
            ref other => unreachable!("{other:?} is about no upload"),
        }
    }

    /// An upload that is not over, asked for in its own repository or elsewhere.
    fn open_upload(&mut self, number: usize, elsewhere: Option<&'static str>) -> Result<&mut Upload, Refusal> {
        let repository = elsewhere.unwrap_or(self.uploads[number].repository);
        self.repository(repository)?;
        let upload = &mut self.uploads[number];
        if upload.is_open && upload.repository == repository { Ok(upload) } else { Err(Refusal::UploadNotFound) }
    }

    fn become_blob(&mut self, surface: Surface, repository: &'static str, bytes: &[u8], number: usize) -> Predicted {
        if blob(number).bytes != bytes {
            return Err(Refusal::WrongDigest);
        }
        let is_new = self.repository(repository)?.blobs.insert(number);
        match surface {
            Surface::Ecr if is_new => Ok(Answer::ok(200, vec![blob(number).digest.clone()])),
            Surface::Ecr => Err(Refusal::LayerExists),
            Surface::Oci => Ok(Answer::ok(201, vec![blob(number).digest.clone()])),
        }
    }

    fn blobs(&mut self, operation: &Op) -> Predicted {
        match *operation {
            Op::PushBlob { repository, bytes, digest } => {
                self.repository(repository)?;
                self.become_blob(Surface::Oci, repository, &blob(bytes).bytes, digest)
            }
            Op::MountBlob { repository, from, blob: number } => {
                let is_there = self.repository(repository)?.blobs.contains(&number);
                let source = self.repositories.get(from);
                let is_used = source.is_some_and(|source| source.uses(number));
                if !self.mounting || !(is_there || is_used) {
                    return self.upload(&Op::StartUpload { surface: Surface::Oci, repository });
                }
                self.repository(repository)?.blobs.insert(number);
                Ok(Answer::ok(201, vec![blob(number).digest.clone()]))
            }
            Op::PullBlob { repository, blob: number, head, range } => {
                let found = self.repository(repository)?;
                if !found.blobs.contains(&number) {
                    return Err(Refusal::BlobNotFound);
                }
                let content = blob(number);
                let length = content.bytes.len();
                let shown = |bytes: &[u8]| vec![String::from_utf8_lossy(bytes).into_owned()];
                Ok(match range {
                    _ if head => Answer::ok(200, vec![content.digest.clone(), length.to_string()]),
                    None => Answer::ok(200, shown(&content.bytes)),
                    Some((first, last)) if first > last || first >= length => Answer::ok(416, vec![]),
                    Some((first, last)) => Answer::ok(206, shown(&content.bytes[first..=last.min(length - 1)])),
                })
            }
            Op::BatchCheckLayerAvailability { repository } => {
                let found = self.repository(repository)?;
                let line = |number: usize| {
                    let content = blob(number);
                    let typed = if found.uses(number) { "typed" } else { "untyped" };
                    if found.blobs.contains(&number) {
                        format!("{} AVAILABLE {} {typed}", content.digest, content.bytes.len())
                    } else {
                        format!("{} UNAVAILABLE", content.digest)
                    }
                };
                Ok(Answer::ok(200, (0..BLOBS).map(line).collect()))
            }
            Op::GetDownloadUrlForLayer { repository, blob: number } => {
                let found = self.repository(repository)?;
                match (found.blobs.contains(&number), found.uses(number)) {
                    (false, _) => Err(Refusal::BlobNotFound),
                    (true, false) => Err(Refusal::BlobUnused),
                    (true, true) => Ok(Answer::ok(200, vec![blob(number).digest.clone()])),
                }
            }
            ref other => unreachable!("{other:?} is about no blob"),
        }
    }

    fn put_image(
        &mut self,
        surface: Surface,
        repository: &'static str,
        number: usize,
        tag: Option<&'static str>,
        digest: Option<usize>,
    ) -> Predicted {
        let found = self.repository(repository)?;
        let Manifest { blobs, children, digest: own, subject, .. } = manifest(number);
        if !blobs.iter().all(|blob| found.blobs.contains(blob)) {
            return Err(Refusal::BlobsMissing);
        }
        if !children.iter().all(|child| found.images.contains(child)) {
            return Err(Refusal::ChildrenMissing);
        }
        // A path has a tag or a digest.
        let expected = digest.filter(|_| surface == Surface::Ecr || tag.is_none());
        if expected.is_some_and(|expected| expected != number) {
            return Err(Refusal::DigestDoesNotMatch);
        }
        let is_identical = match tag {
            Some(tag) => found.tags.get(tag) == Some(&number),
            None => found.images.contains(&number),
        };
        if is_identical && surface == Surface::Ecr {
            return Err(Refusal::ImageExists);
        }
        if let Some(tag) = tag.filter(|tag| !is_identical && found.tags.contains_key(tag))
            && found.mutability.forbids(tag)
        {
            return Err(Refusal::TagIsImmutable);
        }
        found.images.insert(number);
        if let Some(tag) = tag {
            found.tags.insert(tag, number);
        }
        Ok(match surface {
            Surface::Ecr => Answer::ok(200, vec![format!("{own} {} {own}", tag.unwrap_or("-"))]),
            Surface::Oci => {
                let subject = subject.map_or("-", |subject| &manifest(subject).digest);
                Answer::ok(201, vec![own.clone(), subject.to_owned()])
            }
        })
    }

    fn images(&mut self, operation: &Op) -> Predicted {
        match operation {
            Op::PullManifest { repository, image, head } => {
                let number = self.repository(repository)?.find(*image).map_err(|_| Refusal::ImageNotFound)?;
                let found = manifest(number);
                let body = if *head { found.bytes.len().to_string() } else { found.digest.clone() };
                Ok(Answer::ok(200, vec![found.digest.clone(), found.media_type.to_owned(), body]))
            }
            Op::DeleteManifest { repository, image } => match self.repository(repository)?.delete(*image) {
                Ok(_) => Ok(Answer::ok(202, vec![])),
                Err("ImageNotFound") => Err(Refusal::ImageNotFound),
                Err(_) => Err(Refusal::HeldByIndex),
            },
            Op::BatchGetImage { repository, images } => {
                let found = self.repository(repository)?;
                let get = |image: &ImageId| {
                    found.find(*image).map(|number| {
                        let digest = &manifest(number).digest;
                        vec![format!("{digest} {} {digest}", image.tag().unwrap_or("-"))]
                    })
                };
                Ok(Answer::ok(200, batch(images, get)))
            }
            Op::BatchDeleteImage { repository, images } => {
                let found = self.repository(repository)?;
                Ok(Answer::ok(200, batch(images, |image| found.delete(*image))))
            }
            Op::DescribeImages { repository, images } => {
                let found = self.repository(repository)?;
                let mut numbers: Vec<usize> = Vec::new();
                for image in images {
                    let number = found.find(*image).map_err(|_| Refusal::ImageNotFound)?;
                    if !numbers.contains(&number) {
                        numbers.push(number);
                    }
                }
                if images.is_empty() {
                    numbers = found.by_digest();
                }
                let line = |number: usize| {
                    let tags = found.tags_of(number).join(",");
                    format!(
                        "{} [{tags}] {} {}",
                        manifest(number).digest,
                        found.size(number),
                        manifest(number).media_type
                    )
                };
                Ok(Answer::ok(200, numbers.into_iter().map(line).collect()))
            }
            other => unreachable!("{other:?} is about no image"),
        }
    }

    fn listing(&mut self, operation: &Op) -> Predicted {
        let (entries, page): (Vec<String>, usize) = match *operation {
            Op::DescribeRepositories { page } => {
                let line = |(name, found): (&&str, &Repository)| format!("{name} {}", found.mutability.name());
                (self.repositories.iter().map(line).collect(), page)
            }
            Op::Catalog { page } => (self.repositories.keys().map(|name| (*name).to_owned()).collect(), page),
            Op::ListTags { repository, page } => {
                (self.repository(repository)?.tags.keys().map(|tag| (*tag).to_owned()).collect(), page)
            }
            Op::ListImages { repository, tagged, page } => {
                let found = self.repository(repository)?;
                let ids = |number: usize| {
                    let tags = found.tags_of(number);
                    let tags = if tags.is_empty() { vec!["-"] } else { tags };
                    tags.into_iter().map(move |tag| format!("{} {tag}", manifest(number).digest))
                };
                let mut numbers = found.by_digest();
                numbers.retain(|number| tagged.is_none_or(|tagged| tagged != found.tags_of(*number).is_empty()));
                (numbers.into_iter().flat_map(ids).collect(), page)
            }
            ref other => unreachable!("{other:?} lists nothing"),
        };
        Ok(Answer::ok(200, paged(&entries, page)))
    }
}

/// Images first, then failures, each in the order asked.
fn batch(images: &[ImageId], mut act: impl FnMut(&ImageId) -> Result<Vec<String>, &'static str>) -> Vec<String> {
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    for image in images {
        match act(image) {
            Ok(shown) => lines.extend(shown),
            Err(code) => {
                let digest = image.digest().map_or("-", |number| &manifest(number).digest);
                failures.push(format!("{code}: {digest} {}", image.tag().unwrap_or("-")));
            }
        }
    }
    lines.extend(failures);
    lines
}

impl Repository {
    fn new(mutability: Mutability) -> Self {
        Self { mutability, images: BTreeSet::new(), tags: BTreeMap::new(), blobs: BTreeSet::new(), labels: Vec::new() }
    }

    fn uses(&self, blob: usize) -> bool {
        self.images.iter().any(|image| manifest(*image).blobs.contains(&blob))
    }

    fn tags_of(&self, number: usize) -> Vec<&'static str> {
        self.tags.iter().filter(|(_, tagged)| **tagged == number).map(|(tag, _)| *tag).collect()
    }

    fn by_digest(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = self.images.iter().copied().collect();
        numbers.sort_by_key(|number| &manifest(*number).digest);
        numbers
    }

    /// Configuration and layers; of an index, its largest child.
    fn size(&self, number: usize) -> usize {
        let Manifest { blobs, children, .. } = manifest(number);
        let largest = children.iter().filter(|child| self.images.contains(child)).map(|child| self.size(*child)).max();
        blobs.iter().map(|number| blob(*number).bytes.len()).sum::<usize>() + largest.unwrap_or(0)
    }

    /// The image of an id, or a failure code.
    fn find(&self, image: ImageId) -> Result<usize, &'static str> {
        let here = |number: usize| self.images.contains(&number).then_some(number);
        let found = match image {
            ImageId::Tag(tag) => self.tags.get(tag).copied(),
            ImageId::Digest(number) => here(number),
            ImageId::Both(tag, number) => match (self.tags.get(tag), here(number)) {
                (Some(tagged), Some(number)) if *tagged != number => return Err("ImageTagDoesNotMatchDigest"),
                (Some(_), Some(number)) => Some(number),
                _ => None,
            },
            ImageId::Neither => return Err("MissingDigestAndTag"),
        };
        found.ok_or("ImageNotFound")
    }

    /// Takes away a tag, or an image with all that only it has; what went, or a failure code.
    fn delete(&mut self, image: ImageId) -> Result<Vec<String>, &'static str> {
        let number = self.find(image)?;
        let digest = &manifest(number).digest;
        let tags = self.tags_of(number);
        if let Some(tag) = image.tag().filter(|_| tags.len() > 1) {
            self.tags.remove(tag);
            return Ok(vec![format!("{digest} {tag}")]);
        }
        if self.images.iter().any(|index| manifest(*index).children.contains(&number)) {
            return Err("ImageReferencedByManifestList");
        }
        self.images.remove(&number);
        self.tags.retain(|_, tagged| *tagged != number);
        let unused: Vec<usize> = manifest(number).blobs.iter().copied().filter(|blob| !self.uses(*blob)).collect();
        self.blobs.retain(|blob| !unused.contains(blob));
        let tags = if tags.is_empty() { vec!["-"] } else { tags };
        Ok(tags.into_iter().map(|tag| format!("{digest} {tag}")).collect())
    }
}

impl Upload {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.parts += 1;
    }

    fn end(&mut self) {
        self.is_open = false;
    }

    fn last_byte(&self) -> String {
        self.bytes.len().saturating_sub(1).to_string()
    }
}

impl Mutability {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
            Self::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
        }
    }

    pub(super) fn has_filters(self) -> bool {
        matches!(self, Self::MutableWithExclusion | Self::ImmutableWithExclusion)
    }

    /// Whether a tag may not move. The excluded ones begin with `v`.
    fn forbids(self, tag: &str) -> bool {
        match self {
            Self::Mutable => false,
            Self::Immutable => true,
            Self::MutableWithExclusion => tag.starts_with('v'),
            Self::ImmutableWithExclusion => !tag.starts_with('v'),
        }
    }
}

impl ImageId {
    pub(super) fn tag(self) -> Option<&'static str> {
        match self {
            Self::Tag(tag) | Self::Both(tag, _) => Some(tag),
            Self::Digest(_) | Self::Neither => None,
        }
    }

    pub(super) fn digest(self) -> Option<usize> {
        match self {
            Self::Digest(number) | Self::Both(_, number) => Some(number),
            Self::Tag(_) | Self::Neither => None,
        }
    }
}

impl Part {
    pub(super) fn bytes(self) -> &'static [u8] {
        let half = |number: usize| {
            let bytes = &blob(number).bytes;
            bytes.split_at(bytes.len() / 2)
        };
        match self {
            Self::Whole(number) => &blob(number).bytes,
            Self::FirstHalf(number) => half(number).0,
            Self::SecondHalf(number) => half(number).1,
        }
    }
}
