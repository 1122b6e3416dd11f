//! The layer operations that move bytes: a place for them, parts, and the end.
//!
//! The model says what may come and counts it; the bytes go to the session of the upload, outside of the world's writer.

use super::signed::{Signed, Stop};
use super::{Answer, LayerPart, WriteCall};
use crate::blobs::{FinishError, StoreError};
use crate::http::Call;
use crate::registry::Registry;
use crate::registry::ops::{cancel_upload, complete_layer_upload, upload_layer_part};
use crate::registry::types::{RegistryKey, RepositoryName, UploadId};
use crate::wire_errors::{BlobUploadUnknown, Failure, ServerFault};

/// Makes a place for the bytes of an upload that was just opened. After an error the upload must be forgotten.
pub(super) fn open_session(call: &Call, upload: &UploadId) -> Result<(), Failure> {
    let daemon = &call.daemon;
    let incarnation = call.world.identity().incarnation;
    if !daemon.uploads.open(incarnation, upload.clone(), daemon.blobs.begin()) {
        return Err(ServerFault("Too many uploads are open in this fixture.".to_owned()).into());
    }
    if call.world.ended().is_cancelled() {
        // The world ended after its sessions were closed, so nobody else will close this one.
        daemon.uploads.close(incarnation, upload);
    }
    Ok(())
}

/// Open uploads of a repository that is about to be deleted; their bytes go with it.
pub(super) fn uploads_ended_by(registry: &Registry, write: &WriteCall) -> Vec<UploadId> {
    let WriteCall::DeleteRepository(input) = write else { return Vec::new() };
    let repository = registry.repositories().get(&input.name);
    repository.map(|repository| repository.uploads().keys().cloned().collect()).unwrap_or_default()
}

fn session(call: &Call, upload: &UploadId) -> Result<crate::daemon::UploadBytes, Failure> {
    let found = call.daemon.uploads.find(call.world.identity().incarnation, upload);
    // A fork knows the uploads of its parent, but their bytes belong to the parent.
    found.ok_or_else(|| BlobUploadUnknown(upload.to_string()).into())
}

fn store_failure(error: &StoreError) -> Failure {
    ServerFault(format!("The fixture cannot store these bytes: {error}")).into()
}

/// `UploadLayerPart`.
pub(super) async fn upload_part(signed: &Signed, registry: &RegistryKey, part: LayerPart) -> Result<Answer, Stop> {
    let call = &signed.call;
    let check =
        || call.write(|live| live.read_registry(registry, |registry| upload_layer_part::check(registry, &part.input)));
    check()?;
    let session = session(call, &part.input.upload_id)?;
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
        Ok(output) => Ok(Answer::layer_part(registry.clone(), &part, output)),
        Err(error) => {
            upload.rollback(undo).map_err(|error| store_failure(&error))?;
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
    let check =
        || call.write(|live| live.read_registry(registry, |registry| complete_layer_upload::check(registry, &input)));
    check()?;
    let session = session(call, &input.upload_id)?;
    let mut bytes = session.lock().await;
    let ready = check()?;
    let upload = bytes.take().ok_or_else(|| BlobUploadUnknown(input.upload_id.to_string()))?;
    let actual = upload.sha256_so_far();
    // The bytes must have any of the digests; the one that they have, or the first, which is then refused.
    let expected = ready.digests.iter().find(|digest| **digest == actual).or(ready.digests.first());
    let finished = expected.map(|expected| upload.finish(expected));
    let end = |error: complete_layer_upload::Error| {
        if error.ends_upload() {
            forget(signed, registry, &input.repository, &input.upload_id);
        }
        Stop::from(error)
    };
    let blob = match finished {
        Some(Ok(blob)) => blob,
        Some(Err(FinishError::Store(error))) => {
            forget(signed, registry, &input.repository, &input.upload_id);
            return Err(store_failure(&error).into());
        }
        Some(Err(FinishError::DigestMismatch { .. })) | None => {
            let mismatch = call.write(|live| {
                live.read_registry(registry, |registry| complete_layer_upload::Error::digest_mismatch(registry, &input))
            });
            return Err(end(mismatch));
        }
    };
    let completed = call.write(|live| {
        live.on_registry(registry, &signed.caller, call.record, |registry, cx| {
            complete_layer_upload::apply(registry, cx, &input, blob)
        })
    });
    match completed {
        Ok(output) => {
            call.daemon.uploads.close(call.world.identity().incarnation, &input.upload_id);
            Ok(Answer::layer(registry.clone(), &input, output))
        }
        Err(error) => Err(end(error)),
    }
}

/// Drops an upload whose bytes are gone, or have no place.
pub(super) fn forget(signed: &Signed, registry: &RegistryKey, repository: &RepositoryName, upload: &UploadId) {
    let call = &signed.call;
    let input = cancel_upload::Input { repository: repository.clone(), upload_id: upload.clone() };
    // It may be gone with its repository already, which is what is wanted.
    let _ = call.write(|live| {
        live.on_registry(registry, &signed.caller, call.record, |registry, cx| {
            cancel_upload::apply(registry, cx, &input)
        })
    });
    call.daemon.uploads.close(call.world.identity().incarnation, upload);
}
