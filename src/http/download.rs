//! The reply to a GET or HEAD of a blob: ranges, validators, and a body that streams.

use std::borrow::Cow;

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, RANGE,
};
use http::{HeaderMap, Response, StatusCode};

use super::arrival::Arrival;
use super::body::{Piece, ReplyBody};
use crate::blobs::BlobReader;
use crate::oci::range::{RequestedRange, SeveralRanges, several_parts};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Type of every blob.
const OCTETS: &str = "application/octet-stream";
/// Letters of the line between parts; RFC 2046 allows 70.
const BOUNDARY_CHARACTERS: usize = 32;
/// Blobs never change, so they may be kept for a year.
const A_YEAR: &str = "max-age=31536000";

/// The reply that hands out a blob, as the request's headers ask for it.
pub fn blob_response(arrival: &Arrival, reader: BlobReader, several: SeveralRanges) -> Response<ReplyBody> {
    let digest = reader.digest().to_string();
    let etag = format!("\"{digest}\"");
    if still_holds(&arrival.parts.headers, &etag) {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        set(&mut response, ETAG, &etag);
        return response;
    }
    let size = reader.size_bytes();
    // A HEAD with a range ignores it.
    let header = arrival.header(RANGE).filter(|_| !arrival.is_head());
    let parts = header.filter(|_| several == SeveralRanges::Multipart).and_then(|header| several_parts(header, size));
    let range = match (&parts, header) {
        (Some(parts), _) if parts.is_empty() => RequestedRange::Unsatisfiable,
        (None, Some(header)) => RequestedRange::parse(header, size),
        _ => RequestedRange::Whole,
    };
    let mut media_type = Cow::Borrowed(OCTETS);
    let mut response = match (parts, range) {
        (Some(parts), RequestedRange::Whole) => {
            let boundary = boundary_of(&reader);
            media_type = Cow::Owned(format!("multipart/byteranges; boundary={boundary}"));
            let mut response = Response::new(ReplyBody::pieces(reader, pieces(&parts, size, &boundary)));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response
        }
        (_, RequestedRange::Whole) => Response::new(ReplyBody::blob(reader, 0, size)),
        (_, RequestedRange::Part { start, end_exclusive }) => {
            let mut response = Response::new(ReplyBody::blob(reader, start, end_exclusive));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(&mut response, CONTENT_RANGE, &format!("bytes {start}-{}/{size}", end_exclusive - 1));
            response
        }
        (_, RequestedRange::Unsatisfiable) => {
            let mut response = empty(StatusCode::RANGE_NOT_SATISFIABLE);
            set(&mut response, CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
    };
    set(&mut response, CONTENT_TYPE, &media_type);
    set(&mut response, CONTENT_DIGEST, &digest);
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, ETAG, &etag);
    set(&mut response, CACHE_CONTROL, A_YEAR);
    response
}

/// Whether the caller has what this validator stands for already: it names it, among others or by a star.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110.html#section-13.1.2>
pub fn still_holds(headers: &HeaderMap, etag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter().filter_map(|header| header.to_str().ok());
    given.flat_map(|header| header.split(',')).map(str::trim).any(|given| {
        // Compared weakly, as the RFC has it for this header.
        given == "*" || given.strip_prefix("W/").unwrap_or(given) == etag
    })
}

/// A line that the blob's bytes do not hold: nobody can write the digest of a text into that text.
fn boundary_of(reader: &BlobReader) -> String {
    reader.digest().encoded().chars().take(BOUNDARY_CHARACTERS).collect()
}

/// The body of a reply with several parts.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110.html#section-14.6>
fn pieces(parts: &[(u64, u64)], size: u64, boundary: &str) -> Vec<Piece> {
    let head = |(start, end): &(u64, u64)| {
        let range = format!("bytes {start}-{}/{size}", end - 1);
        format!("\r\n--{boundary}\r\nContent-Type: {OCTETS}\r\nContent-Range: {range}\r\n\r\n")
    };
    let part = |part: &(u64, u64)| [Piece::Text(head(part).into()), Piece::Blob { start: part.0, end: part.1 }];
    let end = Piece::Text(format!("\r\n--{boundary}--\r\n").into());
    parts.iter().flat_map(part).chain([end]).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_may_be_one_of_several_and_weak() {
        let check = |given: &[&'static str], expect: bool| {
            let mut headers = HeaderMap::new();
            for given in given {
                headers.append(IF_NONE_MATCH, HeaderValue::from_static(given));
            }
            assert_eq!(still_holds(&headers, "\"sha256:a\""), expect, "{given:?}");
        };
        check(&[], false);
        check(&["\"sha256:a\""], true);
        check(&["W/\"sha256:a\""], true);
        check(&["\"x\", \"sha256:a\""], true);
        check(&["\"x\"", "\"sha256:a\""], true);
        check(&["*"], true);
        check(&["\"sha256:b\""], false);
        check(&["sha256:a"], false);
    }
}
