//! Bringing an image in by its tag: its manifest and, of an index, everything below it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fetch::Fetch;
use super::flights::{Cargo, Flight};
use super::origin::Origin;
use super::trouble::{Trouble, Wanted};
use crate::http::Call;
use crate::registry::ops::cache_fill;
use crate::registry::templates::CreationError;
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag};
use crate::registry::{Caller, Context, Kind, Manifest, MediaType, Reference, Registry};
use crate::wire_errors::Failure;
use crate::worlds::Live;

/// Manifests that one fetch brings at most, and their bytes together; no limits of ECR, which names none.
const MANIFESTS_PER_FETCH: usize = 1_000;
const MANIFEST_BYTES_PER_FETCH: usize = 64 << 20;

/// Brings a manifest in from upstream if a cache rule covers the repository and the tag is not here.
///
/// Ok also when no rule covers it, for a digest, since what a digest names is here or was never pulled by tag, and for
/// somebody without the rights that it takes, to whom ECR tells no more than that. The caller then looks the image up and
/// answers its own 404. After an error nothing has changed.
pub async fn bring_manifest(
    call: &Call,
    key: &RegistryKey,
    caller: &Caller,
    repository: &RepositoryName,
    reference: &Reference,
) -> Result<(), Failure> {
    let Reference::Tag(tag) = reference else { return Ok(()) };
    let missed = || call.write(|live| live.read_registry(key, |registry| missed(registry, repository, tag)));
    if missed().is_none() || !call.write(|live| may_import(live, key, caller, repository)) {
        return Ok(());
    }
    let flight = Flight {
        world: call.world.identity().incarnation,
        registry: key.clone(),
        repository: repository.clone(),
        cargo: Cargo::Image(tag.clone()),
    };
    // Boxed, so that the many calls that miss nothing do not carry the state of a fetch.
    let fetch = Box::pin(async {
        let Some(origin) = missed() else { return Ok(()) };
        let mut fetch = Fetch::new(call, key, &origin);
        let present = |digest: &Digest| present(call, key, repository, digest);
        let manifests = gather(&mut fetch, tag, present).await;
        let manifests = manifests.map_err(|trouble| trouble.failure(&origin.host, Wanted::Image))?;
        Ok(store(call, key, caller, &origin, repository, tag, &manifests)?)
    });
    call.daemon.pulls.fly(flight, fetch).await
}

/// Whether the caller may have an image imported, and its repository created if that is missing.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html>
fn may_import(live: &Live, key: &RegistryKey, caller: &Caller, repository: &RepositoryName) -> bool {
    let may = |action: &str| live.state.authorize(key, caller, action, Some(repository), &[]).is_ok();
    let is_here = live.read_registry(key, |registry| registry.repository(repository).is_ok());
    may("BatchImportUpstreamImage") && (is_here || may("CreateRepository"))
}

/// Where a tag that is not here would come from.
fn missed(registry: &Registry, repository: &RepositoryName, tag: &Tag) -> Option<Origin> {
    let origin = Origin::of(registry, repository)?;
    let is_here = registry.repository(repository).is_ok_and(|repository| repository.tagged(tag).is_some());
    (!is_here).then_some(origin)
}

fn present(call: &Call, key: &RegistryKey, repository: &RepositoryName, digest: &Digest) -> Option<Arc<Manifest>> {
    call.write(|live| {
        live.read_registry(key, |registry| {
            let image = registry.repository(repository).ok()?.images().get(digest)?;
            Some(Arc::clone(image.manifest()))
        })
    })
}

/// Fetches the manifest of a tag and everything below it that is not present. The root comes last.
async fn gather(
    fetch: &mut Fetch<'_>,
    tag: &Tag,
    present: impl Fn(&Digest) -> Option<Arc<Manifest>>,
) -> Result<Vec<Arc<Manifest>>, Trouble> {
    let root = Arc::new(fetch.manifest(&Reference::Tag(tag.clone())).await?);
    let mut seen = BTreeSet::from([root.digest().clone()]);
    let mut bytes = root.bytes().len();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(manifest) = found.get(next) {
        let children: Vec<Digest> = manifests_below(manifest).cloned().collect();
        for child in children {
            if !seen.insert(child.clone()) {
                continue;
            }
            let manifest = match present(&child) {
                Some(manifest) => manifest,
                None => Arc::new(fetch.manifest(&Reference::Digest(child)).await?),
            };
            bytes += manifest.bytes().len();
            found.push(manifest);
            if found.len() > MANIFESTS_PER_FETCH || bytes > MANIFEST_BYTES_PER_FETCH {
                return Err(Trouble::IndexTooLarge);
            }
        }
        next += 1;
    }
    found.reverse();
    Ok(found)
}

/// Manifests that an index lists. Build caches list blobs in an index too; those are not to be had as manifests.
fn manifests_below(manifest: &Manifest) -> impl Iterator<Item = &Digest> {
    let children = match manifest.kind() {
        Kind::Index { children } => &**children,
        Kind::Image { .. } | Kind::Schema1 { .. } => &[],
    };
    children.iter().filter(|child| is_manifest(&child.media_type)).map(|child| &child.digest)
}

fn is_manifest(media_type: &MediaType) -> bool {
    matches!(
        media_type,
        MediaType::DockerSchema1
            | MediaType::DockerSchema1Signed
            | MediaType::DockerManifest
            | MediaType::DockerManifestList
            | MediaType::OciManifest
            | MediaType::OciIndex
    )
}

/// Stores what was fetched, in one commit. Nothing is stored that is no longer missed: a push that put the tag there is
/// newer, and a rule may have gone, with a restored snapshot for one.
fn store(
    call: &Call,
    key: &RegistryKey,
    caller: &Caller,
    origin: &Origin,
    repository: &RepositoryName,
    tag: &Tag,
    manifests: &[Arc<Manifest>],
) -> Result<(), CreationError> {
    call.write(|live| {
        if live.read_registry(key, |registry| missed(registry, repository, tag)).as_ref() != Some(origin) {
            return Ok(());
        }
        live.on_registry(key, caller, call.record, |registry, cx| fill(registry, cx, repository, tag, manifests))
    })
}

/// Puts manifests in, the last one under the tag: all, or none if a limit or the repository's template stands in the way.
fn fill(
    registry: &mut Registry,
    cx: &mut Context<'_>,
    repository: &RepositoryName,
    tag: &Tag,
    manifests: &[Arc<Manifest>],
) -> Result<(), CreationError> {
    let mut filled = registry.clone();
    let last = manifests.len().saturating_sub(1);
    for (place, manifest) in manifests.iter().enumerate() {
        let input = cache_fill::Input {
            repository: repository.clone(),
            manifest: Arc::clone(manifest),
            tag: (place == last).then(|| tag.clone()),
        };
        cache_fill::apply(&mut filled, cx, input)?;
    }
    *registry = filled;
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ids::KeyedIds;
    use crate::registry::seeding;
    use crate::registry::types::{AccountId, Timestamp};

    fn key() -> RegistryKey {
        RegistryKey { account: AccountId::DEFAULT, region: "us-east-1".parse().expect("region") }
    }

    fn manifest(text: &str) -> Arc<Manifest> {
        Arc::new(Manifest::parse(Bytes::copy_from_slice(text.as_bytes()), None).expect("manifest"))
    }

    fn descriptor(media_type: &str, content: &str) -> String {
        let digest = Digest::sha256_of(content.as_bytes());
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{}}}"#, content.len())
    }

    fn image(config: &str) -> Arc<Manifest> {
        let media_type = MediaType::OciManifest;
        let config = descriptor("application/vnd.oci.image.config.v1+json", config);
        manifest(&format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{config},"layers":[]}}"#))
    }

    fn index(children: &[String]) -> Arc<Manifest> {
        let (media_type, children) = (MediaType::OciIndex, children.join(","));
        manifest(&format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}","manifests":[{children}]}}"#))
    }

    #[test]
    fn blobs_in_an_index_are_not_asked_for_as_manifests() {
        let layer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "layer");
        let child = descriptor("application/vnd.oci.image.manifest.v1+json", "child");
        let cache = index(&[layer, child]);
        assert_eq!(manifests_below(&cache).collect::<Vec<_>>(), [&Digest::sha256_of(b"child")]);
        assert_eq!(manifests_below(&image("config")).count(), 0);
    }

    #[test]
    fn children_come_in_with_their_index_and_only_it_has_the_tag() {
        let (mut registry, mut ids) = (Registry::new(key()), KeyedIds::new(1));
        let caller = Caller { account: AccountId::DEFAULT, arn: Arc::from("arn:aws:iam::123456789012:root") };
        let mut cx = Context::new(Timestamp::EPOCH, caller, &mut ids);
        let child = image("config");
        let text = std::str::from_utf8(child.bytes()).expect("text");
        let root = index(&[descriptor(child.media_type().as_str(), text)]);
        let (repository, tag) = ("quay/base".parse().expect("name"), "1".parse().expect("tag"));
        fill(&mut registry, &mut cx, &repository, &tag, &[Arc::clone(&child), Arc::clone(&root)]).expect("room");
        let stored = registry.repository(&repository).expect("created");
        assert_eq!(stored.tagged(&tag).map(|image| image.digest()), Some(root.digest()));
        assert!(stored.images().get(child.digest()).is_some_and(|image| image.tags().is_empty()));
    }

    #[test]
    fn a_tag_is_missed_until_it_is_here() {
        let (mut registry, mut ids) = (Registry::new(key()), KeyedIds::new(1));
        let caller = Caller { account: AccountId::DEFAULT, arn: Arc::from("arn:aws:iam::123456789012:root") };
        let mut cx = Context::new(Timestamp::EPOCH, caller, &mut ids);
        let (repository, tag) = ("quay/team/base".parse().expect("name"), "1".parse().expect("tag"));
        assert_eq!(missed(&registry, &repository, &tag), None, "no rule");
        let prefix = "quay".parse().expect("prefix");
        seeding::cache_rule(&mut registry, Timestamp::EPOCH, prefix, "quay.io".to_owned(), None, None).expect("room");
        let origin = missed(&registry, &repository, &tag).expect("a miss");
        assert_eq!((&*origin.host, origin.repository.as_str()), ("quay.io", "team/base"));
        fill(&mut registry, &mut cx, &repository, &tag, &[image("config")]).expect("room");
        assert_eq!(missed(&registry, &repository, &tag), None, "it is here");
        assert!(missed(&registry, &repository, &"2".parse().expect("tag")).is_some(), "B-009: another tag is missed");
    }
}
