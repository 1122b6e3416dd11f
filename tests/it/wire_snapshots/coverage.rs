//! That the snapshots show all that there is to show: every noun of the table of failures in each profile, but for those
//! that have a reason not to come up there, and every name that a rule may say.

use std::collections::BTreeSet;
use std::path::Path;

use ecr_fixture::wire_errors::Failure;

/// Nouns that no call of this surface raises: operations of the JSON API do. A rule may name each of them.
const OF_THE_JSON_API: &[&str] = &[
    "BodyTooLarge",
    "CacheRuleAlreadyExists",
    "CacheRuleNotFound",
    "ExclusionAlreadyExists",
    "ExclusionNotFound",
    "ImageArchived",
    "ImageStorageClassUpdateNotSupported",
    "IncompleteSignature",
    "InvalidAccountSetting",
    "InvalidLayerPart",
    "InvalidSignature",
    "InvalidTagParameter",
    "LayerAlreadyExists",
    "LayerInaccessible",
    "LifecyclePolicyNotFound",
    "LifecyclePolicyPreviewInProgress",
    "LifecyclePolicyPreviewNotFound",
    "ManualScanDisabled",
    "MissingAuthenticationToken",
    "RegistryPolicyNotFound",
    "ReplicationBackfillInProgress",
    "ReplicationBackfillInvalidStatus",
    "ReplicationBackfillNotFound",
    "RepositoryAlreadyExists",
    "RepositoryNotEmpty",
    "RepositoryPolicyNotFound",
    "ScanNotFound",
    "ScanQuotaExceeded",
    "SecretNotFound",
    "Serialization",
    "SessionExpired",
    "SigningConfigurationNotFound",
    "SigningProfileElsewhere",
    "TemplateAlreadyExists",
    "TemplateNotFound",
    "TooManyTags",
    "UnableToAccessSecret",
    "UnableToDecryptSecretValue",
    "UnknownTarget",
    "UnrecognizedClient",
    "UnsupportedImageType",
    "UnsupportedUpstreamRegistry",
];

/// Nouns that this surface tells in another way in both profiles, or never.
const NEVER: &[(&str, &str)] = &[
    ("BlobUploadInvalid", "ECR's rules of parts have nouns of their own; a rule may name the code"),
    ("ChunkOutOfOrder", "told as RangeInvalid, which knows the upload's URL"),
    ("ImageAlreadyExists", "the identical push is a success here"),
];

/// Nouns that profile `ecr` does not know: the words of the specification, and what a storage of its own answers there.
const NEVER_IN_ECR: &[&str] = &["BlobRangeInvalid", "ManifestInvalid", "PageInvalid"];

/// Nouns that profile `oci` does not know: told in the specification's words, or rules of ECR that it does not have.
const NEVER_IN_OCI: &[&str] = &[
    "EmptyUpload",
    "ImageDigestDoesNotMatch",
    "InvalidParameter",
    "LayerPartTooSmall",
    "LayersNotFound",
    "Manifest",
    "ReferencedImagesNotFound",
    "Unsupported",
];

/// Values of all lines of a profile's snapshots that begin like this.
fn lines(profile: &str, start: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wire_snapshots/snapshots");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("there are snapshots") {
        let path = entry.expect("an entry").path();
        if path.to_string_lossy().ends_with(&format!("-{profile}.snap")) {
            let text = std::fs::read_to_string(path).expect("a text");
            found.extend(text.lines().filter_map(|line| line.strip_prefix(start)).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_failure_that_this_surface_can_tell_is_shown() {
    for (profile, never) in [("ecr", NEVER_IN_ECR), ("oci", NEVER_IN_OCI)] {
        let shown = lines(profile, "failure: ");
        for (noun, status, code) in Failure::nouns() {
            let elsewhere = OF_THE_JSON_API.contains(&noun)
                || NEVER.iter().any(|(never, _)| *never == noun)
                || never.contains(&noun);
            let is_shown = shown.contains(noun);
            assert!(is_shown || elsewhere, "{profile}: no snapshot shows {noun}, {status} {code}");
            assert!(!(is_shown && elsewhere), "{profile}: {noun} is shown and needs no reason to be missing");
        }
    }
}

#[test]
fn every_name_that_a_rule_may_say_is_shown() {
    for profile in ["ecr", "oci"] {
        let shown = lines(profile, "# ");
        for name in Failure::names() {
            assert!(shown.contains(&format!("status({name:?})")), "{profile}: no snapshot shows status({name:?})");
        }
    }
}

#[test]
fn reasons_are_about_nouns_of_the_table() {
    let nouns: BTreeSet<&str> = Failure::nouns().map(|(noun, ..)| noun).collect();
    let reasons =
        OF_THE_JSON_API.iter().chain(NEVER.iter().map(|(noun, _)| noun)).chain(NEVER_IN_ECR).chain(NEVER_IN_OCI);
    for noun in reasons {
        assert!(nouns.contains(noun), "the table has no {noun}");
    }
}
