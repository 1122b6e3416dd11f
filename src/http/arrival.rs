//! A request of the registry surface before anything is known of its world.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::request_body::RequestBody;
use super::socket::ConnectionHandle;
use crate::daemon::Daemon;
use crate::facts::{Fact, Facts, Surface};
use crate::worlds::{CallArrival, WorldId};

/// Most unread bytes for which a connection is worth keeping.
const SMALL_REST_BYTES: u64 = 256 << 10;

/// Why a body did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is longer than the surface takes.
    #[error("the body is too long")]
    TooLong,
    /// The caller went away in the middle.
    #[error("the caller went away")]
    Gone,
}

/// A request with the connection that it came by.
#[derive(Debug)]
pub struct Arrival {
    /// The daemon.
    pub daemon: Arc<Daemon>,
    /// The connection.
    pub connection: Arc<ConnectionHandle>,
    /// World that owns the listener, if one does.
    pub listener: Option<WorldId>,
    /// Method, target and headers.
    pub parts: Parts,
    /// Real microseconds since the daemon's start.
    pub real_micros: u64,
    body: Option<RequestBody>,
}

impl Arrival {
    /// Takes a request apart.
    pub fn new(
        daemon: &Arc<Daemon>,
        connection: &Arc<ConnectionHandle>,
        listener: Option<&WorldId>,
        request: http::Request<Incoming>,
    ) -> Self {
        let (mut parts, body) = request.into_parts();
        let body = RequestBody::new(body, &parts, connection, daemon.bounds.body_timeout);
        // HTTP/2 names the host in the target. Who looks for the header, such as a signature over it, finds it there.
        if let Some(host) = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
            parts.headers.entry(header::HOST).or_insert(host);
        }
        Self {
            daemon: Arc::clone(daemon),
            connection: Arc::clone(connection),
            listener: listener.cloned(),
            real_micros: daemon.real().elapsed_micros(),
            parts,
            body: Some(body),
        }
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// `Host`, or the host of an absolute target.
    pub fn host(&self) -> Option<&str> {
        self.parts.uri.authority().map(http::uri::Authority::as_str).or_else(|| self.header(header::HOST))
    }

    /// Facts that every call has.
    pub fn facts(&self, surface: Surface, operation: &'static str, any: Option<&'static str>) -> Facts {
        let mut facts = Facts::new(surface, operation, any);
        let headers = self.parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        facts.headers = Some(Arc::new(self.daemon.masker.headers(headers)));
        facts.set(Fact::Method, self.parts.method.as_str());
        facts.set(Fact::Connection, self.connection.number);
        if let Some(call) = self.header("amz-sdk-invocation-id") {
            facts.set(Fact::LogicalCall, call);
        }
        if let Some(attempt) = self.header("amz-sdk-request").and_then(attempt_of) {
            facts.set(Fact::Attempt, attempt);
        }
        facts
    }

    /// What the journal needs to open a record.
    pub fn record(&self, facts: Facts) -> CallArrival {
        let target = self.parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        CallArrival {
            facts,
            real_micros: self.real_micros,
            caused_by: None,
            request_line: Some(self.daemon.masker.request_line(self.parts.method.as_str(), target)),
            counts_as: None,
        }
    }

    /// Whether the method is HEAD, whose replies have no body.
    pub fn is_head(&self) -> bool {
        self.parts.method == Method::HEAD
    }

    /// Bytes that the request says it has.
    pub fn content_length(&self) -> Option<u64> {
        self.header(header::CONTENT_LENGTH)?.parse().ok()
    }

    /// The body, to be read by the caller; empty when it was taken already.
    pub fn take_body(&mut self) -> Option<RequestBody> {
        self.body.take()
    }

    /// The whole body, if it has at most `limit_bytes`.
    pub async fn read_body(&mut self, limit_bytes: usize) -> Result<Bytes, BodyError> {
        let Some(mut body) = self.body.take() else { return Ok(Bytes::new()) };
        if self.content_length().is_some_and(|length| length > limit_bytes as u64) {
            self.body = Some(body);
            return Err(BodyError::TooLong);
        }
        let mut first: Option<Bytes> = None;
        let mut gathered = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Gone)?.into_data() else { continue };
            let length = first.as_ref().map_or(0, Bytes::len) + gathered.len() + data.len();
            if length > limit_bytes {
                self.body = Some(body);
                return Err(BodyError::TooLong);
            }
            // Nearly every body is one frame, which then needs no copy.
            match first.take() {
                None if gathered.is_empty() => first = Some(data),
                Some(earlier) => {
                    gathered.extend_from_slice(&earlier);
                    gathered.extend_from_slice(&data);
                }
                None => gathered.extend_from_slice(&data),
            }
        }
        Ok(first.unwrap_or_else(|| gathered.freeze()))
    }

    /// Sees to it that an answer given before the body was read reaches a caller who sends first and reads afterwards: the
    /// rest is taken in and thrown away, within bounds, since closing a socket with unread bytes resets it. A caller who
    /// asked first is spared the sending.
    pub fn drain(&mut self) {
        let Some(body) = self.body.take() else { return };
        drain(&self.daemon, body, self.content_length());
    }
}

/// Takes in the rest of a body in the background; see [`Arrival::drain`].
pub fn drain(daemon: &Arc<Daemon>, mut body: RequestBody, length: Option<u64>) {
    use http_body::Body as _;
    if body.is_end_stream() {
        return;
    }
    if body.is_unasked() || length.is_some_and(|length| length > SMALL_REST_BYTES) {
        body.connection().pace.take_leave();
    }
    if body.is_unasked() {
        return;
    }
    let (most, time) = (daemon.bounds.max_drain, daemon.bounds.drain_timeout);
    let stop = daemon.tasks.stop().clone();
    daemon.tasks.spawn(async move {
        let mut taken = 0_u64;
        let taking = async {
            while let Some(Ok(frame)) = body.frame().await {
                taken += frame.data_ref().map_or(0, |data| data.len() as u64);
                if taken > most {
                    break;
                }
            }
        };
        tokio::select! {
            // Whoever is still sending by then is cut off.
            _ = tokio::time::timeout(time, taking) => {}
            () = stop.cancelled() => {}
        }
    });
}

/// The attempt in `attempt=2; max=3`.
fn attempt_of(header: &str) -> Option<u64> {
    header.split(';').find_map(|part| part.trim().strip_prefix("attempt=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attempt_is_read_from_the_header_of_the_sdks() {
        assert_eq!(attempt_of("attempt=2; max=3"), Some(2));
        assert_eq!(attempt_of("ttl=20261122T000000Z; attempt=1; max=3"), Some(1));
        assert_eq!(attempt_of("max=3"), None);
    }
}
