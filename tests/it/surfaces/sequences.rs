//! Sequences of operations, made up so that most of them meet something, and so that a failing one shrinks to a short story.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::content::{BLOBS, MANIFESTS};
use super::operation::{ImageId, Mutability, Operation, Part, Place, REPOSITORIES, Sequence, Surface, TAGS};

/// Up to 27 operations, 14 in the mean.
pub(super) fn sequences() -> impl Strategy<Value = Sequence> {
    vec(operation(), 1..28).prop_map(Sequence)
}

fn repository() -> impl Strategy<Value = &'static str> {
    // Most of what happens should happen in one place.
    prop_oneof![8 => Just(REPOSITORIES[0]), 4 => Just(REPOSITORIES[1]), 1 => Just(REPOSITORIES[2])]
}

fn tag() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => select(&TAGS[..2]), 1 => select(&TAGS[2..])]
}

fn manifest_number() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..2_usize, 2 => 2..MANIFESTS]
}

fn surface() -> impl Strategy<Value = Surface> {
    select(vec![Surface::Ecr, Surface::Oci])
}

fn image() -> impl Strategy<Value = ImageId> {
    prop_oneof![
        6 => tag().prop_map(ImageId::Tag),
        6 => manifest_number().prop_map(ImageId::Digest),
        2 => (tag(), manifest_number()).prop_map(|(tag, number)| ImageId::Both(tag, number)),
        1 => Just(ImageId::Neither),
    ]
}

/// A tag or a digest, as a path has it.
fn reference() -> impl Strategy<Value = ImageId> {
    prop_oneof![tag().prop_map(ImageId::Tag), manifest_number().prop_map(ImageId::Digest)]
}

fn mutability() -> impl Strategy<Value = Mutability> {
    select(vec![
        Mutability::Mutable,
        Mutability::Immutable,
        Mutability::MutableWithExclusion,
        Mutability::ImmutableWithExclusion,
    ])
}

fn part() -> impl Strategy<Value = Part> {
    (0..BLOBS).prop_flat_map(|blob| select(vec![Part::Whole(blob), Part::FirstHalf(blob), Part::SecondHalf(blob)]))
}

fn elsewhere() -> impl Strategy<Value = Option<&'static str>> {
    option::weighted(0.1, repository())
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![3 => settings(), 3 => uploads(), 3 => blobs(), 6 => pushes(), 7 => images()]
}

fn settings() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    let key = || select(vec!["team", "Team", "cost"]);
    prop_oneof![
        3 => (repository(), mutability())
            .prop_map(|(repository, mutability)| Op::CreateRepository { repository, mutability }),
        1 => (repository(), any::<bool>()).prop_map(|(repository, force)| Op::DeleteRepository { repository, force }),
        4 => (repository(), mutability())
            .prop_map(|(repository, mutability)| Op::PutImageTagMutability { repository, mutability }),
        1 => prop::bool::weighted(0.7).prop_map(|mounting| Op::PutAccountSetting { mounting }),
        1 => (repository(), key(), select(vec!["", "blue"]))
            .prop_map(|(repository, key, value)| Op::TagResource { repository, key, value }),
        1 => (repository(), key()).prop_map(|(repository, key)| Op::UntagResource { repository, key }),
        1 => repository().prop_map(|repository| Op::ListTagsForResource { repository }),
    ]
}

fn uploads() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    let place = prop_oneof![3 => Just(Place::Unsaid), 3 => Just(Place::AtEnd), 1 => Just(Place::Beyond)];
    prop_oneof![
        3 => ([surface(), surface(), surface()], repository(), 0..BLOBS)
            .prop_map(|(surfaces, repository, blob)| Op::Upload { surfaces, repository, blob }),
        3 => (surface(), repository()).prop_map(|(surface, repository)| Op::StartUpload { surface, repository }),
        4 => (surface(), 0..4_usize, elsewhere(), part(), place).prop_map(|(surface, upload, elsewhere, part, place)| {
            Op::AddPart { surface, upload, elsewhere, part, place }
        }),
        3 => (surface(), 0..4_usize, elsewhere(), 0..BLOBS, option::of(part())).prop_map(
            |(surface, upload, elsewhere, blob, last)| {
                Op::FinishUpload { surface, upload, elsewhere, blob, last: last.filter(|_| surface == Surface::Oci) }
            }
        ),
        1 => (0..4_usize).prop_map(|upload| Op::UploadStatus { upload }),
        1 => (0..4_usize).prop_map(|upload| Op::CancelUpload { upload }),
    ]
}

fn blobs() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    prop_oneof![
        3 => (repository(), 0..BLOBS).prop_map(|(repository, blob)| {
            Op::PushBlob { repository, bytes: blob, digest: blob }
        }),
        1 => (repository(), 0..BLOBS, 0..BLOBS)
            .prop_map(|(repository, bytes, digest)| Op::PushBlob { repository, bytes, digest }),
        3 => (repository(), repository(), 0..BLOBS)
            .prop_map(|(repository, from, blob)| Op::MountBlob { repository, from, blob }),
        2 => (repository(), 0..BLOBS, any::<bool>(), option::of((0..20_usize, 0..20_usize)))
            .prop_map(|(repository, blob, head, range)| Op::PullBlob { repository, blob, head, range }),
        1 => (repository(), 0..BLOBS)
            .prop_map(|(repository, blob)| Op::GetDownloadUrlForLayer { repository, blob }),
    ]
}

fn pushes() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    let put = (
        surface(),
        repository(),
        manifest_number(),
        option::weighted(0.7, tag()),
        option::weighted(0.2, manifest_number()),
    );
    prop_oneof![
        2 => (surface(), repository(), manifest_number(), option::weighted(0.7, tag()))
            .prop_map(|(surface, repository, manifest, tag)| Op::PushAll { surface, repository, manifest, tag }),
        1 => put.prop_map(|(surface, repository, manifest, tag, digest)| {
            Op::PutImage { surface, repository, manifest, tag, digest }
        }),
    ]
}

fn images() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    prop_oneof![
        (repository(), reference(), any::<bool>()).prop_map(|(repository, image, head)| Op::PullManifest {
            repository,
            image,
            head
        }),
        (repository(), reference()).prop_map(|(repository, image)| Op::DeleteManifest { repository, image }),
        (repository(), vec(image(), 1..4)).prop_map(|(repository, images)| Op::BatchGetImage { repository, images }),
        (repository(), vec(image(), 1..4)).prop_map(|(repository, images)| Op::BatchDeleteImage { repository, images }),
        (repository(), vec(image(), 1..3)).prop_map(|(repository, images)| Op::DescribeImages { repository, images }),
        (repository(), option::of(any::<bool>()), 1..4_usize).prop_map(|(repository, tagged, page)| Op::ListImages {
            repository,
            tagged,
            page
        }),
        (repository(), 1..4_usize).prop_map(|(repository, page)| Op::ListTags { repository, page }),
        (1..4_usize).prop_map(|page| Op::DescribeRepositories { page }),
        (1..4_usize).prop_map(|page| Op::Catalog { page }),
    ]
}
