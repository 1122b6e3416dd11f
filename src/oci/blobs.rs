//! Blobs: HEAD and GET, with ranges.

use http::Response;

use super::call::OciCall;
use crate::http::{ReplyBody, Stop, blob_response};
use crate::pull_through;
use crate::registry::ops::stat_blob;
use crate::wire_errors::ServerFault;

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
    Ok(blob_response(&call.arrival, reader))
}
