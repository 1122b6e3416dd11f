//! `PATCH …/blobs/uploads/<id>`, and the body of the final `PUT`: adds bytes to an upload.
//!
//! In two steps as `UploadLayerPart`: [`check`] before the bytes are taken, [`apply`] with their number afterwards. How
//! many of them count after a broken connection is the adapter's matter; it says how many to take in.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks>

use crate::registry::context::Context;
use crate::registry::errors::{LimitExceeded, Limited, RepositoryNotFound, UploadNotFound};
use crate::registry::state::{Registry, UploadLookupError};
use crate::registry::types::{RepositoryName, Timestamp, UploadId};

/// What is to be added to what.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
    /// Where the caller says the bytes belong; absent: at the end.
    pub first_byte: Option<u64>,
}

/// The upload is ready for the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Bytes that it has.
    pub offset_bytes: u64,
    /// Bytes that it can still take.
    pub room_bytes: u64,
}

/// The bytes were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Bytes that the upload now has.
    pub offset_bytes: u64,
}

/// The bytes do not belong at the end of the upload, which stays usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The chunk begins at byte {first_byte}, but the upload with id '{upload_id}' has {offset_bytes} bytes")]
pub struct ChunkOutOfOrder {
    /// The upload.
    pub upload_id: UploadId,
    /// Where the caller's bytes begin.
    pub first_byte: u64,
    /// Bytes that the upload has.
    pub offset_bytes: u64,
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
    /// The bytes do not belong at the end.
    #[error(transparent)]
    OutOfOrder(#[from] ChunkOutOfOrder),
    /// Too many chunks, or too many bytes.
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

/// Says whether the bytes may come at `now`.
pub fn check(registry: &Registry, input: &Input, now: Timestamp) -> Result<Ready, Error> {
    let upload = registry.upload(&input.repository, &input.upload_id, now)?;
    let offset_bytes = upload.offset_bytes();
    if let Some(first_byte) = input.first_byte.filter(|first_byte| *first_byte != offset_bytes) {
        let upload_id = input.upload_id.clone();
        return Err(ChunkOutOfOrder { upload_id, first_byte, offset_bytes }.into());
    }
    Ok(Ready { offset_bytes, room_bytes: registry.quotas().layer_maximum_bytes.saturating_sub(offset_bytes) })
}

/// How the bytes of a chunk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEnd {
    /// All of them came.
    Whole,
    /// The sender went away; what comes next continues the same part.
    BrokenOff,
}

/// Takes `received_bytes` into the upload, once they are in the blob store.
pub fn apply(
    registry: &mut Registry,
    cx: &mut Context<'_>,
    input: &Input,
    received_bytes: u64,
    end: ChunkEnd,
) -> Result<Output, Error> {
    let ready = check(registry, input, cx.now)?;
    // The end of an upload brings no bytes and is no part.
    let upload = registry.upload(&input.repository, &input.upload_id, cx.now)?;
    let quotas = registry.quotas();
    if received_bytes > 0 && !upload.is_broken_off() {
        registry.check_room(Limited::LayerParts, upload.parts() as usize, quotas.layer_parts)?;
    }
    if received_bytes > ready.room_bytes {
        return Err(registry.limit(Limited::LayerBytes, quotas.layer_maximum_bytes).into());
    }
    let least_bytes = quotas.layer_part_minimum_bytes;
    let repository = registry.repository_mut(&input.repository)?;
    if let Some(upload) = repository.uploads_mut().get_mut(&input.upload_id) {
        upload.append(received_bytes, least_bytes, cx.now);
        if end == ChunkEnd::BrokenOff {
            upload.break_off();
        }
    }
    Ok(Output { offset_bytes: ready.offset_bytes + received_bytes })
}

#[cfg(test)]
mod tests {
    use super::super::{cancel_upload, finish_upload, initiate_layer_upload, upload_status};
    use super::*;
    use crate::registry::testing::{NOON, blob, name, with, with_repository};

    #[test]
    fn chunks_are_taken_at_the_end_and_the_upload_survives_one_out_of_order() {
        let mut registry = with_repository();
        let repository = name("team/app");
        let opening = initiate_layer_upload::Input { repository: repository.clone() };
        let upload_id = with(|cx| initiate_layer_upload::apply(&mut registry, cx, &opening)).unwrap().upload_id;
        let input = |first_byte: Option<u64>| Input {
            repository: repository.clone(),
            upload_id: upload_id.clone(),
            first_byte,
        };
        assert_eq!(with(|cx| apply(&mut registry, cx, &input(Some(0)), 3, ChunkEnd::Whole)).unwrap().offset_bytes, 3);
        let Err(Error::OutOfOrder(error)) = check(&registry, &input(Some(5)), NOON) else { panic!("accepted") };
        assert_eq!((error.first_byte, error.offset_bytes), (5, 3));
        assert_eq!(with(|cx| apply(&mut registry, cx, &input(None), 2, ChunkEnd::Whole)).unwrap().offset_bytes, 5);
        let status = upload_status::Input { repository: repository.clone(), upload_id: upload_id.clone() };
        assert_eq!(upload_status::apply(&registry, &status, NOON).unwrap().offset_bytes, 5);

        let mut cancelled = registry.clone();
        let cancel = cancel_upload::Input { repository: repository.clone(), upload_id: upload_id.clone() };
        with(|cx| cancel_upload::apply(&mut cancelled, cx, &cancel)).unwrap();
        assert!(upload_status::apply(&cancelled, &status, NOON).is_err());

        let rules = finish_upload::UploadRules::Distribution;
        let finish = finish_upload::Input { repository: repository.clone(), upload_id: upload_id.clone(), rules };
        let output = with(|cx| finish_upload::apply(&mut registry, cx, &finish, blob("layer"))).unwrap();
        assert_eq!(output.link, finish_upload::Link::Added);
        assert!(upload_status::apply(&registry, &status, NOON).is_err());
    }

    #[test]
    fn a_chunk_that_broke_off_and_went_on_is_one_part() {
        const MIB: u64 = 1 << 20;
        let check_end = |chunks: &[(u64, ChunkEnd)], ends: bool| {
            let mut registry = with_repository();
            let repository = name("team/app");
            let opening = initiate_layer_upload::Input { repository: repository.clone() };
            let upload_id = with(|cx| initiate_layer_upload::apply(&mut registry, cx, &opening)).unwrap().upload_id;
            let input = Input { repository: repository.clone(), upload_id: upload_id.clone(), first_byte: None };
            for (length, end) in chunks {
                with(|cx| apply(&mut registry, cx, &input, *length, *end)).unwrap();
            }
            let finish = finish_upload::Input { repository, upload_id, rules: finish_upload::UploadRules::Ecr };
            assert_eq!(finish_upload::check(&registry, &finish, NOON).is_ok(), ends, "{chunks:?}");
        };
        let (whole, broken) = (ChunkEnd::Whole, ChunkEnd::BrokenOff);
        check_end(&[(2 * MIB, broken), (3 * MIB, whole), (1, whole)], true);
        check_end(&[(2 * MIB, broken), (2 * MIB, whole), (1, whole)], false);
        check_end(&[(2 * MIB, whole), (3 * MIB, whole)], false);
        check_end(&[(MIB, broken), (MIB, broken), (3 * MIB, whole), (1, whole)], true);
    }
}
