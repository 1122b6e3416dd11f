//! The table of failures: each thing that can go wrong, its form on the ECR API and its form on the registry surface side
//! by side.
//!
//! Status codes of errors stand here and nowhere else. A failure is one noun, whose `Display` is the text that AWS gives;
//! a row says under which names and statuses the two surfaces tell it. Rendering to a reply follows below the table.
//! What goes wrong and when is for `registry` and the adapters to say.
//!
//! Sources: the service model `ecr/2015-09-21`; the error codes of the OCI distribution specification,
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>.
#![deny(clippy::wildcard_enum_match_arm, reason = "a new failure is to be decided for both surfaces")]

mod unheard;

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RANGE, WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use serde::Serialize;

pub use self::unheard::{Unheard, unheard_response};
use crate::auth::signature::InvalidSignature;
use crate::auth::sigv4::IncompleteSignature;
use crate::ecr::protocol::{InvalidBody, UnknownTarget};
use crate::facts::Surface;
use crate::registry::policy::iam::Denial;
use crate::registry::{Caller, ManifestError, Refused, errors, ops, secrets, state, templates};

/// One row: the names and statuses of a failure on both surfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    exception: &'static str,
    ecr: StatusCode,
    code: &'static str,
    oci: StatusCode,
}

macro_rules! failures {
    ($($noun:ident($payload:ty): $ecr:ident $exception:literal, $oci:ident $code:literal;)+) => {
        /// Everything that a call can fail with, on either surface.
        #[derive(Clone, Debug, PartialEq, thiserror::Error)]
        pub enum Failure {
            $(
                #[doc = concat!("`", $exception, "` on the ECR API, `", $code, "` on the registry surface.")]
                #[error(transparent)]
                $noun(#[from] $payload),
            )+
            /// What a fault rule says, in the words of one surface.
            #[error("{}", .0.message)]
            Scripted(Scripted),
        }

        /// The rows, in order of the table. A name that stands in several belongs to the first.
        const ROWS: &[Row] = &[$(Row {
            exception: $exception,
            ecr: StatusCode::$ecr,
            code: $code,
            oci: StatusCode::$oci,
        }),+];

        /// Names of the rows' nouns, in the same order.
        const NOUNS: &[&str] = &[$(stringify!($noun)),+];

        impl Failure {
            /// Its row; none for what a rule scripted, which brings its own.
            fn row(&self) -> Result<Row, &Scripted> {
                match self {
                    $(Self::$noun(_) => Ok(Row {
                        exception: $exception,
                        ecr: StatusCode::$ecr,
                        code: $code,
                        oci: StatusCode::$oci,
                    }),)+
                    Self::Scripted(scripted) => Err(scripted),
                }
            }
        }
    };
}

failures! {
    // Members of a request.
    InvalidParameter(errors::InvalidParameter): BAD_REQUEST "InvalidParameterException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Repositories.
    RepositoryNotFound(errors::RepositoryNotFound): BAD_REQUEST "RepositoryNotFoundException", NOT_FOUND "NAME_UNKNOWN";
    RepositoryAlreadyExists(errors::RepositoryAlreadyExists):
        BAD_REQUEST "RepositoryAlreadyExistsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    RepositoryNotEmpty(errors::RepositoryNotEmpty):
        BAD_REQUEST "RepositoryNotEmptyException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    InvalidTagParameter(errors::InvalidTagParameter):
        BAD_REQUEST "InvalidTagParameterException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    TooManyTags(errors::TooManyTags): BAD_REQUEST "TooManyTagsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    LimitExceeded(errors::LimitExceeded): BAD_REQUEST "LimitExceededException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Policies and settings.
    RepositoryPolicyNotFound(errors::RepositoryPolicyNotFound):
        BAD_REQUEST "RepositoryPolicyNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    RegistryPolicyNotFound(errors::RegistryPolicyNotFound):
        BAD_REQUEST "RegistryPolicyNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    InvalidAccountSetting(errors::InvalidAccountSetting):
        BAD_REQUEST "ValidationException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ExclusionAlreadyExists(errors::ExclusionAlreadyExists):
        BAD_REQUEST "ExclusionAlreadyExistsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ExclusionNotFound(errors::ExclusionNotFound):
        BAD_REQUEST "ExclusionNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Images.
    ImageNotFound(errors::ImageNotFound): BAD_REQUEST "ImageNotFoundException", NOT_FOUND "MANIFEST_UNKNOWN";
    ImageAlreadyExists(errors::ImageAlreadyExists):
        BAD_REQUEST "ImageAlreadyExistsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ImageTagAlreadyExists(errors::ImageTagAlreadyExists):
        BAD_REQUEST "ImageTagAlreadyExistsException", BAD_REQUEST "TAG_INVALID";
    ImageDigestDoesNotMatch(errors::ImageDigestDoesNotMatch):
        BAD_REQUEST "ImageDigestDoesNotMatchException", BAD_REQUEST "MANIFEST_INVALID";
    LayersNotFound(errors::LayersNotFound): BAD_REQUEST "LayersNotFoundException", NOT_FOUND "MANIFEST_BLOB_UNKNOWN";
    ReferencedImagesNotFound(errors::ReferencedImagesNotFound):
        BAD_REQUEST "ReferencedImagesNotFoundException", NOT_FOUND "MANIFEST_BLOB_UNKNOWN";

    ImageStorageClassUpdateNotSupported(errors::ImageStorageClassUpdateNotSupported):
        BAD_REQUEST "ImageStorageClassUpdateNotSupportedException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Lifecycle policies.
    LifecyclePolicyNotFound(errors::LifecyclePolicyNotFound):
        BAD_REQUEST "LifecyclePolicyNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    LifecyclePolicyPreviewNotFound(errors::LifecyclePolicyPreviewNotFound):
        BAD_REQUEST "LifecyclePolicyPreviewNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    LifecyclePolicyPreviewInProgress(errors::LifecyclePolicyPreviewInProgress):
        BAD_REQUEST "LifecyclePolicyPreviewInProgressException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Layers and their uploads.
    LayerNotFound(errors::LayerNotFound): BAD_REQUEST "LayersNotFoundException", NOT_FOUND "BLOB_UNKNOWN";
    LayerInaccessible(errors::LayerInaccessible): BAD_REQUEST "LayerInaccessibleException", NOT_FOUND "BLOB_UNKNOWN";
    LayerAlreadyExists(errors::LayerAlreadyExists):
        BAD_REQUEST "LayerAlreadyExistsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    UploadNotFound(errors::UploadNotFound): BAD_REQUEST "UploadNotFoundException", NOT_FOUND "BLOB_UPLOAD_UNKNOWN";
    InvalidLayerPart(errors::InvalidLayerPart):
        BAD_REQUEST "InvalidLayerPartException", RANGE_NOT_SATISFIABLE "RANGE_INVALID";
    ChunkOutOfOrder(ops::append_upload::ChunkOutOfOrder):
        BAD_REQUEST "InvalidLayerPartException", RANGE_NOT_SATISFIABLE "RANGE_INVALID";
    EmptyUpload(errors::EmptyUpload): BAD_REQUEST "EmptyUploadException", BAD_REQUEST "BLOB_UPLOAD_INVALID";
    LayerPartTooSmall(errors::LayerPartTooSmall):
        BAD_REQUEST "LayerPartTooSmallException", BAD_REQUEST "BLOB_UPLOAD_INVALID";
    InvalidLayer(errors::InvalidLayer): BAD_REQUEST "InvalidLayerException", BAD_REQUEST "DIGEST_INVALID";

    // Manifests, on either surface.
    Manifest(ManifestError): BAD_REQUEST "InvalidParameterException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Pull-through cache rules.
    CacheRuleAlreadyExists(errors::CacheRuleAlreadyExists):
        BAD_REQUEST "PullThroughCacheRuleAlreadyExistsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    CacheRuleNotFound(errors::CacheRuleNotFound):
        BAD_REQUEST "PullThroughCacheRuleNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    UnsupportedUpstreamRegistry(errors::UnsupportedUpstreamRegistry):
        BAD_REQUEST "UnsupportedUpstreamRegistryException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    SecretNotFound(errors::SecretNotFound): BAD_REQUEST "SecretNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    UnableToAccessSecret(errors::UnableToAccessSecret):
        BAD_REQUEST "UnableToAccessSecretException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    UnableToDecryptSecretValue(errors::UnableToDecryptSecretValue):
        BAD_REQUEST "UnableToDecryptSecretValueException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Repository creation templates.
    TemplateAlreadyExists(errors::TemplateAlreadyExists):
        BAD_REQUEST "TemplateAlreadyExistsException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    TemplateNotFound(errors::TemplateNotFound):
        BAD_REQUEST "TemplateNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Replication backfills.
    ReplicationBackfillInProgress(errors::ReplicationBackfillInProgress):
        BAD_REQUEST "ReplicationBackfillInProgressException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ReplicationBackfillInvalidStatus(errors::ReplicationBackfillInvalidStatus):
        BAD_REQUEST "ReplicationBackfillInvalidStatusException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ReplicationBackfillNotFound(errors::ReplicationBackfillNotFound):
        BAD_REQUEST "ReplicationBackfillNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // The protocol of each surface.
    UnknownTarget(UnknownTarget): BAD_REQUEST "UnknownOperationException", NOT_FOUND "UNSUPPORTED";
    Serialization(InvalidBody): BAD_REQUEST "SerializationException", BAD_REQUEST "UNSUPPORTED";
    RouteNotFound(RouteNotFound): NOT_FOUND "UnknownOperationException", NOT_FOUND "UNSUPPORTED";
    NameInvalid(NameInvalid): BAD_REQUEST "InvalidParameterException", BAD_REQUEST "NAME_INVALID";
    MethodNotAllowed(MethodNotAllowed): METHOD_NOT_ALLOWED "UnknownOperationException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    Unsupported(Unsupported): BAD_REQUEST "UnknownOperationException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Scanning and signing.
    ScanNotFound(errors::ScanNotFound): BAD_REQUEST "ScanNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ScanQuotaExceeded(errors::ScanQuotaExceeded):
        BAD_REQUEST "LimitExceededException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    UnsupportedImageType(errors::UnsupportedImageType):
        BAD_REQUEST "UnsupportedImageTypeException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ImageArchived(errors::ImageArchived): BAD_REQUEST "ImageArchivedException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    ManualScanDisabled(errors::ManualScanDisabled): BAD_REQUEST "ValidationException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    SigningConfigurationNotFound(errors::SigningConfigurationNotFound):
        BAD_REQUEST "SigningConfigurationNotFoundException", METHOD_NOT_ALLOWED "UNSUPPORTED";
    SigningProfileElsewhere(errors::SigningProfileElsewhere):
        BAD_REQUEST "ValidationException", METHOD_NOT_ALLOWED "UNSUPPORTED";

    // Who calls, and whether it may.
    AccessDenied(AccessDenied): BAD_REQUEST "AccessDeniedException", FORBIDDEN "DENIED";
    UnrecognizedClient(UnrecognizedClient): BAD_REQUEST "UnrecognizedClientException", UNAUTHORIZED "UNAUTHORIZED";
    MissingAuthenticationToken(MissingAuthenticationToken):
        BAD_REQUEST "MissingAuthenticationTokenException", UNAUTHORIZED "UNAUTHORIZED";
    Unauthorized(Unauthorized): BAD_REQUEST "UnrecognizedClientException", UNAUTHORIZED "UNAUTHORIZED";
    IncompleteSignature(IncompleteSignature): BAD_REQUEST "IncompleteSignatureException", UNAUTHORIZED "UNAUTHORIZED";
    InvalidSignature(InvalidSignature): BAD_REQUEST "InvalidSignatureException", UNAUTHORIZED "UNAUTHORIZED";
    TokenExpired(TokenExpired): BAD_REQUEST "ExpiredTokenException", FORBIDDEN "DENIED";
    SessionExpired(SessionExpired): BAD_REQUEST "ExpiredTokenException", FORBIDDEN "DENIED";
    // Only pushes to and pulls through a repository that ECR would have to create meet this one. Unconfirmed.
    TemplateRoleMissing(errors::TemplateRoleMissing): BAD_REQUEST "ValidationException", FORBIDDEN "DENIED";

    // The service as a whole.
    Throttled(Throttled): BAD_REQUEST "ThrottlingException", TOO_MANY_REQUESTS "TOOMANYREQUESTS";
    TooManyUploads(TooManyUploads): BAD_REQUEST "ThrottlingException", TOO_MANY_REQUESTS "TOOMANYREQUESTS";
    ServerFault(ServerFault): INTERNAL_SERVER_ERROR "ServerException", INTERNAL_SERVER_ERROR "UNKNOWN";
    Unavailable(Unavailable): SERVICE_UNAVAILABLE "ServerException", SERVICE_UNAVAILABLE "UNAVAILABLE";
    NoWorld(NoWorld): MISDIRECTED_REQUEST "WorldNotFoundException", MISDIRECTED_REQUEST "UNKNOWN";

    // Blobs and uploads on the registry surface.
    BlobUnknown(BlobUnknown): BAD_REQUEST "LayersNotFoundException", NOT_FOUND "BLOB_UNKNOWN";
    BlobUploadUnknown(BlobUploadUnknown): BAD_REQUEST "UploadNotFoundException", NOT_FOUND "BLOB_UPLOAD_UNKNOWN";
    BlobUploadInvalid(BlobUploadInvalid): BAD_REQUEST "InvalidLayerException", BAD_REQUEST "BLOB_UPLOAD_INVALID";
    DigestInvalid(DigestInvalid): BAD_REQUEST "InvalidLayerException", BAD_REQUEST "DIGEST_INVALID";
    // A rule that names a code gets the first row that has it. For SIZE_INVALID it is this one, so the next is behind it.
    SizeInvalid(SizeInvalid): BAD_REQUEST "InvalidLayerPartException", BAD_REQUEST "SIZE_INVALID";
    BodyTooLarge(BodyTooLarge): PAYLOAD_TOO_LARGE "RequestEntityTooLargeException", PAYLOAD_TOO_LARGE "SIZE_INVALID";
    RangeInvalid(RangeInvalid): BAD_REQUEST "InvalidLayerPartException", RANGE_NOT_SATISFIABLE "RANGE_INVALID";
    BlobRangeInvalid(BlobRangeInvalid): BAD_REQUEST "InvalidParameterException", RANGE_NOT_SATISFIABLE "RANGE_INVALID";

    // Manifests on the registry surface.
    ManifestUnknown(ManifestUnknown): BAD_REQUEST "ImageNotFoundException", NOT_FOUND "MANIFEST_UNKNOWN";
    ManifestInvalid(ManifestInvalid): BAD_REQUEST "InvalidParameterException", BAD_REQUEST "MANIFEST_INVALID";
    ManifestTooLarge(ManifestTooLarge): BAD_REQUEST "InvalidParameterException", PAYLOAD_TOO_LARGE "SIZE_INVALID";
    TagInvalid(TagInvalid): BAD_REQUEST "InvalidParameterException", BAD_REQUEST "TAG_INVALID";
    PageInvalid(PageInvalid): BAD_REQUEST "InvalidParameterException", BAD_REQUEST "PAGINATION_NUMBER_INVALID";

    // Pulls through a cache rule. Last, since a bare status or code belongs to the rows above. Unconfirmed but for the
    // registry surface's answer to a refused login.
    UpstreamImageUnavailable(UpstreamImageUnavailable):
        BAD_REQUEST "UnableToGetUpstreamImageException", SERVICE_UNAVAILABLE "UNAVAILABLE";
    UpstreamLayerUnavailable(UpstreamLayerUnavailable):
        BAD_REQUEST "UnableToGetUpstreamLayerException", SERVICE_UNAVAILABLE "UNAVAILABLE";
    UpstreamAccessDenied(UpstreamAccessDenied): BAD_REQUEST "UnableToGetUpstreamImageException", FORBIDDEN "DENIED";
    UpstreamTooManyRequests(UpstreamTooManyRequests):
        BAD_REQUEST "UnableToGetUpstreamImageException", TOO_MANY_REQUESTS "TOOMANYREQUESTS";
}

macro_rules! from_operation_errors {
    ($($error:path { $($variant:ident),+ })+) => {
        $(
            impl From<$error> for Failure {
                fn from(error: $error) -> Self {
                    use $error as Error;
                    match error { $(Error::$variant(noun) => noun.into()),+ }
                }
            }
        )+
    };
}

from_operation_errors! {
    ops::append_upload::Error { RepositoryNotFound, UploadNotFound, OutOfOrder, LimitExceeded }
    ops::complete_layer_upload::Error {
        RepositoryNotFound, UploadNotFound, Empty, PartTooSmall, InvalidLayer, AlreadyExists
    }
    ops::create_pull_through_cache_rule::Error {
        InvalidParameter, UnsupportedUpstreamRegistry, Secret, AlreadyExists, LimitExceeded
    }
    ops::create_repository_creation_template::Error { InvalidParameter, AlreadyExists, LimitExceeded }
    ops::describe_replication_backfill_results::Error { NotFound, InvalidParameter }
    ops::start_replication_backfill::Error { InvalidParameter, InProgress, LimitExceeded }
    ops::stop_replication_backfill::Error { NotFound, InvalidStatus }
    ops::update_pull_through_cache_rule::Error { InvalidParameter, NotFound, Secret }
    ops::update_repository_creation_template::Error { NotFound, InvalidParameter }
    secrets::SecretError { NotFound, Inaccessible, Undecryptable }
    templates::CreationError { RoleMissing, LimitExceeded }
    ops::create_repository::Error { InvalidParameter, InvalidTag, TooManyTags, AlreadyExists, LimitExceeded }
    ops::delete_repository::Error { RepositoryNotFound, NotEmpty }
    ops::describe_image_scan_findings::Error { RepositoryNotFound, ImageNotFound, ScanNotFound, InvalidParameter }
    ops::describe_images::Error { RepositoryNotFound, ImageNotFound, InvalidParameter }
    ops::describe_pull_through_cache_rules::Error { NotFound, InvalidParameter }
    ops::describe_repositories::Error { RepositoryNotFound, InvalidParameter }
    ops::download_layer::Error { RepositoryNotFound, LayerNotFound, Inaccessible }
    ops::finish_upload::Error { RepositoryNotFound, UploadNotFound, Empty, PartTooSmall }
    ops::get_lifecycle_policy::Error { RepositoryNotFound, NotFound }
    ops::get_lifecycle_policy_preview::Error { RepositoryNotFound, NotFound, InvalidParameter }
    ops::list_images::Error { RepositoryNotFound, InvalidParameter }
    ops::list_referrers::Error { RepositoryNotFound, InvalidParameter }
    ops::list_tags::Error { RepositoryNotFound, InvalidParameter }
    ops::put_image::Error {
        RepositoryNotFound, Manifest, LayersNotFound, ReferencedImagesNotFound, DigestDoesNotMatch, AlreadyExists,
        TagAlreadyExists, LimitExceeded
    }
    ops::put_image_tag_mutability::Error { InvalidParameter, RepositoryNotFound }
    ops::put_lifecycle_policy::Error { RepositoryNotFound, InvalidParameter }
    ops::start_lifecycle_policy_preview::Error { RepositoryNotFound, InvalidParameter, PolicyNotFound, InProgress }
    ops::register_pull_time_update_exclusion::Error { AlreadyExists, LimitExceeded }
    ops::set_repository_policy::Error { RepositoryNotFound, InvalidParameter }
    ops::signing_configuration::Error { Elsewhere, InvalidParameter }
    ops::start_image_scan::Error {
        Disabled, RepositoryNotFound, ImageNotFound, Archived, UnsupportedImageType, QuotaExceeded
    }
    ops::stat_blob::Error { RepositoryNotFound, LayerNotFound }
    ops::tag_resource::Error { RepositoryNotFound, InvalidTag, TooManyTags }
    ops::update_image_storage_class::Error { RepositoryNotFound, ImageNotFound, NotSupported }
    ops::upload_layer_part::Error { RepositoryNotFound, UploadNotFound, InvalidLayerPart, LimitExceeded }
    state::ImageLookupError { RepositoryNotFound, ImageNotFound }
    state::PolicyLookupError { RepositoryNotFound, PolicyNotFound }
    state::UploadLookupError { RepositoryNotFound, UploadNotFound }
}

/// Exceptions of the service model and of AWS's front end that nothing here raises of itself yet, but a fault rule may.
const SCRIPTED_ONLY: &[&str] = &[
    "BlockedByOrganizationPolicyException",
    "KmsException",
    "OptInRequired",
    "UnableToListUpstreamImageReferrersException",
];

/// The message of a scripted failure whose rule names none.
const SCRIPTED_MESSAGE: &str = "This answer was scripted by a fault rule.";

/// A failure in its form on the ECR API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcrForm {
    /// Name of the exception, `__type` of the body.
    pub exception: Cow<'static, str>,
    /// HTTP status.
    pub status: StatusCode,
    /// The text; may be empty.
    pub message: String,
    /// Members that the exception has besides its message.
    pub members: Option<InvalidLayerPartMembers>,
}

/// Members of `InvalidLayerPartException`, from which a client learns where to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvalidLayerPartMembers {
    /// The registry.
    pub registry_id: String,
    /// The repository.
    pub repository_name: String,
    /// The upload.
    pub upload_id: String,
    /// Index of the last byte that the upload holds; 0 when it holds none.
    pub last_valid_byte_received: u64,
}

/// A failure in its form on the registry surface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OciForm {
    /// Code of the one error of the body.
    pub code: Cow<'static, str>,
    /// HTTP status.
    pub status: StatusCode,
    /// The text; may be empty.
    pub message: String,
}

impl Failure {
    /// Its form on the ECR API.
    pub fn ecr(&self) -> EcrForm {
        let (exception, status) = match self.row() {
            Ok(row) => (Cow::Borrowed(row.exception), row.ecr),
            Err(scripted) => (scripted.name.clone(), scripted.status),
        };
        EcrForm { exception, status, message: self.to_string(), members: self.members() }
    }

    /// Its form on the registry surface.
    pub fn oci(&self) -> OciForm {
        let (code, status) = match self.row() {
            Ok(row) => (Cow::Borrowed(row.code), row.oci),
            Err(scripted) => (scripted.name.clone(), scripted.status),
        };
        // Two nouns that the registry surface tells in other words: those of `failures[]`, and those of a manifest
        // whose type is not known.
        let message = if let Self::ImageNotFound(_) = self {
            ManifestUnknown.to_string()
        } else if let Self::Manifest(ManifestError::MediaTypeMissing) = self {
            ManifestError::UnknownMediaType(String::new()).to_string()
        } else {
            self.to_string()
        };
        OciForm { code, status, message }
    }

    /// Name and status as one surface tells them, for records. Tasks and upstream calls have those of the registry.
    pub fn outcome(&self, surface: Surface) -> (Cow<'static, str>, StatusCode) {
        if surface == Surface::Ecr {
            let form = self.ecr();
            (form.exception, form.status)
        } else {
            let form = self.oci();
            (form.code, form.status)
        }
    }

    /// What a fault rule's `status(…)` answers on a surface.
    ///
    /// `error` is an exception of ECR, with or without its suffix, or an error code of the registry surface; empty to
    /// derive it from `code`. A name of the other surface becomes its counterpart in the table, so that one rule serves
    /// both; a name that stands in no row is sent as it is. `code` is the HTTP status; absent to take that of the row. A
    /// throttle asked for by number alone is the one that is real: status 400 on the ECR API, 429 on the registry surface.
    /// An empty `message` is the row's own text, if it has one without nouns.
    pub fn from_fault(code: Option<u16>, error: &str, message: &str, surface: Surface) -> Self {
        let status = code.and_then(|code| StatusCode::from_u16(code).ok());
        let named = if error.is_empty() { None } else { Some(find(error)) };
        let (row, keep_status) = match named {
            Some(Some(row)) => (row, status),
            Some(None) => (Row { exception: "", code: "", ..SERVER_FAULT }, status.or(Some(StatusCode::BAD_REQUEST))),
            None => by_status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)),
        };
        let (name, row_status) = if surface == Surface::Ecr { (row.exception, row.ecr) } else { (row.code, row.oci) };
        let name = if name.is_empty() { Cow::Owned(error.to_owned()) } else { Cow::Borrowed(name) };
        let message = if message.is_empty() { default_message(&row, surface) } else { message.to_owned() };
        Self::Scripted(Scripted { name, status: keep_status.unwrap_or(row_status), message })
    }

    /// Every name that a fault rule may use for an error, for validation and for the nearest known name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let rows = ROWS.iter().flat_map(|row| [row.exception, row.code]);
        rows.chain(SCRIPTED_ONLY.iter().copied())
    }

    /// Every noun of the table with its status and code on the registry surface, for whoever checks that each is shown.
    pub fn nouns() -> impl Iterator<Item = (&'static str, StatusCode, &'static str)> {
        NOUNS.iter().zip(ROWS).map(|(noun, row)| (*noun, row.oci, row.code))
    }

    fn members(&self) -> Option<InvalidLayerPartMembers> {
        let Self::InvalidLayerPart(part) = self else { return None };
        Some(InvalidLayerPartMembers {
            registry_id: part.registry_id.to_string(),
            repository_name: part.repository.to_string(),
            upload_id: part.upload_id.to_string(),
            last_valid_byte_received: part.last_valid_byte_received,
        })
    }
}

const SERVER_FAULT: Row = Row {
    exception: "ServerException",
    ecr: StatusCode::INTERNAL_SERVER_ERROR,
    code: "UNKNOWN",
    oci: StatusCode::INTERNAL_SERVER_ERROR,
};

/// The first row that has this name on either surface.
fn find(name: &str) -> Option<Row> {
    let is_exception = |exception: &str| exception == name || exception.strip_suffix("Exception") == Some(name);
    let row = ROWS.iter().find(|row| is_exception(row.exception) || row.code == name).copied();
    row.or_else(|| {
        let exception = SCRIPTED_ONLY.iter().find(|exception| is_exception(exception))?;
        Some(Row { exception, ecr: StatusCode::BAD_REQUEST, code: "UNSUPPORTED", oci: StatusCode::METHOD_NOT_ALLOWED })
    })
}

/// The row for a bare status, and the status to send if it is not the row's own.
fn by_status(status: StatusCode) -> (Row, Option<StatusCode>) {
    let name = match status.as_u16() {
        401 => "UNAUTHORIZED",
        403 => "DENIED",
        404 => "NAME_UNKNOWN",
        413 => "RequestEntityTooLargeException",
        416 => "RANGE_INVALID",
        429 => "TOOMANYREQUESTS",
        503 => "UNAVAILABLE",
        400..=499 => "UNSUPPORTED",
        _ => "UNKNOWN",
    };
    let keep_status = if status == StatusCode::TOO_MANY_REQUESTS { None } else { Some(status) };
    (find(name).unwrap_or(SERVER_FAULT), keep_status)
}

fn default_message(row: &Row, surface: Surface) -> String {
    match row.exception {
        "ThrottlingException" => Throttled.to_string(),
        "ServerException" => Unavailable.to_string(),
        "ExpiredTokenException" if surface == Surface::Ecr => SessionExpired.to_string(),
        "ExpiredTokenException" => TokenExpired.to_string(),
        "UnrecognizedClientException" => UnrecognizedClient.to_string(),
        _ => SCRIPTED_MESSAGE.to_owned(),
    }
}

/// A failure that a fault rule asked for, in the words of the surface that it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Exception or error code.
    pub name: Cow<'static, str>,
    /// HTTP status.
    pub status: StatusCode,
    /// The text.
    pub message: String,
}

/// A request body over the bound of its surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The request body exceeds the maximum of {0} bytes")]
pub struct BodyTooLarge(pub u64);

/// A path or method that no route has. The registry surface answers it as ECR does, in plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("404 page not found")]
pub struct RouteNotFound;

/// A path that is there, with a method that it does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The operation is unsupported.")]
pub struct MethodNotAllowed {
    /// Methods that it takes, as the value of an `Allow` header.
    pub allow: &'static str,
}

/// No credential at all on the ECR API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Missing Authentication Token")]
pub struct MissingAuthenticationToken;

/// No credential, or none that can be read or is known, on the registry surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Not Authorized")]
pub struct Unauthorized;

/// An access key that nobody was given, or a session token that is not the key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The security token included in the request is invalid.")]
pub struct UnrecognizedClient;

/// A token of `GetAuthorizationToken` past its life. There is no challenge, so that no client logs in again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Your authorization token has expired. Reauthenticate and try again.")]
pub struct TokenExpired;

/// A temporary access key past its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The security token included in the request is expired")]
pub struct SessionExpired;

/// The caller may not do this.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("User: {caller} is not authorized to perform: ecr:{action} on resource: {resource}{}", suffix(*.denial, .action))]
pub struct AccessDenied {
    /// ARN of the caller.
    pub caller: String,
    /// Action of ECR that was to be done, without `ecr:`.
    pub action: &'static str,
    /// ARN of the repository, or `*`.
    pub resource: String,
    /// Why not.
    pub denial: Denial,
}

/// What IAM puts behind the sentence.
fn suffix(denial: Denial, action: &str) -> String {
    match denial {
        Denial::NoIdentityPolicy => format!(" because no identity-based policy allows the ecr:{action} action"),
        Denial::IdentityDeny => " with an explicit deny in an identity-based policy".to_owned(),
        Denial::NoResourcePolicy => format!(" because no resource-based policy allows the ecr:{action} action"),
        Denial::ResourceDeny => " with an explicit deny in a resource-based policy".to_owned(),
    }
}

impl AccessDenied {
    /// A refusal of the model to a caller.
    pub fn new(caller: &Caller, action: &'static str, refused: Refused) -> Self {
        Self { caller: caller.arn.to_string(), action, resource: refused.resource, denial: refused.denial }
    }
}

/// The call is addressed to no world. Says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoWorld(pub String);

/// More calls than the rate allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Rate exceeded")]
pub struct Throttled;

/// More uploads than may be open in a world; how many may. It passes when others end, so clients are told to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} layer uploads are open, and there may be no more: end or cancel others first")]
pub struct TooManyUploads(pub usize);

/// A fault of our own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ServerFault(pub String);

/// We cannot answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("These errors are usually caused by a server-side issue.")]
pub struct Unavailable;

/// The name in a path is no repository name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid repository name: '{0}'")]
pub struct NameInvalid(pub String);

/// Something that this surface does not offer. Says what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsupported(pub Cow<'static, str>);

/// No such blob; the digest that was asked for, as written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The layer with digest '{0}' does not exist")]
pub struct BlobUnknown(pub String);

/// No such upload; its id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The upload with id '{0}' does not exist")]
pub struct BlobUploadUnknown(pub String);

/// An upload cannot go on or end like this. Says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BlobUploadInvalid(pub Cow<'static, str>);

/// A digest is missing, malformed, or not that of the bytes. Says which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DigestInvalid(pub Cow<'static, str>);

/// A length is not that of the bytes. Says which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SizeInvalid(pub Cow<'static, str>);

/// A chunk that does not begin where the upload ends; the upload stays usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RangeInvalid {
    /// The text.
    pub message: Cow<'static, str>,
    /// URL of the upload, for `Location`.
    pub location: String,
    /// What the upload holds, for `Range`: `0-<last byte>`.
    pub range: String,
}

/// A `Range` of a blob in which no byte lies; the blob's size in bytes.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.17>
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The requested range is not satisfiable")]
pub struct BlobRangeInvalid(pub u64);

/// No such manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Requested image not found")]
pub struct ManifestUnknown;

/// A manifest is not acceptable. Says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ManifestInvalid(pub Cow<'static, str>);

/// A manifest over the limit; the limit in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid parameter at 'imageManifest' failed to satisfy constraint: 'must have length less than or equal to {0}'"
)]
pub struct ManifestTooLarge(pub u64);

/// A tag is not acceptable. Says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TagInvalid(pub Cow<'static, str>);

/// A page of a listing that cannot be. Says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PageInvalid(pub Cow<'static, str>);

/// An upstream did not deliver an image. Says what happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UpstreamImageUnavailable(pub String);

/// An upstream did not deliver a blob. Says what happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UpstreamLayerUnavailable(pub String);

/// An upstream wants another login than the cache rule has. Text as captured from ECR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The authentication to the upstream registry failed. Verify that the credentials provided in the pull through cache \
     rule are correct, and try again."
)]
pub struct UpstreamAccessDenied;

/// An upstream has been asked too often. Unconfirmed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The upstream registry has received too many requests. Try again later.")]
pub struct UpstreamTooManyRequests;

/// Header that carries the id of a request on the ECR API.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// Header that every reply of the registry surface carries, with [`API_VERSION`].
pub const DOCKER_API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// The one value of [`DOCKER_API_VERSION`].
pub const API_VERSION: HeaderValue = HeaderValue::from_static("registry/2.0");

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Renders a failure for the ECR API.
pub fn ecr_response(failure: &Failure, request_id: &str) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "__type")]
        exception: &'a str,
        message: &'a str,
        #[serde(flatten)]
        members: Option<&'a InvalidLayerPartMembers>,
    }

    let form = failure.ecr();
    let body = Body { exception: &form.exception, message: &form.message, members: form.members.as_ref() };
    let mut response = reply(form.status, crate::ecr::protocol::CONTENT_TYPE, json(&body));
    set_header(&mut response, REQUEST_ID, request_id);
    set_header(&mut response, ERROR_TYPE, &form.exception);
    response
}

/// Renders a failure for the registry surface as ECR does. `base_url` is our own, without a trailing slash; it is the realm
/// of the challenge. A reply to `HEAD` has the same headers and leaves the body out, which is for the connection to see to.
pub fn oci_response(failure: &Failure, base_url: &str) -> Response<Bytes> {
    let form = failure.oci();
    if form.status == StatusCode::UNAUTHORIZED {
        let text = line(Unauthorized.to_string().into_bytes());
        let response = reply(form.status, PLAIN, text);
        return with_headers_of(failure, response, &challenge(base_url));
    }
    if let Failure::RouteNotFound(_) = failure {
        return with_headers_of(failure, reply(form.status, PLAIN, line(form.message.into_bytes())), "");
    }
    specification_response(failure, base_url)
}

/// Renders a failure for the registry surface as the distribution specification has it: the one form for all of them.
pub fn specification_response(failure: &Failure, base_url: &str) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Body<'a> {
        errors: [Error<'a>; 1],
    }
    #[derive(Serialize)]
    struct Error<'a> {
        code: &'a str,
        message: &'a str,
    }

    let form = failure.oci();
    let body = Body { errors: [Error { code: &form.code, message: &form.message }] };
    let response = reply(form.status, "application/json; charset=utf-8", line(json(&body)));
    let host = base_url.rsplit('/').next().unwrap_or_default();
    with_headers_of(failure, response, &format!("Basic realm=\"{base_url}/\",service=\"{host}\""))
}

/// Puts on what every reply of the surface has, and what this one says beside its body.
fn with_headers_of(failure: &Failure, mut response: Response<Bytes>, challenge: &str) -> Response<Bytes> {
    response.headers_mut().insert(DOCKER_API_VERSION, API_VERSION);
    if response.status() == StatusCode::UNAUTHORIZED {
        set_header(&mut response, WWW_AUTHENTICATE, challenge);
    }
    if let Failure::MethodNotAllowed(refused) = failure {
        set_header(&mut response, ALLOW, refused.allow);
    }
    if let Failure::RangeInvalid(range) = failure {
        set_header(&mut response, LOCATION, &range.location);
        set_header(&mut response, RANGE, &range.range);
    }
    if let Failure::BlobRangeInvalid(BlobRangeInvalid(size_bytes)) = failure {
        set_header(&mut response, CONTENT_RANGE, &format!("bytes */{size_bytes}"));
    }
    response
}

const PLAIN: &str = "text/plain; charset=utf-8";

/// The challenge of ECR; never Bearer.
fn challenge(base_url: &str) -> String {
    format!("Basic realm=\"{}/\",service=\"ecr.amazonaws.com\"", base_url.trim_end_matches('/'))
}

fn json(body: &impl Serialize) -> Vec<u8> {
    // The bodies above have string keys, texts and integers only, so there is nothing that JSON cannot carry.
    serde_json::to_vec(body).expect("error bodies always serialize")
}

fn line(mut body: Vec<u8>) -> Vec<u8> {
    body.push(b'\n');
    body
}

fn reply(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Bytes> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// Sets a header; a value that no header can hold is left out.
fn set_header(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests;
