//! Failures in the codes of the distribution specification where ECR has codes of its own.
//!
//! Statuses stand in the table of failures, as everywhere: each noun of ECR's becomes the specification's noun here.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>

use crate::registry::ManifestError;
use crate::wire_errors::{DigestInvalid, Failure, ManifestInvalid, PageInvalid};

/// The failure as the specification tells it.
pub(super) fn by_specification(failure: Failure) -> Failure {
    match failure {
        Failure::Manifest(error) => ManifestInvalid(reason(&error).into()).into(),
        Failure::ImageDigestDoesNotMatch(error) => DigestInvalid(error.to_string().into()).into(),
        // What is left of these: the cursor of a page that nobody gave.
        Failure::InvalidParameter(error) => PageInvalid(error.to_string().into()).into(),
        other => other,
    }
}

/// What is wrong with a manifest, which ECR does not tell.
fn reason(error: &ManifestError) -> String {
    match error {
        ManifestError::Malformed(cause) => format!("the manifest is malformed: {cause}"),
        ManifestError::UnknownMediaType(media_type) => format!("`{media_type}` is no type of a manifest"),
        ManifestError::MediaTypeContradicted { declared, written } => {
            format!("the manifest is sent as `{declared}` and says that it is `{written}`")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::errors::InvalidParameter;
    use crate::wire_errors::Unauthorized;

    #[test]
    fn errors_of_manifests_and_pages_have_the_codes_of_the_specification() {
        let contradicted = ManifestError::MediaTypeContradicted { declared: "a/b".into(), written: "c/d".into() };
        for (failure, code) in [
            (Failure::from(ManifestError::Malformed("line 1".into())), "MANIFEST_INVALID"),
            (ManifestError::UnknownMediaType("text/x".into()).into(), "MANIFEST_INVALID"),
            (contradicted.into(), "MANIFEST_INVALID"),
            (ManifestError::MediaTypeMissing.into(), "MANIFEST_INVALID"),
            (InvalidParameter::new("nextToken", "Invalid token").into(), "PAGINATION_NUMBER_INVALID"),
            (Unauthorized.into(), "UNAUTHORIZED"),
        ] {
            let told = by_specification(failure).oci();
            assert_eq!(told.code, code);
            assert!(code == "UNAUTHORIZED" || told.status == 400, "{told:?}");
        }
    }
}
