//! Why an upstream brought nothing: what the record says of it, and what the client is told.
//!
//! What real ECR tells its clients is known for an unknown image and for a refused login; the rest is unconfirmed.

use std::borrow::Cow;

use http::StatusCode;

use super::cut::{Cut, CutEnd};
use super::fetch::FETCH_LIMIT;
use crate::blobs::{FinishError, StoreError};
use crate::faults::ConnectionEnd;
use crate::journal::Outcome;
use crate::registry::types::Digest;
use crate::upstream::remote_error::RemoteError;
use crate::wire_errors::{
    BlobUnknown, Failure, ManifestUnknown, Unavailable, UpstreamAccessDenied, UpstreamImageUnavailable,
    UpstreamLayerUnavailable, UpstreamTooManyRequests,
};

/// What the client wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'a> {
    /// An image.
    Image,
    /// A blob.
    Blob(&'a Digest),
}

/// Why a fetch came to nothing. `Display` goes on after "the upstream registry did not deliver: ".
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It answered, but not with what was asked for.
    #[error("it answered {status}")]
    Answered {
        /// The status; not 200.
        status: StatusCode,
        /// Error code, if it is known.
        code: Option<Cow<'static, str>>,
    },
    /// A rule ended the connection before an answer.
    #[error("the connection was lost before it answered")]
    Lost(ConnectionEnd),
    /// A rule ended the body.
    #[error("its answer broke off after {} bytes", .0.after_bytes)]
    Cut(Cut),
    /// No answer, or no whole one.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The secret with the login cannot be used, so nobody was asked.
    #[error("its login cannot be read")]
    NoLogin,
    /// It kept us waiting.
    #[error("it took longer than {} s", FETCH_LIMIT.as_secs())]
    TooSlow,
    /// More bytes than one answer may have.
    #[error("its answer is longer than {0} bytes")]
    TooLong(u64),
    /// The bytes are not those of the digest.
    #[error("it sent bytes of digest {actual} and not {expected}")]
    WrongDigest {
        /// What was asked for or announced, as written.
        expected: String,
        /// What came.
        actual: Digest,
    },
    /// The bytes are no manifest.
    #[error("it sent no manifest that can be read")]
    NoManifest,
    /// An index with more below it than one fetch brings.
    #[error("the index is too large to be fetched")]
    IndexTooLarge,
    /// The bytes could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The world ended meanwhile.
    #[error("the world ended")]
    WorldEnded,
}

impl From<FinishError> for Trouble {
    fn from(error: FinishError) -> Self {
        match error {
            FinishError::DigestMismatch { expected, actual } => {
                Self::WrongDigest { expected: expected.to_string(), actual }
            }
            FinishError::Store(error) => Self::Store(error),
        }
    }
}

impl Trouble {
    /// How the record of the call upstream ends.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Lost(ConnectionEnd::Reset) | Self::Cut(Cut { end: CutEnd::Reset, .. }) => Outcome::FaultReset,
            Self::Lost(ConnectionEnd::Eof) | Self::Cut(Cut { end: CutEnd::Eof, .. }) => Outcome::FaultEof,
            Self::Answered { .. }
            | Self::Cut(Cut { end: CutEnd::Shortened, .. })
            | Self::WrongDigest { .. }
            | Self::NoManifest
            | Self::IndexTooLarge => Outcome::Completed,
            Self::Remote(_) | Self::NoLogin | Self::TooSlow | Self::TooLong(_) | Self::Store(_) => Outcome::Failed,
            Self::WorldEnded => Outcome::ClientGone,
        }
    }

    /// Error code for that record, in the words of the OCI surface; absent where the outcome says it all.
    pub(super) fn code(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Answered { code, .. } => code.clone(),
            Self::Cut(Cut { end: CutEnd::Shortened, .. }) | Self::WrongDigest { .. } => Some("DIGEST_INVALID".into()),
            Self::NoManifest | Self::IndexTooLarge => Some("MANIFEST_INVALID".into()),
            Self::TooLong(_) | Self::Store(_) => Some("SIZE_INVALID".into()),
            Self::Remote(RemoteError::HostNotAllowed(_)) | Self::NoLogin => Some("DENIED".into()),
            Self::Remote(RemoteError::TokenRefused { status: StatusCode::UNAUTHORIZED, .. }) => {
                Some("UNAUTHORIZED".into())
            }
            Self::Remote(_) | Self::TooSlow => Some("UNAVAILABLE".into()),
            Self::Lost(_) | Self::Cut(_) | Self::WorldEnded => None,
        }
    }

    /// What the client is told.
    pub(super) fn failure(&self, host: &str, wanted: Wanted<'_>) -> Failure {
        tracing::debug!(host, error = ?self, "an upstream did not deliver");
        let status = match self {
            Self::WorldEnded => return Unavailable.into(),
            Self::NoLogin => return UpstreamAccessDenied.into(),
            Self::Answered { status: StatusCode::NOT_FOUND, .. } => return wanted.unknown(),
            Self::Answered { status, .. } | Self::Remote(RemoteError::TokenRefused { status, .. }) => Some(*status),
            _ => None,
        };
        match status {
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => UpstreamAccessDenied.into(),
            Some(StatusCode::TOO_MANY_REQUESTS) => UpstreamTooManyRequests.into(),
            _ => wanted.unavailable(self.sentence(host)),
        }
    }

    /// What a validation of the rule says of it: our own words, but for those of a refused login.
    pub(super) fn verdict(&self, host: &str) -> Result<String, Failure> {
        match self.failure(host, Wanted::Image) {
            failure @ Failure::UpstreamAccessDenied(_) => Ok(failure.to_string()),
            failure if matches!(self, Self::WorldEnded) => Err(failure),
            _ => Ok(self.sentence(host)),
        }
    }

    fn sentence(&self, host: &str) -> String {
        match self {
            Self::Remote(RemoteError::HostNotAllowed(host)) => format!(
                "The upstream registry may not be called: {host}. Allow it with --allow-upstream, or seed an upstream \
                 of that name into the world."
            ),
            _ => format!("The upstream registry {host} did not deliver: {self}."),
        }
    }
}

impl Wanted<'_> {
    fn unknown(self) -> Failure {
        match self {
            Self::Image => ManifestUnknown.into(),
            Self::Blob(digest) => BlobUnknown(digest.to_string()).into(),
        }
    }

    fn unavailable(self, sentence: String) -> Failure {
        match self {
            Self::Image => UpstreamImageUnavailable(sentence).into(),
            Self::Blob(_) => UpstreamLayerUnavailable(sentence).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Surface;
    use crate::upstream::hosts::HostNotAllowed;

    fn answered(status: u16) -> Trouble {
        Trouble::Answered { status: StatusCode::from_u16(status).expect("status"), code: None }
    }

    fn check(trouble: Trouble, image: &str, blob: &str) {
        let digest = Digest::sha256_of(b"layer");
        for (wanted, expect) in [(Wanted::Image, image), (Wanted::Blob(&digest), blob)] {
            let (code, status) = trouble.failure("quay.io", wanted).outcome(Surface::Oci);
            assert_eq!(format!("{} {code}", status.as_u16()), expect, "{trouble:?} for {wanted:?}");
        }
    }

    #[test]
    fn b_036_b_037_b_050_the_client_hears_what_kind_of_trouble_it_is() {
        let unavailable = "503 UNAVAILABLE";
        check(answered(404), "404 MANIFEST_UNKNOWN", "404 BLOB_UNKNOWN");
        check(answered(401), "403 DENIED", "403 DENIED");
        check(answered(403), "403 DENIED", "403 DENIED");
        check(answered(429), "429 TOOMANYREQUESTS", "429 TOOMANYREQUESTS");
        for status in [302, 400, 500, 502, 503] {
            check(answered(status), unavailable, unavailable);
        }
        let refused = |status| RemoteError::TokenRefused { host: "auth.quay.io".to_owned(), status };
        check(refused(StatusCode::FORBIDDEN).into(), "403 DENIED", "403 DENIED");
        check(refused(StatusCode::NOT_FOUND).into(), unavailable, unavailable);
        check(Trouble::Lost(ConnectionEnd::Reset), unavailable, unavailable);
        check(Trouble::Cut(Cut { after_bytes: 3, end: CutEnd::Eof }), unavailable, unavailable);
        check(Trouble::TooSlow, unavailable, unavailable);
        check(StoreError::Full { bound_bytes: 1 }.into(), unavailable, unavailable);
    }

    #[test]
    fn b_031_d_013_a_refused_login_is_told_in_the_words_of_ecr() {
        assert_eq!(
            answered(401).failure("quay.io", Wanted::Image).to_string(),
            "The authentication to the upstream registry failed. Verify that the credentials provided in the pull \
             through cache rule are correct, and try again."
        );
    }

    #[test]
    fn a_host_that_may_not_be_called_is_named_with_the_flag() {
        let trouble = Trouble::from(RemoteError::from(HostNotAllowed("quay.io".to_owned())));
        assert_eq!(
            trouble.failure("quay.io", Wanted::Image).to_string(),
            "The upstream registry may not be called: the host quay.io is not one of those that may be called. Allow \
             it with --allow-upstream, or seed an upstream of that name into the world."
        );
    }

    #[test]
    fn records_tell_lost_connections_from_wrong_bytes() {
        let cut = |end| Trouble::Cut(Cut { after_bytes: 3, end });
        let wrong = Trouble::WrongDigest { expected: "sha256:00".to_owned(), actual: Digest::sha256_of(b"") };
        for (trouble, outcome, code) in [
            (answered(503), Outcome::Completed, None),
            (Trouble::Lost(ConnectionEnd::Reset), Outcome::FaultReset, None),
            (Trouble::Lost(ConnectionEnd::Eof), Outcome::FaultEof, None),
            (cut(CutEnd::Reset), Outcome::FaultReset, None),
            (cut(CutEnd::Eof), Outcome::FaultEof, None),
            (cut(CutEnd::Shortened), Outcome::Completed, Some("DIGEST_INVALID")),
            (wrong, Outcome::Completed, Some("DIGEST_INVALID")),
            (Trouble::TooSlow, Outcome::Failed, Some("UNAVAILABLE")),
        ] {
            assert_eq!((trouble.outcome(), trouble.code().as_deref()), (outcome, code), "{trouble:?}");
        }
    }
}
