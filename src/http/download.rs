//! The reply to a GET or HEAD of a blob: ranges, validators, and a body that streams.

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, RANGE,
};
use http::{Response, StatusCode};

use super::arrival::Arrival;
use super::body::ReplyBody;
use crate::blobs::BlobReader;
use crate::oci::range::RequestedRange;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Blobs never change, so they may be kept for a year.
const A_YEAR: &str = "max-age=31536000";

/// The reply that hands out a blob, as the request's headers ask for it.
pub fn blob_response(arrival: &Arrival, reader: BlobReader) -> Response<ReplyBody> {
    let digest = reader.digest().to_string();
    let etag = format!("\"{digest}\"");
    if arrival.header(IF_NONE_MATCH).is_some_and(|given| given == etag) {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        set(&mut response, ETAG, &etag);
        return response;
    }
    let size = reader.size_bytes();
    let range = match arrival.header(RANGE) {
        Some(header) if !arrival.is_head() => RequestedRange::parse(header, size),
        _ => RequestedRange::Whole,
    };
    let mut response = match range {
        RequestedRange::Whole => Response::new(ReplyBody::blob(reader, 0, size)),
        RequestedRange::Part { start, end_exclusive } => {
            let mut response = Response::new(ReplyBody::blob(reader, start, end_exclusive));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(&mut response, CONTENT_RANGE, &format!("bytes {start}-{}/{size}", end_exclusive - 1));
            response
        }
        RequestedRange::Unsatisfiable => {
            let mut response = empty(StatusCode::RANGE_NOT_SATISFIABLE);
            set(&mut response, CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
    };
    set(&mut response, CONTENT_TYPE, "application/octet-stream");
    set(&mut response, CONTENT_DIGEST, &digest);
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, ETAG, &etag);
    set(&mut response, CACHE_CONTROL, A_YEAR);
    response
}

/// Takes the body off a reply to HEAD; its length stays announced.
pub fn without_body_if(is_head: bool, mut response: Response<ReplyBody>) -> Response<ReplyBody> {
    if is_head {
        let length = HeaderValue::from(response.body().length());
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length);
        *response.body_mut() = ReplyBody::empty();
    }
    response
}

fn empty(status: StatusCode) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = status;
    response
}

fn set(response: &mut Response<ReplyBody>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
