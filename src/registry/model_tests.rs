//! Random operations on one repository against a model so naive that it is plainly right: two maps and no index.
//!
//! After each step the repository shows what the naive model shows, its indexes agree with a scan, an error has changed
//! nothing, and a fork taken at any time still shows what it showed then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::image::ImageStatus;
use super::image_identifier::ImageIdentifier;
use super::manifest::Manifest;
use super::ops::{batch_delete_image, describe_images, list_images, list_tags, put_image, update_image_storage_class};
use super::page::PageRequest;
use super::policy::lifecycle::StorageClass;
use super::replication;
use super::state::Registry;
use super::tag_mutability::{TagMutability, TagMutabilityMode};
use super::testing::{
    NOON, blob, image_about, image_of, index_of, key, name, picture, push, registry, tag, with, with_repository,
};
use super::types::Digest;
use super::work::Work;

const TAGS: [&str; 4] = ["a", "b", "dev-1", "dev-2"];
const BLOBS: [&str; 4] = ["{}", "base", "app", "signature"];

/// Everything that can be pushed: images that share layers, an artifact about one of them, indexes, an index of indexes.
fn universe() -> Vec<Arc<Manifest>> {
    let one = image_of("{}", &["base"], "one");
    let two = image_of("{}", &["base", "app"], "two");
    let three = image_of("app", &["base", "base"], "three");
    let about = image_about("{}", &["signature"], "about", Some(two.digest()));
    let list = index_of(&[&one, &two], "list");
    let other_list = index_of(&[&two, &three], "other list");
    let outer = index_of(&[&list, &one], "outer");
    vec![one, two, three, about, list, other_list, outer]
}

#[derive(Clone, Debug)]
enum Step {
    Link(usize),
    Push { manifest: usize, tag: Option<usize> },
    DeleteTag(usize),
    DeleteDigest(usize),
    Mutability(TagMutabilityMode),
    Fork,
    Replicate { manifest: usize, tag: usize },
    Archive(usize),
    BeginActivation(usize),
    EndActivation { manifest: usize, arrived: bool },
}

fn step() -> impl Strategy<Value = Step> {
    use TagMutabilityMode::{Immutable, ImmutableWithExclusion, Mutable, MutableWithExclusion};
    let manifest = 0..universe().len();
    let modes = [Just(Mutable), Just(Immutable), Just(MutableWithExclusion), Just(ImmutableWithExclusion)];
    prop_oneof![
        2 => (0..BLOBS.len()).prop_map(Step::Link),
        8 => (manifest.clone(), proptest::option::of(0..TAGS.len()))
            .prop_map(|(manifest, tag)| Step::Push { manifest, tag }),
        3 => (0..TAGS.len()).prop_map(Step::DeleteTag),
        2 => manifest.clone().prop_map(Step::DeleteDigest),
        1 => proptest::sample::select(modes.to_vec()).prop_flat_map(|mode| mode).prop_map(Step::Mutability),
        1 => any::<()>().prop_map(|()| Step::Fork),
        1 => (manifest.clone(), 0..TAGS.len()).prop_map(|(manifest, tag)| Step::Replicate { manifest, tag }),
        2 => manifest.clone().prop_map(Step::Archive),
        1 => manifest.clone().prop_map(Step::BeginActivation),
        1 => (manifest, any::<bool>()).prop_map(|(manifest, arrived)| Step::EndActivation { manifest, arrived }),
    ]
}

/// Images with their tags, those that are not active, and the blobs that are there.
#[derive(Clone, Debug, Default, PartialEq)]
struct Naive {
    images: BTreeMap<Digest, BTreeSet<&'static str>>,
    archived: BTreeSet<Digest>,
    activating: BTreeSet<Digest>,
    blobs: BTreeSet<Digest>,
    mode: TagMutabilityMode,
}

impl Naive {
    fn owner(&self, tag: &str) -> Option<&Digest> {
        self.images.iter().find(|(_, tags)| tags.contains(tag)).map(|(digest, _)| digest)
    }

    fn is_frozen(&self, tag: &str) -> bool {
        let excluded = tag.starts_with("dev-");
        match self.mode {
            TagMutabilityMode::Mutable => false,
            TagMutabilityMode::Immutable => true,
            TagMutabilityMode::MutableWithExclusion => excluded,
            TagMutabilityMode::ImmutableWithExclusion => !excluded,
        }
    }

    /// Says how the push ends, and makes it so.
    fn push(&mut self, manifest: &Manifest, tag: Option<&'static str>) -> &'static str {
        let digest = manifest.digest();
        if manifest.blobs().iter().any(|(blob, _)| !self.blobs.contains(*blob)) {
            return "layers";
        }
        if manifest.children().iter().any(|child| !self.images.contains_key(*child)) {
            return "children";
        }
        let is_active = !self.archived.contains(digest) && !self.activating.contains(digest);
        let is_identical = match tag {
            None => self.images.contains_key(digest),
            Some(tag) => self.owner(tag) == Some(digest),
        };
        match tag {
            _ if is_identical && is_active => return "exists",
            Some(tag) if !is_identical && self.owner(tag).is_some() && self.is_frozen(tag) => return "frozen",
            _ => {}
        }
        self.archived.remove(digest);
        self.activating.remove(digest);
        if let Some(tag) = tag {
            self.images.values_mut().for_each(|tags| {
                tags.remove(tag);
            });
        }
        self.images.entry(digest.clone()).or_default().extend(tag);
        "stored"
    }

    /// Says whether the image may go, and takes it away.
    fn remove(&mut self, digest: &Digest, universe: &[Arc<Manifest>]) -> bool {
        let here: Vec<&Arc<Manifest>> =
            universe.iter().filter(|manifest| self.images.contains_key(manifest.digest())).collect();
        if here.iter().any(|manifest| manifest.children().contains(&digest)) || !self.images.contains_key(digest) {
            return false;
        }
        let (gone, rest): (Vec<_>, Vec<_>) = here.into_iter().partition(|manifest| manifest.digest() == digest);
        for (blob, _) in gone.iter().flat_map(|manifest| manifest.blobs()) {
            if !rest.iter().any(|manifest| manifest.blobs().iter().any(|(other, _)| *other == blob)) {
                self.blobs.remove(blob);
            }
        }
        self.images.remove(digest);
        self.archived.remove(digest);
        self.activating.remove(digest);
        true
    }

    /// Says whether the image goes into the archive, and puts it there.
    fn archive(&mut self, digest: &Digest, universe: &[Arc<Manifest>]) -> bool {
        let holds = |manifest: &Arc<Manifest>| {
            self.images.contains_key(manifest.digest())
                && !self.archived.contains(manifest.digest())
                && manifest.children().contains(&digest)
        };
        let may_go = self.images.contains_key(digest)
            && !self.archived.contains(digest)
            && !self.activating.contains(digest)
            && !universe.iter().any(holds);
        may_go && self.archived.insert(digest.clone())
    }

    /// Says whether the image comes out of the archive, and sends it on its way.
    fn begin_activation(&mut self, digest: &Digest) -> bool {
        self.archived.remove(digest) && self.activating.insert(digest.clone())
    }

    fn end_activation(&mut self, digest: &Digest, arrived: bool) {
        if self.activating.remove(digest) && !arrived {
            self.archived.insert(digest.clone());
        }
    }

    /// Whether images use the blob and all of them are in the archive or on their way out of it.
    fn is_archived(&self, blob: &Digest, universe: &[Arc<Manifest>]) -> bool {
        let uses = |manifest: &&Arc<Manifest>| {
            self.images.contains_key(manifest.digest()) && manifest.blobs().iter().any(|(used, _)| *used == blob)
        };
        let mut users = universe.iter().filter(uses).map(|manifest| manifest.digest()).peekable();
        users.peek().is_some() && users.all(|user| self.archived.contains(user) || self.activating.contains(user))
    }

    fn remove_tag(&mut self, tag: &'static str, universe: &[Arc<Manifest>]) -> bool {
        let Some(digest) = self.owner(tag).cloned() else { return false };
        if self.images[&digest].len() == 1 {
            return self.remove(&digest, universe);
        }
        self.images.get_mut(&digest).is_some_and(|tags| tags.remove(tag))
    }
}

fn seen(registry: &Registry, mode: TagMutabilityMode) -> Naive {
    let repository = registry.repository(&name("team/app")).unwrap();
    let interned = |tag: String| TAGS.into_iter().find(|known| *known == tag).unwrap();
    let tags = |tags: Vec<String>| tags.into_iter().map(interned).collect();
    let of_status = |status: ImageStatus| {
        let images = repository.images().values().filter(|image| image.status() == status);
        images.map(|image| image.digest().clone()).collect()
    };
    Naive {
        archived: of_status(ImageStatus::Archived),
        activating: of_status(ImageStatus::Activating),
        images: picture(registry, "team/app").into_iter().map(|(digest, list)| (digest, tags(list))).collect(),
        blobs: repository.layers().map(|layer| layer.blob.digest().clone()).collect(),
        mode,
    }
}

fn outcome(result: &Result<put_image::Output, put_image::Error>) -> &'static str {
    match result {
        Ok(_) => "stored",
        Err(put_image::Error::LayersNotFound(_)) => "layers",
        Err(put_image::Error::ReferencedImagesNotFound(_)) => "children",
        Err(put_image::Error::AlreadyExists(_)) => "exists",
        Err(put_image::Error::TagAlreadyExists(_)) => "frozen",
        Err(other) => panic!("{other}"),
    }
}

fn delete(registry: &mut Registry, image_id: ImageIdentifier) -> bool {
    let input = batch_delete_image::Input { repository: name("team/app"), image_ids: vec![image_id] };
    with(|cx| {
        let output = batch_delete_image::apply(registry, cx, &input).unwrap();
        assert_eq!(cx.effects.len(), output.image_ids.len());
        output.failures.is_empty()
    })
}

/// Whether the call was granted.
fn update_storage_class(registry: &mut Registry, digest: &Digest, target: StorageClass) -> bool {
    let image_id = ImageIdentifier::by_digest(digest.to_string());
    let input = update_image_storage_class::Input { repository: name("team/app"), image_id, target };
    with(|cx| update_image_storage_class::apply(registry, cx, &input)).is_ok()
}

fn set_mutability(registry: &mut Registry, mode: TagMutabilityMode) {
    let filters = match mode {
        TagMutabilityMode::Mutable | TagMutabilityMode::Immutable => vec![],
        _ => vec!["dev-*".parse().unwrap()],
    };
    let repository = registry.repository_mut(&name("team/app")).unwrap();
    repository.tag_mutability = TagMutability::new(mode, filters).unwrap();
}

/// A copy to another region has exactly the image, what it needs, and the tag.
fn check_replication(registry: &Registry, manifest: &Manifest, image_tag: &'static str) {
    let mut replica = Registry::new(key("123456789012", "eu-west-1"));
    let here = registry.repository(&name("team/app")).unwrap().images().contains_key(manifest.digest());
    let copied =
        replication::copy(registry, &mut replica, NOON, &name("team/app"), manifest.digest(), Some(&tag(image_tag)));
    assert_eq!(copied.is_ok(), here);
    if here {
        let repository = replica.repository(&name("team/app")).unwrap();
        repository.assert_indexes_agree();
        assert_eq!(repository.tags().get(&tag(image_tag)), Some(manifest.digest()));
        assert_eq!(repository.tags().len(), 1);
    } else {
        assert!(replica.repositories().is_empty());
    }
}

fn check_invariants(registry: &Registry, naive: &Naive, universe: &[Arc<Manifest>]) {
    let repository = registry.repository(&name("team/app")).unwrap();
    repository.assert_indexes_agree();
    for (tag, _) in repository.tags().iter() {
        assert!(repository.tagged(tag).is_some_and(|image| image.tags().contains(tag)), "{tag} resolves");
        let image_ids = vec![ImageIdentifier::by_tag(tag.as_str())];
        let selection = describe_images::Selection::Named(image_ids);
        let input = describe_images::Input { repository: name("team/app"), selection };
        assert_eq!(describe_images::apply(registry, &input).unwrap().image_details.len(), 1, "{tag} is described");
    }
    for image in repository.images().values() {
        for (blob, _) in image.manifest().blobs() {
            let layer = repository.layer(blob).unwrap_or_else(|| panic!("{blob} is not here"));
            assert!(layer.in_use, "{blob} is in use");
            assert_eq!(layer.is_archived, naive.is_archived(blob, universe), "{blob}");
        }
    }
    let tags = list_tags::Input { repository: name("team/app"), start: list_tags::Start::First, limit: None };
    assert_eq!(list_tags::apply(registry, &tags).unwrap().tags.len(), repository.tags().len());
    check_pages(registry, naive);
}

/// Small pages of both listings add up to everything.
fn check_pages(registry: &Registry, naive: &Naive) {
    let (mut rows, mut images) = (0, 0);
    let mut next_token = None;
    loop {
        let page = PageRequest { max_results: Some(2), next_token };
        let filter = list_images::ImageFilter::default();
        let input = list_images::Input { repository: name("team/app"), filter, page };
        let output = list_images::apply(registry, &input).unwrap();
        rows += output.image_ids.len();
        next_token = output.next_token;
        if next_token.is_none() {
            break;
        }
    }
    loop {
        let page = PageRequest { max_results: Some(2), next_token };
        let filter = list_images::ImageFilter::default();
        let selection = describe_images::Selection::Page { filter, page };
        let input = describe_images::Input { repository: name("team/app"), selection };
        let output = describe_images::apply(registry, &input).unwrap();
        images += output.image_details.len();
        next_token = output.next_token;
        if next_token.is_none() {
            break;
        }
    }
    let is_active = |digest: &Digest| !naive.archived.contains(digest) && !naive.activating.contains(digest);
    let active = || naive.images.iter().filter(|(digest, _)| is_active(digest)).map(|(_, tags)| tags);
    assert_eq!(rows, active().map(|tags| tags.len().max(1)).sum::<usize>());
    assert_eq!(images, active().count());
}

fn run(steps: Vec<Step>) {
    let universe = universe();
    let mut registry = with_repository();
    let mut naive = Naive::default();
    let mut forks: Vec<(Registry, Naive)> = Vec::new();
    for step in steps {
        let before = naive.clone();
        match step {
            Step::Link(which) => {
                let blob = blob(BLOBS[which]);
                naive.blobs.insert(blob.digest().clone());
                registry.repository_mut(&name("team/app")).unwrap().insert_layer(blob);
            }
            Step::Push { manifest, tag } => {
                let (manifest, tag) = (&universe[manifest], tag.map(|tag| TAGS[tag]));
                let expected = naive.push(manifest, tag);
                assert_eq!(outcome(&push(&mut registry, manifest, tag)), expected);
                assert!(expected == "stored" || naive == before, "an error changes nothing");
            }
            Step::DeleteTag(tag) => {
                let expected = naive.remove_tag(TAGS[tag], &universe);
                assert_eq!(delete(&mut registry, ImageIdentifier::by_tag(TAGS[tag])), expected);
            }
            Step::DeleteDigest(manifest) => {
                let digest = universe[manifest].digest();
                let expected = naive.remove(digest, &universe);
                assert_eq!(delete(&mut registry, ImageIdentifier::by_digest(digest.to_string())), expected);
            }
            Step::Mutability(mode) => {
                naive.mode = mode;
                set_mutability(&mut registry, mode);
            }
            Step::Fork => forks.push((registry.clone(), naive.clone())),
            Step::Replicate { manifest, tag } => check_replication(&registry, &universe[manifest], TAGS[tag]),
            Step::Archive(manifest) => {
                let digest = universe[manifest].digest();
                let expected = naive.archive(digest, &universe);
                assert_eq!(update_storage_class(&mut registry, digest, StorageClass::Archive), expected);
            }
            Step::BeginActivation(manifest) => {
                let digest = universe[manifest].digest();
                let expected = naive.begin_activation(digest);
                assert_eq!(update_storage_class(&mut registry, digest, StorageClass::Standard), expected);
            }
            Step::EndActivation { manifest, arrived } => {
                let digest = universe[manifest].digest().clone();
                naive.end_activation(&digest, arrived);
                let result = if arrived { Ok(()) } else { Err("FAULT".into()) };
                Work::Activation { repository: name("team/app"), digest }.settle(&mut registry, NOON, &result);
            }
        }
        assert_eq!(seen(&registry, naive.mode), naive);
        check_invariants(&registry, &naive, &universe);
    }
    for (fork, then) in forks {
        assert_eq!(seen(&fork, then.mode), then, "a fork keeps its own state");
        check_invariants(&fork, &then, &universe);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 192,
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    })]

    #[test]
    fn a_100_a_156_a_166_a_195_a_repository_does_what_two_maps_would_do(steps in proptest::collection::vec(step(), 1..60)) {
        run(steps);
    }
}

#[test]
fn a_write_in_a_fork_copies_only_what_it_touches() {
    let mut registry = registry();
    for number in 0..200 {
        super::testing::create(&mut registry, &format!("team/app{number}"));
    }
    let mut fork = registry.clone();
    set_replaced(&mut fork, "team/app7");
    let shared = |repository: &str| {
        Arc::ptr_eq(&registry.repositories()[&name(repository)], &fork.repositories()[&name(repository)])
    };
    assert!(!shared("team/app7"));
    assert!((0..200).filter(|number| shared(&format!("team/app{number}"))).count() == 199);
}

fn set_replaced(fork: &mut Registry, repository: &str) {
    fork.repository_mut(&name(repository)).unwrap().insert_layer(blob("only here"));
}

/// An image with a manifest of 428 bytes may cost 1,200 bytes of memory, of which these are the parts that we shape.
#[test]
fn what_is_kept_for_each_image_stays_small() {
    // The only tag of an image lies in it.
    assert!(size_of::<super::Image>() <= 72);
    assert!(size_of::<Manifest>() <= 184);
    assert!(size_of::<super::Descriptor>() <= 72);
    // Two of its pointers are policies, which most repositories do not have.
    assert!(size_of::<super::Repository>() <= 264);
}
