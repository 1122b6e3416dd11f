//! Names, ARNs and manifests: valid by construction, and printed as they were read.

use std::str::FromStr;
use std::sync::LazyLock;

use bytes::Bytes;
use regex::Regex;

use crate::registry::types::{
    Arn, CACHE_RULE_PREFIX_PATTERN, Digest, REPOSITORY_NAME_PATTERN, RepositoryName, TAG_PATTERN, Tag, TemplatePrefix,
};
use crate::registry::{Kind, Manifest};

/// The text of an ARN: its fields put together are the text, and a repository's is what its registry says it is.
pub fn arn(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(arn) = text.parse::<Arn>() else { return };
    assert_eq!(arn.to_string(), text);
    let fields = ["arn", arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()];
    assert_eq!(fields.join(":"), text);
    assert_eq!(arn.to_string().parse::<Arn>(), Ok(arn.clone()));
    if let Ok((registry, name)) = arn.repository() {
        assert_eq!(registry.repository_arn(&name), text);
    }
}

/// Texts that may be names of repositories, prefixes of them, or tags: what we take is what the patterns of ECR say.
pub fn repository_name(input: &[u8]) {
    static NAME: LazyLock<Regex> = LazyLock::new(|| whole(REPOSITORY_NAME_PATTERN));
    static TAG: LazyLock<Regex> = LazyLock::new(|| whole(TAG_PATTERN));
    static PREFIX: LazyLock<Regex> = LazyLock::new(|| whole(CACHE_RULE_PREFIX_PATTERN));
    let Ok(text) = std::str::from_utf8(input) else { return };
    let length = text.chars().count();
    check::<RepositoryName>(text, (2..=256).contains(&length) && NAME.is_match(text));
    check::<Tag>(text, (1..=300).contains(&length) && TAG.is_match(text));
    check::<TemplatePrefix>(text, (1..=256).contains(&length) && PREFIX.is_match(text));
}

fn whole(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("a pattern of ECR")
}

fn check<T: FromStr + ToString>(text: &str, legal: bool) {
    let read = text.parse::<T>().ok();
    assert_eq!(read.is_some(), legal, "{text:?}");
    assert!(read.is_none_or(|read| read.to_string() == text));
}

/// Types under which a manifest is pushed; a digit at the head of the input picks one.
const DECLARED: [Option<&str>; 8] = [
    None,
    Some("application/vnd.oci.image.manifest.v1+json"),
    Some("application/vnd.oci.image.index.v1+json"),
    Some("application/vnd.docker.distribution.manifest.v2+json"),
    Some("application/vnd.docker.distribution.manifest.list.v2+json"),
    Some("application/vnd.docker.distribution.manifest.v1+prettyjws"),
    Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"),
    Some("application/json"),
];

/// A manifest: its bytes stay what they are, and all that is said of it can be asked.
pub fn manifest(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else { return };
    let declared = DECLARED[usize::from(first.wrapping_sub(b'0')) % DECLARED.len()];
    let manifest = match Manifest::parse(Bytes::copy_from_slice(bytes), declared) {
        Ok(manifest) => manifest,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(manifest.bytes(), bytes);
    assert_eq!(manifest.digest(), &Digest::sha256_of(bytes));
    let again = Manifest::parse(manifest.bytes().clone(), Some(manifest.media_type().as_str()))
        .expect("it is a manifest of the type that was found");
    assert_eq!((again.kind(), again.subject()), (manifest.kind(), manifest.subject()));
    assert_eq!(again.artifact_media_type(), manifest.artifact_media_type());
    let blobs = manifest.blobs();
    for (digest, _) in &blobs {
        let _ = manifest.blob_media_type(digest);
    }
    assert!(manifest.children().is_empty() || matches!(manifest.kind(), Kind::Index { .. }));
    assert!(blobs.is_empty() || !matches!(manifest.kind(), Kind::Index { .. }));
    let _ = manifest.annotations();
}
