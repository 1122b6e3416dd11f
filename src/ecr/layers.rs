//! The layer operations that move bytes: parts, and the end.
//!
//! The model says what may come and counts it; the bytes go to the session of the upload, outside of the world's writer.

use super::signed::Signed;
use super::wire::layers::{layer_answer, part_answer};
use super::{Answer, LayerPart};
use crate::blobs::FinishError;
use crate::http::{Ending, Stop, UploadSession, store_failure};
use crate::registry::ops::{complete_layer_upload, upload_layer_part};
use crate::registry::types::RegistryKey;
use crate::wire_errors::BlobUploadUnknown;

/// `UploadLayerPart`.
pub(super) async fn upload_part(signed: &Signed, registry: &RegistryKey, part: LayerPart) -> Result<Answer, Stop> {
    let call = &signed.call;
    let check = || {
        call.write(|live| {
            live.read_registry(registry, |registry| upload_layer_part::check(registry, &part.input, live.now()))
        })
    };
    check()?;
    let session = UploadSession {
        call,
        registry,
        caller: &signed.caller,
        repository: &part.input.repository,
        upload: &part.input.upload_id,
    };
    let session = session.bytes()?;
    let mut bytes = session.lock().await;
    // Whoever held the session before may have moved the end, or ended it.
    check()?;
    let upload = bytes.as_mut().ok_or_else(|| BlobUploadUnknown(part.input.upload_id.to_string()))?;
    let undo = upload.checkpoint();
    upload.write(&part.bytes).map_err(|error| store_failure(&error))?;
    let taken = call.write(|live| {
        live.on_registry(registry, &signed.caller, call.record, |registry, cx| {
            upload_layer_part::apply(registry, cx, &part.input)
        })
    });
    match taken {
        Ok(output) => Ok(part_answer(registry, &part.input, &output)),
        Err(error) => {
            upload.rollback(undo);
            Err(error.into())
        }
    }
}

/// `CompleteLayerUpload`.
pub(super) async fn complete(
    signed: &Signed,
    registry: &RegistryKey,
    input: complete_layer_upload::Input,
) -> Result<Answer, Stop> {
    let call = &signed.call;
    let check = || {
        call.write(|live| {
            live.read_registry(registry, |registry| complete_layer_upload::check(registry, &input, live.now()))
        })
    };
    check()?;
    let session = UploadSession {
        call,
        registry,
        caller: &signed.caller,
        repository: &input.repository,
        upload: &input.upload_id,
    };
    let held = session.bytes()?;
    let mut bytes = held.lock().await;
    let ready = check()?;
    let upload = bytes.take().ok_or_else(|| BlobUploadUnknown(input.upload_id.to_string()))?;
    // Whatever comes of it, the upload is over: its bytes become a blob or are gone.
    let ending = Ending::of(session);
    let actual = upload.sha256_so_far();
    // The bytes must have any of the digests; the one that they have, or the first, which is then refused.
    let expected = ready.digests.iter().find(|digest| **digest == actual).or(ready.digests.first());
    let blob = match expected.map(|expected| upload.finish(expected)) {
        Some(Ok(blob)) => blob,
        Some(Err(FinishError::Store(error))) => return Err(store_failure(&error).into()),
        Some(Err(FinishError::DigestMismatch { .. })) | None => {
            return Err(call
                .write(|live| {
                    live.read_registry(registry, |registry| {
                        complete_layer_upload::Error::digest_mismatch(registry, &input)
                    })
                })
                .into());
        }
    };
    let completed = call.write(|live| {
        live.on_registry(registry, &signed.caller, call.record, |registry, cx| {
            complete_layer_upload::apply(registry, cx, &input, blob)
        })
    })?;
    ending.well();
    Ok(layer_answer(registry, &input, &completed))
}
