//! What is told to a client whose request never became a call: before its path is read, nobody knows to which surface it
//! speaks, so one answer is in the words of both.
//!
//! No rule can ask for any of these, since rules are about calls, and none is recorded.

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde::Serialize;

use super::{json, reply};

/// Why a request never became a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// Its head is no HTTP.
    #[error("The request is no HTTP that can be read here")]
    Malformed,
    /// Its head has too much in it.
    #[error("The head of the request exceeds {bytes} bytes or {headers} headers")]
    HeadTooLarge {
        /// Most bytes.
        bytes: usize,
        /// Most headers.
        headers: usize,
    },
    /// Its target is too long; the most bytes.
    #[error("The target of the request exceeds {0} bytes")]
    TargetTooLong(usize),
    /// Its head took too long.
    #[error("The head of the request did not arrive in time")]
    Late,
    /// It came by a connection too many; how many there may be.
    #[error("{0} connections are open, and there may be no more")]
    TooManyConnections(usize),
}

impl Unheard {
    /// Status on both surfaces, exception of the ECR API, code of the registry surface.
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "MalformedHttpRequestException", "UNSUPPORTED"),
            Self::HeadTooLarge { .. } => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "RequestHeaderFieldsTooLargeException", "UNSUPPORTED")
            }
            Self::TargetTooLong(_) => (StatusCode::URI_TOO_LONG, "RequestUriTooLongException", "UNSUPPORTED"),
            Self::Late => (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", "UNSUPPORTED"),
            Self::TooManyConnections(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "UNAVAILABLE")
            }
        }
    }
}

/// Renders an answer that clients of either surface read. Its connection ends with it, which is for the caller to see to.
pub fn unheard_response(unheard: Unheard) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "__type")]
        exception: &'a str,
        message: &'a str,
        errors: [Error<'a>; 1],
    }
    #[derive(Serialize)]
    struct Error<'a> {
        code: &'a str,
        message: &'a str,
    }

    let (status, exception, code) = unheard.row();
    let message = unheard.to_string();
    let body = Body { exception, message: &message, errors: [Error { code, message: &message }] };
    let mut response = reply(status, "application/json", json(&body));
    if let Unheard::TooManyConnections(_) = unheard {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_either_surface_find_their_error() {
        let response = unheard_response(Unheard::HeadTooLarge { bytes: 9, headers: 5 });
        assert_eq!(response.status(), 431);
        let message = "The head of the request exceeds 9 bytes or 5 headers";
        let expected = serde_json::json!({
            "__type": "RequestHeaderFieldsTooLargeException",
            "message": message,
            "errors": [{"code": "UNSUPPORTED", "message": message}],
        });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(response.body()).expect("JSON"), expected);
        assert_eq!(unheard_response(Unheard::TooManyConnections(1)).headers()[RETRY_AFTER], "1");
    }
}
