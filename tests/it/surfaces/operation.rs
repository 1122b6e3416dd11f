//! What can be done: one operation on either surface. Everything is named by small numbers and short words.

use std::fmt;

use super::content::{Manifest, manifest};

/// Names of repositories. The first two are there from the start.
pub(super) const REPOSITORIES: [&str; 3] = ["app", "team/api", "x-1"];
/// Tags, not in ASCII order.
pub(super) const TAGS: [&str; 5] = ["latest", "v1", "Z.1", "v10", "a_b"];
/// What the modes with exclusions exclude.
pub(super) const EXCLUDED: &str = "v*";

/// One of the two faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Ecr,
    Oci,
}

/// ECR's four modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    Mutable,
    Immutable,
    MutableWithExclusion,
    ImmutableWithExclusion,
}

/// An image as a caller names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageId {
    Tag(&'static str),
    Digest(usize),
    Both(&'static str, usize),
    Neither,
}

/// Where a part says that it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It says nothing; on the JSON API, which has no such form, as [`Self::AtEnd`].
    Unsaid,
    AtEnd,
    /// One byte too far.
    Beyond,
}

/// Bytes of a blob, or a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole(usize),
    FirstHalf(usize),
    SecondHalf(usize),
}

/// One thing to do. Uploads are counted from the newest back, modulo all that were opened so far.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    CreateRepository {
        repository: &'static str,
        mutability: Mutability,
    },
    DeleteRepository {
        repository: &'static str,
        force: bool,
    },
    DescribeRepositories {
        page: usize,
    },
    PutImageTagMutability {
        repository: &'static str,
        mutability: Mutability,
    },
    PutAccountSetting {
        mounting: bool,
    },
    TagResource {
        repository: &'static str,
        key: &'static str,
        value: &'static str,
    },
    UntagResource {
        repository: &'static str,
        key: &'static str,
    },
    ListTagsForResource {
        repository: &'static str,
    },

    StartUpload {
        surface: Surface,
        repository: &'static str,
    },
    AddPart {
        surface: Surface,
        upload: usize,
        elsewhere: Option<&'static str>,
        part: Part,
        place: Place,
    },
    /// `last` is for the registry surface, whose final request may bring bytes.
    FinishUpload {
        surface: Surface,
        upload: usize,
        elsewhere: Option<&'static str>,
        blob: usize,
        last: Option<Part>,
    },
    /// Start, bytes in one part, end: each on a surface of its own.
    Upload {
        surfaces: [Surface; 3],
        repository: &'static str,
        blob: usize,
    },
    UploadStatus {
        upload: usize,
    },
    CancelUpload {
        upload: usize,
    },
    PushBlob {
        repository: &'static str,
        bytes: usize,
        digest: usize,
    },
    MountBlob {
        repository: &'static str,
        from: &'static str,
        blob: usize,
    },
    PullBlob {
        repository: &'static str,
        blob: usize,
        head: bool,
        range: Option<(usize, usize)>,
    },
    BatchCheckLayerAvailability {
        repository: &'static str,
    },
    GetDownloadUrlForLayer {
        repository: &'static str,
        blob: usize,
    },

    /// On the registry surface a tag or a digest; with neither, the manifest's own digest.
    PutImage {
        surface: Surface,
        repository: &'static str,
        manifest: usize,
        tag: Option<&'static str>,
        digest: Option<usize>,
    },
    /// Blobs, children and the manifest, each as an operation of its own.
    PushAll {
        surface: Surface,
        repository: &'static str,
        manifest: usize,
        tag: Option<&'static str>,
    },
    PullManifest {
        repository: &'static str,
        image: ImageId,
        head: bool,
    },
    DeleteManifest {
        repository: &'static str,
        image: ImageId,
    },
    BatchGetImage {
        repository: &'static str,
        images: Vec<ImageId>,
    },
    BatchDeleteImage {
        repository: &'static str,
        images: Vec<ImageId>,
    },
    /// None: all of them.
    DescribeImages {
        repository: &'static str,
        images: Vec<ImageId>,
    },
    ListImages {
        repository: &'static str,
        tagged: Option<bool>,
        page: usize,
    },
    ListTags {
        repository: &'static str,
        page: usize,
    },
    Catalog {
        page: usize,
    },
}

impl Operation {
    /// What shows the state of a repository: one of four, by turns.
    pub(super) fn look(repository: &'static str, turn: usize) -> Self {
        match turn % 4 {
            0 => Self::ListImages { repository, tagged: None, page: 1000 },
            1 => Self::DescribeImages { repository, images: Vec::new() },
            2 => Self::ListTags { repository, page: 1000 },
            _ => Self::BatchCheckLayerAvailability { repository },
        }
    }

    /// The steps that it takes; itself, unless it stands for several.
    pub(super) fn steps(&self) -> Vec<Self> {
        match *self {
            Self::PushAll { surface, repository, manifest: number, tag } => {
                let Manifest { blobs, children, .. } = manifest(number);
                let mut steps: Vec<Self> =
                    blobs.iter().map(|blob| Self::PushBlob { repository, bytes: *blob, digest: *blob }).collect();
                for child in children {
                    steps.extend(Self::PushAll { surface, repository, manifest: *child, tag: None }.steps());
                }
                steps.push(Self::PutImage { surface, repository, manifest: number, tag, digest: None });
                steps
            }
            Self::Upload { surfaces: [start, add, end], repository, blob } => {
                let (upload, elsewhere, part, place, last) = (0, None, Part::Whole(blob), Place::AtEnd, None);
                vec![
                    Self::StartUpload { surface: start, repository },
                    Self::AddPart { surface: add, upload, elsewhere, part, place },
                    Self::FinishUpload { surface: end, upload, elsewhere, blob, last },
                ]
            }
            _ => vec![self.clone()],
        }
    }

    /// The repository that it may have changed; none if that is for the end of the case to show.
    pub(super) fn repository(&self) -> Option<&'static str> {
        match self {
            Self::PutImageTagMutability { repository, .. }
            | Self::DeleteRepository { repository, .. }
            | Self::CreateRepository { repository, .. }
            | Self::Upload { repository, .. }
            | Self::PushBlob { repository, .. }
            | Self::MountBlob { repository, .. }
            | Self::PutImage { repository, .. }
            | Self::PushAll { repository, .. }
            | Self::DeleteManifest { repository, .. }
            | Self::BatchDeleteImage { repository, .. } => Some(repository),
            _ => None,
        }
    }
}

/// A line for each operation.
#[derive(Clone)]
pub(super) struct Sequence(pub(super) Vec<Operation>);

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        self.0.iter().enumerate().try_for_each(|(at, operation)| writeln!(f, "  {}. {operation:?}", at + 1))
    }
}
