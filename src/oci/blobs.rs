//! Blobs: HEAD and GET, with ranges or by redirect, and DELETE.

use std::borrow::Cow;

use http::header::LOCATION;
use http::{Response, StatusCode};

use super::call::{OciCall, reply, set};
use super::profile::{BlobDeletion, Downloads};
use super::range::SeveralRanges;
use crate::http::{ReplyBody, Stop, blob_response, whole};
use crate::operations::Route;
use crate::pull_through;
use crate::registry::ops::{delete_blob, stat_blob};
use crate::registry::types::Timestamp;
use crate::storage::Place;
use crate::wire_errors::{BlobRangeInvalid, ServerFault, Unsupported};

pub(super) async fn fetch(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let digest = call.digest()?;
    pull_through::bring_blob(&call.call, &call.registry, &call.caller, &repository, &digest).await?;
    let input = stat_blob::Input { repository, digest };
    let (now, found) = call
        .call
        .write(|live| (live.now(), live.read_registry(&call.registry, |registry| stat_blob::apply(registry, &input))));
    let found = found?;
    if call.matched.route == Route::BlobGet && call.downloads() == Downloads::Redirected {
        return Ok(redirect(call, &input, now));
    }
    // The model's handle keeps the bytes, so whoever has one can open them.
    let reader = call.call.daemon.blobs.open(found.blob.digest());
    let reader = reader.ok_or_else(|| ServerFault(format!("the bytes of {} are missing", found.blob.digest())))?;
    let response = blob_response(&call.arrival, reader, SeveralRanges::Multipart);
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return Err(BlobRangeInvalid(found.blob.size_bytes()).into());
    }
    Ok(response)
}

/// Sends the client to the storage, by the host that it called: its name may be the only one by which it reaches us.
fn redirect(call: &mut OciCall, blob: &stat_blob::Input, now: Timestamp) -> Response<ReplyBody> {
    let identity = call.call.world.identity();
    let place = Place::new(identity, &call.registry, &blob.repository, &blob.digest);
    let url = format!("{}{}", call.base_url, place.presigned(&identity.key, now, Some(call.call.record)));
    call.call.redirect_body();
    let mut response = reply(StatusCode::TEMPORARY_REDIRECT, "");
    set(&mut response, LOCATION, &url);
    whole(response)
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
