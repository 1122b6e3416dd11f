//! What stands in the head of a request: paths, ranges and signatures.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::auth::signature::{SignedRequest, verify};
use crate::auth::sigv4::Sigv4Claim;
use crate::oci::range::{ChunkRange, RequestedRange};
use crate::oci::route::{self, RouteError};
use crate::operations::Route;
use crate::registry::types::Timestamp;

/// A method and a path with its query, `GET /v2/app/tags/list?n=5`. A path made anew of what was found leads there, too.
pub fn oci_route(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some((method, target)) = text.split_once(' ') else { return };
    let Ok(method) = http::Method::from_bytes(method.as_bytes()) else { return };
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let matched = match route::parse(&method, path, query) {
        Ok(matched) => matched,
        Err(RouteError::NotFound) => return,
        Err(RouteError::MethodNotAllowed { allow }) => {
            let refused = allow.split(", ").all(|allowed| allowed != method.as_str());
            return assert!(refused, "{method} is allowed by {allow}");
        }
    };
    let (name, object) = (escaped(&matched.name.0), escaped(&matched.object));
    let path = match matched.route {
        Route::Ping => "/v2/".to_owned(),
        Route::Catalog => "/v2/_catalog".to_owned(),
        Route::TagsList => format!("/v2/{name}/tags/list"),
        Route::ReferrersList => format!("/v2/{name}/referrers/{object}"),
        Route::ManifestHead | Route::ManifestGet | Route::ManifestPut | Route::ManifestDelete => {
            format!("/v2/{name}/manifests/{object}")
        }
        Route::BlobHead | Route::BlobGet | Route::BlobDelete => format!("/v2/{name}/blobs/{object}"),
        Route::BlobMount | Route::UploadStart => format!("/v2/{name}/blobs/uploads/"),
        Route::UploadPatch | Route::UploadPut | Route::UploadStatus | Route::UploadCancel => {
            format!("/v2/{name}/blobs/uploads/{object}")
        }
    };
    assert_eq!(route::parse(&method, &path, query), Ok(matched), "{path}");
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The size of a blob on a line of its own, then a header: as `Range` of a read and as `Content-Range` of a chunk.
pub fn content_range(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some((size, header)) = text.split_once('\n') else { return };
    let Ok(size) = size.parse::<u64>() else { return };
    if let RequestedRange::Part { start, end_exclusive } = RequestedRange::parse(header, size) {
        assert!(start < end_exclusive && end_exclusive <= size, "{start}..{end_exclusive} of {size}");
        let same = format!("bytes={start}-{}", end_exclusive - 1);
        assert_eq!(RequestedRange::parse(&same, size), RequestedRange::Part { start, end_exclusive });
    }
    if let Ok(chunk) = ChunkRange::parse(header) {
        assert!(chunk.first <= chunk.last && chunk.length() > 0);
        assert_eq!(ChunkRange::parse(&format!("{}-{}", chunk.first, chunk.last)), Ok(chunk));
    }
}

/// The value of an `Authorization` header on the first line, further headers after it, and behind an empty line a target
/// and a body: read, put together again, and weighed against a secret. The first line is also read as a query.
pub fn sigv4_header(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (head, rest) = text.split_once("\n\n").unwrap_or((text, "/\n"));
    let (authorization, headers) = head.split_once('\n').unwrap_or((head, ""));
    let (target, body) = rest.split_once('\n').unwrap_or((rest, ""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: HeaderMap = headers.lines().filter_map(header).collect();
    let request = SignedRequest { method: "POST", path, query, headers: &headers, body: body.as_bytes() };
    let from_query = Sigv4Claim::parse_query(authorization);
    for claim in [Some(Sigv4Claim::parse_header(authorization)), from_query].into_iter().flatten() {
        match claim {
            Ok(claim) => {
                let names: Vec<String> = claim.signed_headers().collect();
                let same = format!(
                    "AWS4-HMAC-SHA256 Credential={}/{}/{}/{}/aws4_request, SignedHeaders={}, Signature={}",
                    claim.access_key,
                    claim.date,
                    claim.region,
                    claim.service,
                    names.join(";"),
                    claim.signature
                );
                // What a query holds may be more than a header can, such as commas.
                if !same.contains(|c: char| c.is_control()) && same.matches(',').count() == 2 {
                    let again = Sigv4Claim::parse_header(&same);
                    assert!(again.is_ok(), "{same}: {again:?}");
                }
                let now = Timestamp::from_millis(1_767_225_600_000);
                let refused = verify(&claim, &request, "secret", now).map_err(|refused| refused.to_string());
                assert_ne!(refused, Err(String::new()));
            }
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
    }
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    Some((name.parse().ok()?, value.trim().parse().ok()?))
}
