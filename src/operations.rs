//! The table of operations: every name by which a call can be routed, matched by a rule, or shown in a record.
//!
//! The first half is the ECR API, one row per operation of the service model `ecr/2015-09-21`; the second half is the registry surface, one row per route, with the ECR operation that the route comes down
//! to. Routing, the supported list, the targets of fault rules and the coverage test are all derived from these rows.
//! It says what there is to call, not how: decoding lives in `ecr` and `oci`, rules of ECR in `registry`.

use std::sync::LazyLock;

/// Whether a call may change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It leaves the world as it was.
    Read,
    /// It may change the world.
    Write,
}

macro_rules! effect {
    (read) => {
        Effect::Read
    };
    (write) => {
        Effect::Write
    };
}

macro_rules! operations {
    ($($name:ident: $effect:ident;)+) => {
        /// An operation of the ECR API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                $name
            ),+
        }

        impl Operation {
            /// Every operation of the service model, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name, in the target header, in IAM actions and in rules.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// The operation of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)+ _ => None }
            }

            /// Whether it may change anything.
            pub fn effect(self) -> Effect {
                match self { $(Self::$name => effect!($effect)),+ }
            }
        }
    };
}

operations! {
    BatchCheckLayerAvailability: read;
    BatchDeleteImage: write;
    // A pull: it moves `lastRecordedPullTime`, and a pull-through miss fills the repository.
    BatchGetImage: write;
    BatchGetRepositoryScanningConfiguration: read;
    CompleteLayerUpload: write;
    CreatePullThroughCacheRule: write;
    CreateRepository: write;
    CreateRepositoryCreationTemplate: write;
    DeleteLifecyclePolicy: write;
    DeletePullThroughCacheRule: write;
    DeleteRegistryPolicy: write;
    DeleteRepository: write;
    DeleteRepositoryCreationTemplate: write;
    DeleteRepositoryPolicy: write;
    DeleteSigningConfiguration: write;
    DeregisterPullTimeUpdateExclusion: write;
    DescribeImageReplicationStatus: read;
    DescribeImageScanFindings: read;
    DescribeImageSigningStatus: read;
    DescribeImages: read;
    DescribePullThroughCacheRules: read;
    DescribeRegistry: read;
    DescribeReplicationBackfillResults: read;
    DescribeRepositories: read;
    DescribeRepositoryCreationTemplates: read;
    GetAccountSetting: read;
    // Mints a token that the registry surface then knows.
    GetAuthorizationToken: write;
    GetDownloadUrlForLayer: read;
    GetLifecyclePolicy: read;
    GetLifecyclePolicyPreview: read;
    GetRegistryPolicy: read;
    GetRegistryScanningConfiguration: read;
    GetRepositoryPolicy: read;
    GetSigningConfiguration: read;
    InitiateLayerUpload: write;
    ListImageReferrers: read;
    ListImages: read;
    ListPullTimeUpdateExclusions: read;
    ListReplicationBackfills: read;
    ListTagsForResource: read;
    PutAccountSetting: write;
    PutImage: write;
    PutImageScanningConfiguration: write;
    PutImageTagMutability: write;
    PutLifecyclePolicy: write;
    PutRegistryPolicy: write;
    PutRegistryScanningConfiguration: write;
    PutReplicationConfiguration: write;
    PutSigningConfiguration: write;
    RegisterPullTimeUpdateExclusion: write;
    SetRepositoryPolicy: write;
    StartImageScan: write;
    StartLifecyclePolicyPreview: write;
    StartReplicationBackfill: write;
    StopReplicationBackfill: write;
    TagResource: write;
    UntagResource: write;
    UpdateImageStorageClass: write;
    UpdatePullThroughCacheRule: write;
    UpdateRepositoryCreationTemplate: write;
    UploadLayerPart: write;
    // Asks the world about the rule's secret, which only writes can; it changes nothing.
    ValidatePullThroughCacheRule: write;
}

/// What ECR itself does in a registry for others; no operation is called so.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html>
const ACTIONS_WITHOUT_OPERATION: [&str; 2] = ["BatchImportUpstreamImage", "ReplicateImage"];

/// Every action of ECR that a policy may name, without `ecr:`.
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html>
pub fn actions() -> &'static [&'static str] {
    static ACTIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let of_operations = Operation::ALL.iter().filter(|operation| operation.action() == operation.name());
        of_operations.map(|operation| operation.name()).chain(ACTIONS_WITHOUT_OPERATION).collect()
    });
    &ACTIONS
}

impl Operation {
    /// The action that IAM checks for it, without `ecr:`.
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html>
    pub fn action(self) -> &'static str {
        match self {
            Self::ListImageReferrers => Self::BatchGetImage.name(),
            other => other.name(),
        }
    }
}

macro_rules! comes_down_to {
    (none) => {
        None
    };
    ($operation:ident) => {
        Some(Operation::$operation)
    };
}

macro_rules! routes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $effect:ident, $operation:ident;)+) => {
        /// A route of the registry surface, `/v2/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Route { $($(#[$doc])* $variant),+ }

        impl Route {
            /// Every route.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in rules and records.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The route of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// Whether it may change anything.
            pub fn effect(self) -> Effect {
                match self { $(Self::$variant => effect!($effect)),+ }
            }

            /// The ECR operation that it comes down to: what IAM checks, and what an `any:` target names. None for a
            /// route without counterpart.
            pub fn operation(self) -> Option<Operation> {
                match self { $(Self::$variant => comes_down_to!($operation)),+ }
            }
        }
    };
}

routes! {
    /// `GET /v2/`.
    Ping = "ping": read, none;
    /// `GET /v2/_catalog`.
    Catalog = "catalog": read, DescribeRepositories;
    /// `GET /v2/<name>/tags/list`.
    TagsList = "tags.list": read, ListImages;
    /// `GET /v2/<name>/referrers/<digest>`.
    ReferrersList = "referrers.list": read, ListImageReferrers;
    /// `HEAD /v2/<name>/manifests/<reference>`.
    ManifestHead = "manifest.head": read, BatchGetImage;
    /// `GET /v2/<name>/manifests/<reference>`.
    ManifestGet = "manifest.get": write, BatchGetImage;
    /// `PUT /v2/<name>/manifests/<reference>`.
    ManifestPut = "manifest.put": write, PutImage;
    /// `DELETE /v2/<name>/manifests/<reference>`.
    ManifestDelete = "manifest.delete": write, BatchDeleteImage;
    /// `HEAD /v2/<name>/blobs/<digest>`.
    BlobHead = "blob.head": read, BatchCheckLayerAvailability;
    /// `GET /v2/<name>/blobs/<digest>`, both legs when it is redirected.
    BlobGet = "blob.get": read, GetDownloadUrlForLayer;
    /// `DELETE /v2/<name>/blobs/<digest>`; the ECR API has no counterpart.
    BlobDelete = "blob.delete": write, none;
    /// `POST /v2/<name>/blobs/uploads/?mount=<digest>`; a mount that is declined starts an upload.
    BlobMount = "blob.mount": write, InitiateLayerUpload;
    /// `POST /v2/<name>/blobs/uploads/`.
    UploadStart = "upload.start": write, InitiateLayerUpload;
    /// `PATCH` of an upload.
    UploadPatch = "upload.patch": write, UploadLayerPart;
    /// `PUT` of an upload.
    UploadPut = "upload.put": write, CompleteLayerUpload;
    /// `GET` of an upload; the ECR API has no counterpart.
    UploadStatus = "upload.status": read, none;
    /// `DELETE` of an upload; the ECR API has no counterpart.
    UploadCancel = "upload.cancel": write, none;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_operation_of_the_service_model() {
        let model: Vec<&str> = include_str!("../tests/data/ecr-operations.txt").lines().collect();
        let table: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        assert_eq!(table, model);
        assert_eq!(table.len(), 62);
    }

    #[test]
    fn c_117_a_policy_may_name_what_iam_checks_and_what_ecr_does_for_others() {
        let named = |action: &str| actions().contains(&action);
        assert!(["PutImage", "ReplicateImage", "BatchImportUpstreamImage"].into_iter().all(named));
        assert!(!named("ListImageReferrers"), "who may BatchGetImage may call it");
        assert_eq!(actions().len(), Operation::ALL.len() - 1 + ACTIONS_WITHOUT_OPERATION.len());
    }

    #[test]
    fn names_read_back() {
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.name()), Some(*operation));
        }
        for route in Route::ALL {
            assert_eq!(Route::from_name(route.name()), Some(*route));
        }
        assert_eq!(Operation::from_name("putimage"), None);
        assert_eq!(Route::from_name("manifest.post"), None);
    }

    #[test]
    fn a_route_comes_down_to_an_operation_or_to_none() {
        for (route, operation) in [
            (Route::ManifestPut, Some(Operation::PutImage)),
            (Route::BlobHead, Some(Operation::BatchCheckLayerAvailability)),
            (Route::ReferrersList, Some(Operation::ListImageReferrers)),
            (Route::Ping, None),
            (Route::UploadCancel, None),
        ] {
            assert_eq!(route.operation(), operation, "{}", route.name());
        }
    }
}
