//! Uploads: start, bytes, status, end, and mounting instead of uploading.
//!
//! The bytes of an upload live in a session of the blob store, its length in the model. One request at a time writes to a
//! session; a second one waits. What a request brings counts once it is whole; of one that breaks off, only the bytes of
//! a request with `Content-Range` stay, because only such a client asks for the offset and goes on from there.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{CONTENT_RANGE, HeaderName, LOCATION, RANGE};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;

use super::call::{OciCall, reply, set};
use super::manifests::CONTENT_DIGEST;
use super::profile::{Digests, MountFromAnywhere};
use super::range::ChunkRange;
use crate::blobs::{Checkpoint, FinishError, StoreError, Upload};
use crate::http::{EndConnection, Ending, ReplyBody, Stop, drain, store_failure, whole};
use crate::registry::errors::InvalidLayer;
use crate::registry::ops::append_upload::{self, ChunkEnd};
use crate::registry::ops::{cancel_upload, finish_upload, initiate_layer_upload, mount_blob, upload_status};
use crate::registry::types::{Digest, RepositoryName, UploadId, VerifiedBlob};
use crate::registry::{Effect, templates};
use crate::wire_errors::{BlobUploadUnknown, DigestInvalid, Failure, RangeInvalid, SizeInvalid};
use crate::worlds::Live;

const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

pub(super) async fn start(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    check_algorithm(call)?;
    let input = initiate_layer_upload::Input { repository: repository.clone() };
    let missing = call.profile.missing_repository;
    let mut abandoned: Vec<UploadId> = Vec::new();
    let opened = call.call.write(|live| {
        call.may_create(live, &repository)?;
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            let opened = templates::on_push(registry, cx, &repository, missing, |registry, cx| {
                Ok::<_, Failure>(initiate_layer_upload::apply(registry, cx, &input)?)
            })?;
            abandoned.extend(cx.effects.iter().filter_map(Effect::abandoned_upload).cloned());
            Ok::<_, Failure>(opened)
        })
    })?;
    for upload in &abandoned {
        call.upload(&repository, upload).close();
    }
    call.upload(&repository, &opened.upload_id).open()?;
    match call.matched.query.digest.clone() {
        None => Ok(whole(session_reply(call, StatusCode::ACCEPTED, &repository, &opened.upload_id, 0))),
        Some(digest) => {
            let mut single =
                SingleRequest { call, repository: &repository, upload: &opened.upload_id, went_well: false };
            let ended = end(single.call, &repository, &opened.upload_id, &digest).await;
            single.went_well = ended.is_ok();
            ended
        }
    }
}

/// An upload in one request, whose body is all there is: nobody could go on with it, so none is left behind by a failure,
/// nor by a caller who goes away and whose request is abandoned at an `.await`.
struct SingleRequest<'a> {
    call: &'a mut OciCall,
    repository: &'a RepositoryName,
    upload: &'a UploadId,
    went_well: bool,
}

impl Drop for SingleRequest<'_> {
    fn drop(&mut self) {
        if !self.went_well {
            self.call.upload(self.repository, self.upload).forget();
        }
    }
}

/// The algorithm that a client announces, in the specification's drafts; ECR does not know the parameter.
fn check_algorithm(call: &OciCall) -> Result<(), Failure> {
    match call.matched.query.digest_algorithm.as_deref() {
        None | Some("" | "sha256" | "sha512") => Ok(()),
        Some(_) if call.profile.digests == Digests::Sha256 => Ok(()),
        Some(other) => Err(DigestInvalid(format!("`{other}` is no algorithm of a digest here").into()).into()),
    }
}

pub(super) async fn mount(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let digest = call.matched.query.mount.as_deref().and_then(|digest| digest.parse::<Digest>().ok());
    let source = digest.as_ref().and_then(|digest| call.call.write(|live| mount_source(call, live, digest)));
    if let (Some(digest), Some(from)) = (digest, source) {
        let rules = call.profile.mounts;
        let input = mount_blob::Input { repository: repository.clone(), digest: digest.clone(), from, rules };
        let missing = call.profile.missing_repository;
        let mounted = call.call.write(|live| {
            call.may_create(live, &repository)?;
            live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
                templates::on_push(registry, cx, &repository, missing, |registry, cx| {
                    Ok::<_, Failure>(mount_blob::apply(registry, cx, &input)?)
                })
            })
        })?;
        if mounted == mount_blob::Output::Mounted {
            return Ok(whole(blob_reply(call, &repository, &digest)));
        }
    }
    // Whatever keeps a blob from being mounted, the client gets an ordinary upload.
    start(call).await
}

/// Where to mount from: what the caller names, or whatever has the blob. Who mounts a blob could download it and push it
/// again, so it has to be allowed to do that.
fn mount_source(call: &OciCall, live: &Live, digest: &Digest) -> Option<RepositoryName> {
    match call.matched.query.from.as_deref() {
        Some(from) => from.parse().ok().filter(|from| call.may_read_layers_of(live, from)),
        None if call.profile.mounts_from_anywhere == MountFromAnywhere::Tried => live
            .read_registry(&call.registry, |registry| {
                mount_blob::sources(registry, digest).find(|from| call.may_read_layers_of(live, from)).cloned()
            }),
        None => None,
    }
}

pub(super) async fn patch(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let (repository, id) = (call.repository()?, upload_id(call));
    let addition = Addition::announced(call, &repository, &id)?;
    let session = call.upload(&repository, &id).bytes()?;
    let mut bytes = session.lock().await;
    let offset = addition.append(call, &mut bytes).await?;
    Ok(whole(session_reply(call, call.profile.patched, &repository, &id, offset)))
}

pub(super) async fn put(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let (repository, id) = (call.repository()?, upload_id(call));
    let digest = call.matched.query.digest.clone();
    let digest = digest.ok_or(DigestInvalid(Cow::Borrowed("the digest of the upload is missing")))?;
    end(call, &repository, &id, &digest).await
}

pub(super) fn status(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let (repository, id) = (call.repository()?, upload_id(call));
    let input = upload_status::Input { repository: repository.clone(), upload_id: id.clone() };
    let found = call.call.write(|live| {
        live.read_registry(&call.registry, |registry| upload_status::apply(registry, &input, live.now()))
    })?;
    Ok(whole(session_reply(call, StatusCode::NO_CONTENT, &repository, &id, found.offset_bytes)))
}

pub(super) fn cancel(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let input = cancel_upload::Input { repository: call.repository()?, upload_id: upload_id(call) };
    call.call.write(|live| {
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            cancel_upload::apply(registry, cx, &input)
        })
    })?;
    call.upload(&input.repository, &input.upload_id).close();
    Ok(whole(reply(StatusCode::NO_CONTENT, "")))
}

fn upload_id(call: &OciCall) -> UploadId {
    UploadId(Arc::from(call.matched.object.as_str()))
}

/// What a request adds to an upload.
struct Addition {
    input: append_upload::Input,
    chunk: Option<ChunkRange>,
}

impl Addition {
    /// Reads the head of the request. What it announces must agree, and belong where the upload ends.
    fn announced(call: &OciCall, repository: &RepositoryName, id: &UploadId) -> Result<Self, Failure> {
        let chunk = match call.arrival.header(CONTENT_RANGE) {
            None => None,
            Some(header) => Some(ChunkRange::parse(header).map_err(|error| SizeInvalid(error.to_string().into()))?),
        };
        if let (Some(chunk), Some(length)) = (chunk, call.arrival.content_length())
            && chunk.length() != length
        {
            let text = format!("Content-Range names {} bytes and the body has {length}", chunk.length());
            return Err(SizeInvalid(text.into()).into());
        }
        let input = append_upload::Input {
            repository: repository.clone(),
            upload_id: id.clone(),
            first_byte: chunk.map(|chunk| chunk.first),
        };
        let addition = Self { input, chunk };
        // The model first: an upload that is not there is told before a session is looked for.
        addition.check(call)?;
        Ok(addition)
    }

    fn check(&self, call: &OciCall) -> Result<append_upload::Ready, Failure> {
        let check = |live: &mut Live| {
            live.read_registry(&call.registry, |registry| append_upload::check(registry, &self.input, live.now()))
        };
        call.call.write(check).map_err(|error| self.failure(call, error))
    }

    /// Appends the request's body to the session, which nobody else holds meanwhile; answers the new length.
    async fn append(&self, call: &mut OciCall, session: &mut Option<Upload>) -> Result<u64, Stop> {
        // Whoever held the session before may have moved the end, or ended it.
        let ready = self.check(call)?;
        let upload = session.as_mut().ok_or_else(|| BlobUploadUnknown(self.input.upload_id.to_string()))?;
        let mut appending = Appending::begin(upload);
        let received = receive(call, &mut appending, ready.room_bytes, self.chunk).await;
        call.call.bytes_in = appending.received();
        match received {
            Ok(()) => {}
            Err(Broken::Off) if self.chunk.is_some() => {
                commit(call, &self.input, appending.received(), ChunkEnd::BrokenOff).map_err(Failure::from)?;
                appending.keep();
                return Err(Stop::Ended(EndConnection));
            }
            Err(Broken::Off) => return Err(Stop::Ended(EndConnection)),
            Err(Broken::Refused(failure)) => return Err(Stop::Failure(failure)),
        }
        let committed = commit(call, &self.input, appending.received(), ChunkEnd::Whole);
        let offset = committed.map_err(|error| self.failure(call, error))?;
        appending.keep();
        Ok(offset)
    }

    fn failure(&self, call: &OciCall, error: append_upload::Error) -> Failure {
        match error {
            append_upload::Error::OutOfOrder(order) => {
                let (first, offset) = (order.first_byte, order.offset_bytes);
                RangeInvalid {
                    message: format!("First byte of the layer part is {first} instead of {offset}").into(),
                    location: upload_location(call, &self.input.repository, &self.input.upload_id),
                    range: range_of(offset),
                }
                .into()
            }
            other => other.into(),
        }
    }
}

fn commit(
    call: &OciCall,
    input: &append_upload::Input,
    received: u64,
    end: ChunkEnd,
) -> Result<u64, append_upload::Error> {
    if received == 0 {
        // An empty body, as of most final PUTs, is no part.
        let ready = call.call.write(|live| {
            live.read_registry(&call.registry, |registry| append_upload::check(registry, input, live.now()))
        })?;
        return Ok(ready.offset_bytes);
    }
    let appended = call.call.write(|live| {
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            append_upload::apply(registry, cx, input, received, end)
        })
    })?;
    Ok(appended.offset_bytes)
}

/// Why the bytes of a request did not all arrive.
enum Broken {
    /// The connection ended.
    Off,
    /// They are refused.
    Refused(Box<Failure>),
}

async fn receive(
    call: &mut OciCall,
    appending: &mut Appending<'_>,
    room_bytes: u64,
    chunk: Option<ChunkRange>,
) -> Result<(), Broken> {
    let refused = |failure: Failure| Broken::Refused(Box::new(failure));
    let length = call.arrival.content_length();
    let Some(mut body) = call.arrival.take_body() else { return Ok(()) };
    let too_large = || refused(SizeInvalid(Cow::Borrowed("the layer is larger than a layer may be")).into());
    if length.is_some_and(|length| length > room_bytes) {
        drain(&call.call.daemon, body, length);
        return Err(too_large());
    }
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Broken::Off)?.into_data() else { continue };
        if appending.received() + data.len() as u64 > room_bytes {
            drain(&call.call.daemon, body, length);
            return Err(too_large());
        }
        if let Err(error) = appending.upload.write(&data) {
            drain(&call.call.daemon, body, length);
            return Err(refused(store_failure(&error)));
        }
    }
    match chunk {
        Some(chunk) if chunk.length() != appending.received() => {
            let text = format!("Content-Range names {} bytes and {} came", chunk.length(), appending.received());
            Err(refused(SizeInvalid(text.into()).into()))
        }
        _ => Ok(()),
    }
}

/// Bytes on their way into an upload. Dropped without [`Self::keep`], it undoes them, also when the caller went away and
/// the request was abandoned at an `.await`.
struct Appending<'a> {
    upload: &'a mut Upload,
    start: u64,
    undo: Option<Checkpoint>,
}

impl<'a> Appending<'a> {
    fn begin(upload: &'a mut Upload) -> Self {
        let (start, undo) = (upload.offset(), Some(upload.checkpoint()));
        Self { upload, start, undo }
    }

    fn received(&self) -> u64 {
        self.upload.offset() - self.start
    }

    fn keep(mut self) {
        self.undo = None;
    }
}

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        if let Some(checkpoint) = self.undo.take() {
            self.upload.rollback(checkpoint);
        }
    }
}

/// Takes what the body has, then ends the upload under `digest`.
async fn end(
    call: &mut OciCall,
    repository: &RepositoryName,
    id: &UploadId,
    digest: &str,
) -> Result<Response<ReplyBody>, Stop> {
    let expected = call.pushed_digest(digest)?;
    let addition = Addition::announced(call, repository, id)?;
    let session = call.upload(repository, id).bytes()?;
    // Held to the end, so that no other request adds anything between the last byte and the digest.
    let mut bytes = session.lock().await;
    addition.append(call, &mut bytes).await?;
    let rules = call.profile.uploads;
    let input = finish_upload::Input { repository: repository.clone(), upload_id: id.clone(), rules };
    call.call.write(|live| {
        live.read_registry(&call.registry, |registry| finish_upload::check(registry, &input, live.now()))
    })?;
    let upload = bytes.take().ok_or_else(|| BlobUploadUnknown(id.to_string()))?;
    // Whatever comes of it, the upload is over: its bytes become a blob or are gone.
    let ending = Ending::of(call.upload(repository, id));
    let blob = match verify(upload, &expected).await {
        Ok(blob) => blob,
        Err(FinishError::Store(error)) => return Err(store_failure(&error).into()),
        Err(FinishError::DigestMismatch { .. }) => {
            return Err(InvalidLayer {
                layer_digests: vec![expected.to_string()],
                upload_id: id.clone(),
                repository: repository.clone(),
                registry_id: call.registry.account,
            }
            .into());
        }
    };
    call.call.write(|live| {
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            finish_upload::apply(registry, cx, &input, blob)
        })
    })?;
    ending.well();
    Ok(whole(blob_reply(call, repository, &expected)))
}

/// Verifies an upload's bytes. In most cases their hash is known already; only a SHA-512 name needs a second reading.
async fn verify(upload: Upload, expected: &Digest) -> Result<VerifiedBlob, FinishError> {
    match expected {
        Digest::Sha256(_) => upload.finish(expected),
        Digest::Sha512(_) => {
            let expected = expected.clone();
            let finished = tokio::task::spawn_blocking(move || upload.finish(&expected)).await;
            finished
                .unwrap_or_else(|_| Err(FinishError::Store(StoreError::Io(std::io::Error::other("hashing failed")))))
        }
    }
}

fn upload_location(call: &OciCall, repository: &RepositoryName, id: &UploadId) -> String {
    format!("{}/v2/{repository}/blobs/uploads/{id}", call.location_base)
}

/// `0-<last byte>`; the specification has no other form for an empty upload than `0-0`.
fn range_of(offset: u64) -> String {
    format!("0-{}", offset.saturating_sub(1))
}

fn session_reply(
    call: &OciCall,
    status: StatusCode,
    repository: &RepositoryName,
    id: &UploadId,
    offset: u64,
) -> Response<bytes::Bytes> {
    let mut response = reply(status, "");
    set(&mut response, LOCATION, &upload_location(call, repository, id));
    set(&mut response, UPLOAD_UUID, &id.to_string());
    set(&mut response, RANGE, &range_of(offset));
    response
}

fn blob_reply(call: &OciCall, repository: &RepositoryName, digest: &Digest) -> Response<bytes::Bytes> {
    let mut response = reply(StatusCode::CREATED, "");
    set(&mut response, LOCATION, &call.blob_location(repository, digest));
    set(&mut response, CONTENT_DIGEST, &digest.to_string());
    response
}
