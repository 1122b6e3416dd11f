//! An upstream registry that lives inside a world: what pull-through finds when no real registry is asked.
//!
//! A value in persistent maps, so that a world that holds one forks in no time. It answers what is there, to whom it is
//! for: limits and failures of an upstream are rules' business, and so is the journal.

use std::sync::Arc;

use bytes::Bytes;

use super::credentials::Credentials;
use crate::registry::Map;
use crate::registry::types::{Digest, VerifiedBlob};

/// A registry outside AWS, as far as a test has described it.
#[derive(Clone, Debug)]
pub struct UpstreamRegistry {
    host: Arc<str>,
    repositories: Map<Arc<str>, Arc<UpstreamRepository>>,
    login: Option<Credentials>,
}

/// One repository of an upstream.
#[derive(Clone, Debug, Default)]
pub struct UpstreamRepository {
    /// Digest that each tag stands for; always one of `manifests`.
    pub tags: Map<Arc<str>, Digest>,
    /// Manifests and indexes.
    pub manifests: Map<Digest, UpstreamManifest>,
    /// Configurations and layers.
    pub blobs: Map<Digest, VerifiedBlob>,
}

/// A manifest or index as the upstream serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamManifest {
    /// The bytes that its digest is of.
    pub bytes: Bytes,
    /// Its `Content-Type`.
    pub media_type: Arc<str>,
}

/// An image to put into an upstream: what is there already is left, what is missing is added, tags move.
#[derive(Clone, Debug)]
pub struct UpstreamImage {
    /// Digest of the manifest or index that the tags stand for; one of `manifests` here or in the repository already.
    pub root: Digest,
    /// Tags of the image.
    pub tags: Vec<Arc<str>>,
    /// The root and, of an index, its children, each with the digest of its bytes. The caller has hashed them: this runs in
    /// a world's writer, where nothing is hashed.
    pub manifests: Vec<(Digest, UpstreamManifest)>,
    /// Everything that the manifests name.
    pub blobs: Vec<VerifiedBlob>,
}

/// How many objects a change made, moved or found in place. Repositories, manifests, blobs and tags each count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpsertCounts {
    /// Objects that did not exist before.
    pub created: u32,
    /// Objects that were changed: tags that stand for another digest now, manifests with another media type.
    pub updated: u32,
    /// Objects that were as asked already.
    pub unchanged: u32,
}

/// Tags were to stand for a manifest that is neither in the image nor in the repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the repository {repository} of the upstream has no manifest {digest}")]
pub struct UnknownRoot {
    /// The repository.
    pub repository: Arc<str>,
    /// The digest.
    pub digest: Digest,
}

impl UpstreamRegistry {
    /// A registry without repositories. `host` is what cache rules name, e.g. `quay.io`.
    pub fn new(host: Arc<str>) -> Self {
        Self { host, repositories: Map::new(), login: None }
    }

    /// Asks for a login from now on, in place of the one that it asked for. Answers whether that changes anything.
    pub fn set_login(&mut self, login: Credentials) -> bool {
        let is_new = self.login.as_ref() != Some(&login);
        self.login = Some(login);
        is_new
    }

    /// Whether it answers somebody with this login, or with none: everybody, unless it asks for one.
    pub fn admits(&self, login: Option<&Credentials>) -> bool {
        self.login.is_none() || self.login.as_ref() == login
    }

    /// The host that cache rules name.
    pub fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// A repository; None if the upstream does not have it.
    pub fn repository(&self, name: &str) -> Option<&Arc<UpstreamRepository>> {
        self.repositories.get(name)
    }

    /// Repositories in the order of their names.
    pub fn repositories(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<UpstreamRepository>)> {
        self.repositories.iter()
    }

    /// The manifest that a tag or a digest stands for. None if there is no such repository, tag or manifest.
    pub fn manifest(&self, name: &str, reference: &str) -> Option<(&Digest, &UpstreamManifest)> {
        self.repository(name)?.manifest(reference)
    }

    /// A blob of a repository; None if there is no such repository or the repository does not have it.
    pub fn blob(&self, name: &str, digest: &Digest) -> Option<&VerifiedBlob> {
        self.repository(name)?.blobs.get(digest)
    }

    /// Makes sure that a repository is there.
    pub fn put_repository(&mut self, name: &Arc<str>) -> UpsertCounts {
        let mut counts = UpsertCounts::default();
        if self.repositories.contains_key(name) {
            counts.unchanged += 1;
        } else {
            self.repositories.insert(Arc::clone(name), Arc::default());
            counts.created += 1;
        }
        counts
    }

    /// Makes sure that an image is there, and its repository; the repository counts only if it is new. Putting the same
    /// image twice changes nothing the second time. An error changes nothing either.
    pub fn put_image(&mut self, name: &Arc<str>, image: UpstreamImage) -> Result<UpsertCounts, UnknownRoot> {
        let mut counts = UpsertCounts::default();
        let mut repository = self.repositories.get(name).map_or_else(
            || {
                counts.created += 1;
                UpstreamRepository::default()
            },
            |repository| UpstreamRepository::clone(repository),
        );
        repository.put_content(image.manifests, image.blobs, &mut counts);
        if !repository.manifests.contains_key(&image.root) {
            return Err(UnknownRoot { repository: Arc::clone(name), digest: image.root });
        }
        for tag in image.tags {
            counts.upsert(&mut repository.tags, tag, image.root.clone(), PartialEq::eq);
        }
        self.repositories.insert(Arc::clone(name), Arc::new(repository));
        Ok(counts)
    }
}

impl UpstreamRepository {
    /// The manifest that a tag or a digest stands for. A reference with a colon is a digest, never a tag.
    pub fn manifest(&self, reference: &str) -> Option<(&Digest, &UpstreamManifest)> {
        if reference.contains(':') {
            self.manifests.get_key_value(&reference.parse::<Digest>().ok()?)
        } else {
            self.manifests.get_key_value(self.tags.get(reference)?)
        }
    }

    fn put_content(
        &mut self,
        manifests: Vec<(Digest, UpstreamManifest)>,
        blobs: Vec<VerifiedBlob>,
        counts: &mut UpsertCounts,
    ) {
        for (digest, manifest) in manifests {
            counts.upsert(&mut self.manifests, digest, manifest, PartialEq::eq);
        }
        for blob in blobs {
            // Two proofs of one digest are proofs of the same bytes; the one that is there stays.
            counts.upsert(&mut self.blobs, blob.digest().clone(), blob, |_, _| true);
        }
    }
}

impl UpsertCounts {
    /// Adds the counts of another change.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }

    fn upsert<K: Ord + Clone, V: Clone>(
        &mut self,
        map: &mut Map<K, V>,
        key: K,
        value: V,
        same: impl Fn(&V, &V) -> bool,
    ) {
        match map.get(&key) {
            Some(present) if same(present, &value) => self.unchanged += 1,
            Some(_) => {
                map.insert(key, value);
                self.updated += 1;
            }
            None => {
                map.insert(key, value);
                self.created += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::types::StoredBlob;

    #[derive(Debug)]
    struct Stored(Digest);

    impl StoredBlob for Stored {
        fn digest(&self) -> &Digest {
            &self.0
        }

        fn size_bytes(&self) -> u64 {
            1
        }
    }

    fn blob(content: &str) -> VerifiedBlob {
        VerifiedBlob::new(Arc::new(Stored(Digest::sha256_of(content.as_bytes()))))
    }

    fn manifest(text: &'static str) -> (Digest, UpstreamManifest) {
        let media_type = "application/vnd.oci.image.manifest.v1+json".into();
        (Digest::sha256_of(text.as_bytes()), UpstreamManifest { bytes: Bytes::from(text), media_type })
    }

    fn image(text: &'static str, tags: &[&str]) -> UpstreamImage {
        UpstreamImage {
            root: Digest::sha256_of(text.as_bytes()),
            tags: tags.iter().map(|tag| Arc::from(*tag)).collect(),
            manifests: vec![manifest(text)],
            blobs: vec![blob("config"), blob("layer")],
        }
    }

    fn counts(created: u32, updated: u32, unchanged: u32) -> UpsertCounts {
        UpsertCounts { created, updated, unchanged }
    }

    #[test]
    fn an_image_is_found_by_tag_and_by_digest() {
        let mut upstream = UpstreamRegistry::new("quay.io".into());
        let name: Arc<str> = "team/base".into();
        upstream.put_image(&name, image("{}", &["1", "latest"])).expect("root is there");
        let digest = Digest::sha256_of(b"{}");
        for reference in ["1", "latest", &digest.to_string()] {
            let (found, manifest) = upstream.manifest("team/base", reference).expect(reference);
            assert_eq!((found, manifest.bytes.as_ref()), (&digest, b"{}".as_slice()), "{reference}");
        }
        for (name, reference) in [("team/base", "2"), ("team/other", "1"), ("team/base", "sha256:00"), ("", "")] {
            assert!(upstream.manifest(name, reference).is_none(), "{name} {reference}");
        }
        assert!(upstream.blob("team/base", &Digest::sha256_of(b"layer")).is_some());
        assert!(upstream.blob("team/other", &Digest::sha256_of(b"layer")).is_none());
    }

    #[test]
    fn putting_an_image_twice_changes_nothing_the_second_time() {
        let mut upstream = UpstreamRegistry::new("quay.io".into());
        let name: Arc<str> = "base".into();
        assert_eq!(upstream.put_repository(&name), counts(1, 0, 0));
        assert_eq!(upstream.put_repository(&name), counts(0, 0, 1));
        assert_eq!(upstream.put_image(&name, image("{}", &["1"])), Ok(counts(4, 0, 0)));
        assert_eq!(upstream.put_image(&name, image("{}", &["1"])), Ok(counts(0, 0, 4)));
        let elsewhere: Arc<str> = "new".into();
        assert_eq!(upstream.put_image(&elsewhere, image("{}", &["1"])), Ok(counts(5, 0, 0)), "with its repository");
    }

    #[test]
    fn a_tag_moves_and_the_old_image_stays_without_it() {
        let mut upstream = UpstreamRegistry::new("quay.io".into());
        let name: Arc<str> = "base".into();
        upstream.put_image(&name, image("{}", &["1"])).expect("root is there");
        let before = upstream.clone();
        assert_eq!(upstream.put_image(&name, image("{ }", &["1"])), Ok(counts(1, 1, 2)));
        assert_eq!(upstream.manifest("base", "1").expect("moved").1.bytes, "{ }");
        assert!(upstream.manifest("base", &Digest::sha256_of(b"{}").to_string()).is_some());
        assert_eq!(before.manifest("base", "1").expect("a clone is a copy").1.bytes, "{}");
    }

    #[test]
    fn a_root_that_is_not_there_is_refused_and_nothing_changes() {
        let mut upstream = UpstreamRegistry::new("quay.io".into());
        let name: Arc<str> = "base".into();
        let lost = UpstreamImage { manifests: Vec::new(), ..image("{}", &["1"]) };
        let refused = upstream.put_image(&name, lost.clone()).expect_err("no manifest");
        assert_eq!(refused.digest, lost.root);
        assert!(upstream.repository("base").is_none());
        upstream.put_image(&name, image("{}", &[])).expect("root is there");
        assert_eq!(upstream.put_image(&name, lost), Ok(counts(1, 0, 2)), "a manifest of before can be tagged");
    }
}
