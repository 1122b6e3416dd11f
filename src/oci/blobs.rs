//! Blobs: HEAD and GET, with ranges, and DELETE.

use std::borrow::Cow;

use http::{Response, StatusCode};

use super::call::{OciCall, reply};
use super::profile::BlobDeletion;
use crate::http::{ReplyBody, Stop, blob_response, whole};
use crate::pull_through;
use crate::registry::ops::{delete_blob, stat_blob};
use crate::wire_errors::{ServerFault, Unsupported};

pub(super) async fn fetch(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let digest = call.digest()?;
    pull_through::bring_blob(&call.call, &call.registry, &call.caller, &repository, &digest).await?;
    let input = stat_blob::Input { repository, digest };
    let found =
        call.call.write(|live| live.read_registry(&call.registry, |registry| stat_blob::apply(registry, &input)))?;
    // The model's handle keeps the bytes, so whoever has one can open them.
    let reader = call.call.daemon.blobs.open(found.blob.digest());
    let reader = reader.ok_or_else(|| ServerFault(format!("the bytes of {} are missing", found.blob.digest())))?;
    Ok(blob_response(&call.arrival, reader, call.profile.several_ranges))
}

pub(super) fn delete(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    if call.profile.blob_deletion == BlobDeletion::Unsupported {
        return Err(Unsupported(Cow::Borrowed("ECR does not delete blobs over this API.")).into());
    }
    let input = delete_blob::Input { repository: call.repository()?, digest: call.digest()? };
    let deleted = call.call.write(|live| {
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            delete_blob::apply(registry, cx, &input)
        })
    })?;
    // Here, outside of the writer: the bytes may go with it.
    drop(deleted);
    Ok(whole(reply(StatusCode::ACCEPTED, "")))
}
