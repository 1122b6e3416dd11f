//! One request for a blob by URL, from the path to the reply.
//!
//! A download that was redirected here goes on under the record of the call that was redirected, with what rules decided
//! of its body; any other is a call of its own. So a download is one `blob.get`, whichever way it takes.

use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RANGE};
use http::{HeaderMap, Method, Response, StatusCode};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::errors::StorageError;
use super::url::{Grant, Place};
use crate::facts::{Fact, Facts, Surface};
use crate::http::{Arrival, Call, EndConnection, ReplyBody, Stop, blob_response, whole, without_body_if};
use crate::ids::uuid_from;
use crate::oci::range::SeveralRanges;
use crate::operations::{Operation, Route};
use crate::registry::ops::stat_blob;
use crate::registry::types::VerifiedBlob;
use crate::wire_errors::Failure;
use crate::worlds::World;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const HOST_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Serves one request below [`super::PATH`].
pub(crate) async fn serve(mut arrival: Arrival) -> Result<Response<ReplyBody>, EndConnection> {
    let place = Place::parse(arrival.parts.uri.path());
    let world = place.as_ref().and_then(|place| arrival.daemon.directory.world(&place.world));
    // The port of one world serves no other.
    let is_here = |world: &World| arrival.listener.as_ref().is_none_or(|listener| listener == world.id());
    let is_read = matches!(arrival.parts.method, Method::GET | Method::HEAD);
    let (place, world) = match (place, world.filter(|world| is_here(world))) {
        (Some(place), Some(world)) if is_read => (place, world),
        (Some(_), Some(_)) => {
            let mut refusal = unaddressed(&arrival, &StorageError::MethodNotAllowed(arrival.parts.method.to_string()));
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            arrival.drain();
            return Ok(refusal);
        }
        (place, _) => {
            let path = arrival.parts.uri.path().to_owned();
            let error = place.map_or(StorageError::NoSuchKey(path), |_| StorageError::NoSuchBucket);
            let refusal = unaddressed(&arrival, &error);
            arrival.drain();
            return Ok(refusal);
        }
    };
    let mut facts = facts(&arrival, &place);
    let (blob, grant) = match admit(&arrival, &world, &place) {
        Ok(admitted) => admitted,
        Err(error) => {
            // Rules are not asked: a forged or expired URL must not use up what is meant for a download.
            let record = arrival.record(facts);
            let call = Call::refused(&arrival.daemon, world, &arrival.connection, record);
            return fail(call, &arrival, &error).await;
        }
    };
    facts.set(Fact::Size, blob.size_bytes());
    let redirected = grant.call.filter(|_| !arrival.is_head());
    let resumed = redirected.and_then(|record| Call::resumed(&arrival.daemon, &world, &arrival.connection, record));
    let call = if let Some(call) = resumed {
        call
    } else {
        let record = arrival.record(facts);
        let mut call = Call::open(&arrival.daemon, world, &arrival.connection, record);
        match call.before(Surface::Oci).await {
            Ok(()) => call,
            Err(Stop::Ended(ended)) => return Err(ended),
            Err(Stop::Failure(failure)) => return fail(call, &arrival, &scripted(&failure)).await,
        }
    };
    let Some(reader) = call.daemon.blobs.open(blob.digest()) else {
        return fail(call, &arrival, &StorageError::Internal).await;
    };
    let size = reader.size_bytes();
    let mut response = blob_response(&arrival, reader, SeveralRanges::Ignored);
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        let requested = arrival.header(RANGE).unwrap_or_default().to_owned();
        return fail(call, &arrival, &StorageError::InvalidRange { requested, size }).await;
    }
    // S3 knows its keys, not what their bytes hash to.
    response.headers_mut().remove(CONTENT_DIGEST);
    Ids::of(&call).put_on(response.headers_mut());
    call.reply(without_body_if(arrival.is_head(), response), None).await
}

fn facts(arrival: &Arrival, place: &Place) -> Facts {
    let operation = Route::BlobGet.operation().map(Operation::name);
    arrival
        .facts(Surface::Oci, Route::BlobGet.name(), operation)
        .with(Fact::Account, place.registry.account.as_str())
        .with(Fact::Region, place.registry.region.as_str())
        .with(Fact::Repository, place.repository.as_str())
        .with(Fact::Digest, place.digest.clone())
}

/// The blob, if the URL is ours, has not expired, and the blob is still there.
fn admit(arrival: &Arrival, world: &World, place: &Place) -> Result<(VerifiedBlob, Grant), StorageError> {
    let input = stat_blob::Input { repository: place.repository.clone(), digest: place.digest.clone() };
    let (now, found) = world
        .write(|live| (live.now(), live.read_registry(&place.registry, |registry| stat_blob::apply(registry, &input))));
    let grant = place.check(&world.identity().key, arrival.parts.uri.query().unwrap_or_default(), now)?;
    let found = found.map_err(|_| StorageError::NoSuchKey(arrival.parts.uri.path().to_owned()))?;
    Ok((found.blob, grant))
}

fn scripted(failure: &Failure) -> StorageError {
    let form = failure.oci();
    StorageError::Scripted { status: form.status, code: form.code.into_owned(), message: form.message }
}

async fn fail(call: Call, arrival: &Arrival, error: &StorageError) -> Result<Response<ReplyBody>, EndConnection> {
    let response = refusal(error, &Ids::of(&call));
    let code = error.code().into_owned();
    call.reply(without_body_if(arrival.is_head(), response), Some(&code)).await
}

/// The reply to a request that no world can be asked about, which no record has.
fn unaddressed(arrival: &Arrival, error: &StorageError) -> Response<ReplyBody> {
    let number = arrival.connection.number;
    without_body_if(arrival.is_head(), refusal(error, &Ids::from(&[b"unaddressed", &number.to_be_bytes()])))
}

fn refusal(error: &StorageError, ids: &Ids) -> Response<ReplyBody> {
    let mut response = Response::new(bytes::Bytes::from(error.xml(&ids.request, &ids.host)));
    *response.status_mut() = error.form().status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if let StorageError::InvalidRange { size, .. } = error
        && let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}"))
    {
        response.headers_mut().insert(http::header::CONTENT_RANGE, range);
    }
    ids.put_on(response.headers_mut());
    whole(response)
}

/// What S3 calls a request by, the same in each run of the same test.
struct Ids {
    /// 16 hexadecimal digits.
    request: String,
    /// Base64.
    host: String,
}

impl Ids {
    fn of(call: &Call) -> Self {
        Self::from(&[b"storage", &call.seed.to_be_bytes(), &call.record.to_be_bytes()])
    }

    fn from(parts: &[&[u8]]) -> Self {
        let digits = uuid_from(parts).replace('-', "").to_ascii_uppercase();
        Self { request: digits[16..].to_owned(), host: STANDARD.encode(digits) }
    }

    fn put_on(&self, headers: &mut HeaderMap) {
        for (name, value) in [(REQUEST_ID, &self.request), (HOST_ID, &self.host)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}
