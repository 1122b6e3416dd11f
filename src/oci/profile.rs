//! The two profiles of the registry surface: every difference between ECR and the distribution specification is a switch
//! here, with its source. Whatever has no switch is the same in both.
//!
//! A world has one profile for life; what it may turn off beside that stands in `worlds::SurfaceSettings`. Rules of the
//! model are its enums, and a switch hands one over; nothing here decides anything by itself.

use http::StatusCode;

use crate::registry::limits;
use crate::registry::ops::finish_upload::UploadRules;
use crate::registry::ops::mount_blob::MountRules;
use crate::registry::ops::put_image::ManifestRules;
use crate::registry::templates::MissingRepository;
use crate::registry::types::Tag;
use crate::worlds::RegistryProfile;

/// How the registry surface behaves where ECR and the specification differ.
#[derive(Debug)]
pub(crate) struct Profile {
    /// Who has to log in.
    pub(crate) logins: Logins,
    /// Codes, statuses and forms of errors.
    pub(crate) errors: Errors,
    /// How `Location` and `Link` begin.
    pub(crate) locations: Locations,
    /// What a push to a repository that is missing finds.
    pub(crate) missing_repository: MissingRepository,
    /// Status of a `PATCH` that was taken.
    pub(crate) patched: StatusCode,
    /// Algorithms that a pushed blob or manifest may be named by.
    pub(crate) digests: Digests,
    /// What an upload must satisfy to become a blob.
    pub(crate) uploads: UploadRules,
    /// What it takes to mount a blob.
    pub(crate) mounts: MountRules,
    /// What a mount without `from` does.
    pub(crate) mounts_from_anywhere: MountFromAnywhere,
    /// What a manifest must satisfy.
    pub(crate) manifests: ManifestRules,
    /// What may be a tag.
    pub(crate) tags: TagGrammar,
    /// What `?tag=` on a push by digest does.
    pub(crate) tag_parameters: TagParameters,
    /// Whether a pull by tag converts a manifest for a reader who accepts another format.
    pub(crate) conversion: Conversion,
    /// What `DELETE` of a manifest deletes.
    pub(crate) manifest_deletion: ManifestDeletion,
    /// What `DELETE` of a blob does.
    pub(crate) blob_deletion: BlobDeletion,
    /// How tags and repositories are paged.
    pub(crate) listings: Listings,
    /// What the referrers of a subject in a missing repository are.
    pub(crate) referrers_of_missing: ReferrersOfMissing,
    /// Most referrers on a page; the route has no parameter for it.
    pub(crate) referrers_page: usize,
    /// Where the bytes of a blob are to be had.
    pub(crate) downloads: Downloads,
}

impl Profile {
    /// ECR, as far as it is known; what of it is a guess says `docs/FIDELITY.md`.
    pub(crate) const ECR: Self = Self {
        // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html>
        logins: Logins::Required,
        // Texts and codes as captured: google/go-containerregistry#681 and #1568, NVIDIA/enroot#59.
        errors: Errors::Ecr,
        // As captured in pushes: aws/containers-roadmap#2831.
        locations: Locations::Absolute,
        // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html>
        missing_repository: MissingRepository::CreatedByTemplate,
        // google/go-containerregistry accepts 201 beside 202 and 204 for its sake.
        patched: StatusCode::CREATED,
        // Unconfirmed: no image of another algorithm is known.
        digests: Digests::Sha256,
        // <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html>
        uploads: UploadRules::Ecr,
        // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html>
        mounts: MountRules::Ecr,
        // Unconfirmed: the same page knows mounts with `from` only.
        mounts_from_anywhere: MountFromAnywhere::Declined,
        // <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html>
        manifests: ManifestRules::Ecr,
        // <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html>
        tags: TagGrammar::Ecr,
        // Unconfirmed: nothing tells that ECR knows it.
        tag_parameters: TagParameters::Ignored,
        // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-manifest-formats.html>
        conversion: Conversion::ByTag,
        // aws/containers-roadmap#1229; the text about images of an index is a reason of BatchDeleteImage.
        manifest_deletion: ManifestDeletion::AsBatchDeleteImage,
        // Unconfirmed: layers go with their images in ECR.
        blob_deletion: BlobDeletion::Unsupported,
        // google/go-containerregistry#681, deitch/docker_registry2#34.
        listings: Listings::Ecr,
        // Unconfirmed.
        referrers_of_missing: ReferrersOfMissing::NameUnknown,
        // The most that ListImageReferrers puts on a page.
        referrers_page: limits::REFERRERS_PAGE_MAXIMUM,
        // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>: layers come from S3.
        downloads: Downloads::Redirected,
    };

    /// The OCI Distribution Specification 1.1, with what its later drafts add, as its conformance suite tests it.
    /// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>
    pub(crate) const OCI: Self = Self {
        // The specification leaves logins to the registry.
        logins: Logins::WhereVerified,
        errors: Errors::Specification,
        // Every client resolves it, whatever stands between; some refuse another host.
        locations: Locations::Relative,
        // The specification has no request that creates a repository.
        missing_repository: MissingRepository::Created,
        patched: StatusCode::ACCEPTED,
        // <https://github.com/opencontainers/image-spec/blob/main/descriptor.md#registered-algorithms>
        digests: Digests::Sha256AndSha512,
        uploads: UploadRules::Distribution,
        mounts: MountRules::Distribution,
        mounts_from_anywhere: MountFromAnywhere::Tried,
        // A registry may refuse missing parts; the suite's data `sparse` needs one that does not.
        manifests: ManifestRules::Distribution,
        // <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>
        tags: TagGrammar::Specification,
        tag_parameters: TagParameters::Taken,
        conversion: Conversion::Never,
        manifest_deletion: ManifestDeletion::OfReference,
        blob_deletion: BlobDeletion::Offered,
        listings: Listings::Specification,
        // The suite asks before its first push, and oras stops at a 404 whose code is NAME_UNKNOWN.
        referrers_of_missing: ReferrersOfMissing::None,
        referrers_page: limits::PAGE_DEFAULT,
        // The specification leaves redirects to the registry.
        downloads: Downloads::Direct,
    };

    /// The switches of a world.
    pub(crate) fn of(profile: RegistryProfile) -> &'static Self {
        match profile {
            RegistryProfile::Ecr => &Self::ECR,
            RegistryProfile::Oci => &Self::OCI,
        }
    }
}

/// Who has to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logins {
    /// Everybody, with a token of `GetAuthorizationToken`.
    Required,
    /// Everybody in a world that verifies signatures; elsewhere whoever has no good login is the default account.
    WhereVerified,
}

/// How errors are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errors {
    /// As ECR tells them.
    Ecr,
    /// In the codes of the specification, always as JSON.
    Specification,
}

/// How `Location` and `Link` begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locations {
    /// With scheme and host, in the words of the caller's `Host`.
    Absolute,
    /// With the path.
    Relative,
}

/// Algorithms of digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digests {
    /// SHA-256 alone.
    Sha256,
    /// SHA-256 and SHA-512.
    Sha256AndSha512,
}

/// What a mount without `from` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MountFromAnywhere {
    /// It starts an upload.
    Declined,
    /// It mounts from any repository that has the blob and that the caller may read.
    Tried,
}

/// What may be a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagGrammar {
    /// Up to 300 letters, digits, `-`, `_` and `.`, in any order.
    Ecr,
    /// Up to 128 of them, and neither `-` nor `.` at the beginning.
    Specification,
}

impl TagGrammar {
    /// Whether a tag of ECR's grammar is one here.
    pub(crate) fn takes(self, tag: &Tag) -> bool {
        let tag = tag.as_str();
        self == Self::Ecr || (tag.len() <= 128 && !tag.starts_with(['-', '.']))
    }
}

/// What `?tag=` on a push by digest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagParameters {
    /// Nothing.
    Ignored,
    /// Each puts a tag on.
    Taken,
}

/// Whether manifests are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// On a pull by tag, for a reader who accepts another format only.
    ByTag,
    /// Never.
    Never,
}

/// What `DELETE` of a manifest deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManifestDeletion {
    /// What `BatchDeleteImage` does: with its last tag the image goes, and what an index holds stays.
    AsBatchDeleteImage,
    /// The tag alone, or the manifest with its tags.
    OfReference,
}

/// What `DELETE` of a blob does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlobDeletion {
    /// It is refused.
    Unsupported,
    /// The blob is unlinked.
    Offered,
}

/// Where the bytes of a blob are to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Downloads {
    /// `GET` is redirected to a URL of the storage, which needs no login and ends.
    Redirected,
    /// `GET` has them itself.
    Direct,
}

/// How tags and repositories are paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listings {
    /// By opaque tokens, 100 on a page and at most 1000.
    Ecr,
    /// By the last name seen, all on a page unless `n` says otherwise.
    Specification,
}

/// What the referrers of a subject in a missing repository are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReferrersOfMissing {
    /// An error, as for any other route.
    NameUnknown,
    /// None.
    None,
}
