//! `UploadLayerPart`: adds the next part to an upload.
//!
//! In two steps, since the bytes go to the blob store and not through here: [`check`] before they are taken, [`apply`]
//! once they are there, which checks again.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html>

use crate::registry::context::Context;
use crate::registry::errors::{InvalidLayerPart, LimitExceeded, Limited, RepositoryNotFound, UploadNotFound};
use crate::registry::state::{Registry, UploadLookupError};
use crate::registry::types::{RepositoryName, Timestamp, UploadId};

/// A part.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
    /// Index of its first byte in the layer.
    pub part_first_byte: u64,
    /// Index of its last byte in the layer.
    pub part_last_byte: u64,
    /// Bytes that came with the call.
    pub length_bytes: u64,
}

/// The part was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Index of the last byte that the upload now has.
    pub last_byte_received: u64,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No such upload.
    #[error(transparent)]
    UploadNotFound(#[from] UploadNotFound),
    /// Not the part that comes next, or its range and length disagree.
    #[error(transparent)]
    InvalidLayerPart(#[from] InvalidLayerPart),
    /// Too many parts, or too many bytes of the layer or the part (the latter unconfirmed).
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

impl From<UploadLookupError> for Error {
    fn from(error: UploadLookupError) -> Self {
        match error {
            UploadLookupError::RepositoryNotFound(error) => error.into(),
            UploadLookupError::UploadNotFound(error) => error.into(),
        }
    }
}

/// Says whether the part is the one that comes next, at `now`.
pub fn check(registry: &Registry, input: &Input, now: Timestamp) -> Result<(), Error> {
    let upload = registry.upload(&input.repository, &input.upload_id, now)?;
    let length = input.part_last_byte.checked_sub(input.part_first_byte).and_then(|span| span.checked_add(1));
    if length != Some(input.length_bytes) || input.part_first_byte != upload.offset_bytes() {
        return Err(Error::InvalidLayerPart(InvalidLayerPart {
            upload_id: input.upload_id.clone(),
            repository: input.repository.clone(),
            registry_id: registry.id(),
            last_valid_byte_received: upload.last_valid_byte(),
        }));
    }
    let quotas = registry.quotas();
    if input.length_bytes > quotas.layer_part_maximum_bytes {
        return Err(registry.limit(Limited::LayerPartBytes, quotas.layer_part_maximum_bytes).into());
    }
    registry.check_room(Limited::LayerParts, upload.parts() as usize, quotas.layer_parts)?;
    if input.part_last_byte >= quotas.layer_maximum_bytes {
        return Err(registry.limit(Limited::LayerBytes, quotas.layer_maximum_bytes).into());
    }
    Ok(())
}

/// Takes the part into the upload, once its bytes are in the blob store.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    check(registry, input, cx.now)?;
    let least_bytes = registry.quotas().layer_part_minimum_bytes;
    let repository = registry.repository_mut(&input.repository)?;
    if let Some(upload) = repository.uploads_mut().get_mut(&input.upload_id) {
        upload.append(input.length_bytes, least_bytes, cx.now);
    }
    Ok(Output { last_byte_received: input.part_last_byte })
}

#[cfg(test)]
mod tests {
    use super::super::{complete_layer_upload, finish_upload, initiate_layer_upload};
    use super::*;
    use crate::registry::limits;
    use crate::registry::testing::{NOON, blob, name, with, with_repository};
    use crate::registry::types::Digest;

    const MIB: u64 = 1_048_576;

    fn open(registry: &mut Registry) -> UploadId {
        let input = initiate_layer_upload::Input { repository: name("team/app") };
        let output = with(|cx| initiate_layer_upload::apply(registry, cx, &input)).unwrap();
        assert_eq!(output.part_size, 10 * MIB);
        output.upload_id
    }

    fn send(registry: &mut Registry, upload_id: &UploadId, first: u64, length: u64) -> Result<u64, Error> {
        let input = Input {
            repository: name("team/app"),
            upload_id: upload_id.clone(),
            part_first_byte: first,
            part_last_byte: (first + length).saturating_sub(1),
            length_bytes: length,
        };
        with(|cx| apply(registry, cx, &input)).map(|output| output.last_byte_received)
    }

    fn completion(upload_id: &UploadId, digest: &Digest) -> complete_layer_upload::Input {
        complete_layer_upload::Input {
            repository: name("team/app"),
            upload_id: upload_id.clone(),
            layer_digests: vec!["nonsense".to_owned(), digest.to_string()],
        }
    }

    #[test]
    fn c_087_c_088_c_090_parts_follow_each_other() {
        let mut registry = with_repository();
        let upload_id = open(&mut registry);
        let refused = |result: Result<u64, Error>| match result {
            Err(Error::InvalidLayerPart(error)) => error.last_valid_byte_received,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(send(&mut registry, &upload_id, 1, 5)), 0, "nothing received shows as 0");
        assert_eq!(send(&mut registry, &upload_id, 0, 10).unwrap(), 9);
        assert_eq!(refused(send(&mut registry, &upload_id, 0, 10)), 9, "a part that is there already");
        assert_eq!(refused(send(&mut registry, &upload_id, 11, 10)), 9, "a gap");
        let wrong = |first, last, length_bytes| Input {
            repository: name("team/app"),
            upload_id: upload_id.clone(),
            part_first_byte: first,
            part_last_byte: last,
            length_bytes,
        };
        for (first, last, length) in [(10, 19, 9), (10, 9, 0), (10, 5, 10), (10, u64::MAX, 3)] {
            let result = check(&registry, &wrong(first, last, length), NOON);
            assert!(matches!(result, Err(Error::InvalidLayerPart(_))), "{first}-{last} with {length}");
        }
        assert_eq!(send(&mut registry, &upload_id, 10, 1).unwrap(), 10);
    }

    #[test]
    fn c_092_parts_are_counted() {
        let mut registry = with_repository();
        let upload_id = open(&mut registry);
        for part in 0..u64::from(limits::LAYER_PARTS) {
            send(&mut registry, &upload_id, part, 1).unwrap();
        }
        let over = send(&mut registry, &upload_id, u64::from(limits::LAYER_PARTS), 1);
        assert!(matches!(over, Err(Error::LimitExceeded(_))));
    }

    #[test]
    fn c_091_c_096_an_upload_needs_parts_of_5_mib_but_the_last() {
        let digest = blob("layer").digest().clone();
        let cases: [(&[u64], Result<(), &str>); 5] = [
            (&[], Err("does not contain any layer parts")),
            (&[1], Ok(())),
            (&[5 * MIB, 1], Ok(())),
            (&[5 * MIB - 1, 1], Err("smaller than 5 MiB")),
            (&[5 * MIB, 1, 5 * MIB], Err("smaller than 5 MiB")),
        ];
        for (parts, expected) in cases {
            let mut registry = with_repository();
            let upload_id = open(&mut registry);
            let mut offset = 0;
            for length in parts {
                send(&mut registry, &upload_id, offset, *length).unwrap();
                offset += length;
            }
            match (complete_layer_upload::check(&registry, &completion(&upload_id, &digest), NOON), expected) {
                (Ok(ready), Ok(())) => assert_eq!((ready.size_bytes, ready.digests), (offset, vec![digest.clone()])),
                (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{parts:?}: {error}"),
                (result, _) => panic!("{parts:?}: {result:?}"),
            }
            let input = finish_upload::Input {
                repository: name("team/app"),
                upload_id,
                rules: finish_upload::UploadRules::Distribution,
            };
            assert!(finish_upload::check(&registry, &input, NOON).is_ok(), "{parts:?}");
        }
    }

    #[test]
    fn c_093_c_094_c_095_c_098_completion_links_the_layer_once() {
        let mut registry = with_repository();
        let layer = blob("layer");
        let upload_id = open(&mut registry);
        send(&mut registry, &upload_id, 0, 5).unwrap();
        let input = completion(&upload_id, layer.digest());
        let wrong = with(|cx| complete_layer_upload::apply(&mut registry, cx, &input, blob("other"))).unwrap_err();
        assert!(matches!(&wrong, complete_layer_upload::Error::InvalidLayer(_)));
        with(|cx| complete_layer_upload::apply(&mut registry, cx, &input, layer.clone())).unwrap();
        let again = with(|cx| complete_layer_upload::apply(&mut registry, cx, &input, layer.clone())).unwrap_err();
        assert!(matches!(again, complete_layer_upload::Error::UploadNotFound(_)));

        let second = {
            // Ids of the tests begin anew in each context.
            let mut uploads = registry.clone();
            let upload_id = open(&mut uploads);
            send(&mut uploads, &upload_id, 0, 5).unwrap();
            let input = completion(&upload_id, layer.digest());
            with(|cx| complete_layer_upload::apply(&mut uploads, cx, &input, layer.clone())).unwrap_err()
        };
        assert!(matches!(&second, complete_layer_upload::Error::AlreadyExists(_)));
    }

    #[test]
    fn c_098_an_upload_belongs_to_its_repository() {
        let mut registry = with_repository();
        crate::registry::testing::create(&mut registry, "team/web");
        let upload_id = open(&mut registry);
        let input =
            Input { repository: name("team/web"), upload_id, part_first_byte: 0, part_last_byte: 0, length_bytes: 1 };
        assert!(matches!(check(&registry, &input, NOON), Err(Error::UploadNotFound(_))));
    }
}
