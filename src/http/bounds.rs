//! What clients are told who are over a bound before it is known which surface they speak to: one answer in the words of
//! both, and the end of their connection.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Response, Uri};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::config::Bounds;
use crate::daemon::Daemon;
use crate::wire_errors::{Unheard, unheard_response};

/// Clients that were turned away and whose end is waited for; the next ones are closed at once.
pub(super) const LINGERING_AT_MOST: usize = 256;
/// Longest wait for the end of a client that was told to go.
pub(super) const LINGERING: Duration = Duration::from_secs(1);

/// What the HTTP library says by itself with these first bytes; absent if they are nothing of the kind.
pub(super) fn told_by_library(bytes: &[u8], bounds: &Bounds) -> Option<Unheard> {
    match bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)? {
        b"400" => Some(Unheard::Malformed),
        b"414" => Some(Unheard::TargetTooLong(bounds.max_uri_bytes)),
        b"431" => Some(head_too_large(bounds)),
        _ => None,
    }
}

/// A head with too much in it.
pub(super) fn head_too_large(bounds: &Bounds) -> Unheard {
    Unheard::HeadTooLarge { bytes: bounds.max_header_bytes, headers: bounds.max_headers }
}

/// The answer to a request whose target is too long, if it is.
pub(super) fn refuse_target(target: &Uri, bounds: &Bounds) -> Option<Response<Bytes>> {
    let bytes = target.path_and_query().map_or(0, |target| target.as_str().len());
    (bytes > bounds.max_uri_bytes).then(|| unheard_response(Unheard::TargetTooLong(bounds.max_uri_bytes)))
}

/// An answer that ends its connection, as it goes over the wire.
pub(super) fn written(unheard: Unheard) -> Vec<u8> {
    let response = unheard_response(unheard);
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    let close = (&CONNECTION, &HeaderValue::from_static("close"));
    for (name, value) in response.headers().iter().chain([close]) {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(response.body());
    text
}

/// Says to a client that there are too many connections, and closes its own.
///
/// The answer fits into the empty buffer of a new socket, so it costs a write and nobody waits. Within a bound the socket
/// is kept a moment longer, since a client that is sending its request would be reset before it has read the answer.
pub(super) fn turn_away(daemon: &Arc<Daemon>, stream: TcpStream, lingering: &Arc<Semaphore>) {
    tracing::debug!(connections = daemon.bounds.max_connections, "a connection too many is turned away");
    let Ok(mut stream) = stream.into_std() else { return };
    // A client that waits for a handshake would not understand.
    if daemon.tls.is_none() {
        // A client that is gone already needs no answer.
        let _ = stream.write_all(&written(Unheard::TooManyConnections(daemon.bounds.max_connections)));
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let Ok(permit) = Arc::clone(lingering).try_acquire_owned() else { return };
    daemon.tasks.spawn(async move {
        if let Ok(mut stream) = TcpStream::from_std(stream) {
            let mut sink = [0; 4_096];
            let ending = async { while matches!(stream.read(&mut sink).await, Ok(read) if read > 0) {} };
            let _ = tokio::time::timeout(LINGERING, ending).await;
        }
        drop(permit);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_says_by_itself_is_told_from_anything_else() {
        let bounds = Bounds::default();
        let check = |bytes: &str, expect| assert_eq!(told_by_library(bytes.as_bytes(), &bounds), expect, "{bytes}");
        check("HTTP/1.1 431 Request Header Fields Too Large\r\n", Some(head_too_large(&bounds)));
        check("HTTP/1.1 414 URI Too Long\r\n", Some(Unheard::TargetTooLong(8_192)));
        check("HTTP/1.1 400 Bad Request\r\n", Some(Unheard::Malformed));
        check("HTTP/1.1 100 Continue\r\n\r\n", None);
        check("HTTP/1.1 4", None);
        check("", None);
    }

    #[test]
    fn an_answer_is_whole_and_ends_its_connection() {
        let text = String::from_utf8(written(head_too_large(&Bounds::default()))).expect("a text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert!(head.ends_with("connection: close"), "{head}");
    }

    #[test]
    fn a_target_may_be_as_long_as_the_bound_says() {
        let bounds = Bounds { max_uri_bytes: 10, ..Bounds::default() };
        let refused = |target: &str| {
            refuse_target(&target.parse().expect("a target"), &bounds).map(|response| response.status().as_u16())
        };
        assert_eq!(refused("/v2/a?b=cd"), None);
        assert_eq!(refused("/v2/a?b=cde"), Some(414));
    }
}
