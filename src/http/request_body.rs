//! The body of a request on its way in, whose sender must not take too long.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderMap, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::socket::ConnectionHandle;

/// A body broke off: its sender went away, or sent nothing for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body broke off")]
pub struct BrokenOff;

/// The body of a request.
#[derive(Debug)]
pub struct RequestBody {
    body: Incoming,
    connection: Arc<ConnectionHandle>,
    /// Whether the connection has noted that the body is waited for.
    awaited: bool,
    /// Its sender waits for the word to begin, which the first reading gives.
    unasked: bool,
    patience: Duration,
    /// Watches a body that shares its connection with others; otherwise the connection is watched as a whole.
    timer: Option<Pin<Box<Sleep>>>,
    shares: bool,
}

impl RequestBody {
    /// The body of a request with this head. It breaks off once no byte has come for `patience`.
    pub(super) fn new(body: Incoming, head: &Parts, connection: &Arc<ConnectionHandle>, patience: Duration) -> Self {
        connection.pace.enter();
        Self {
            unasked: asks_first(&head.headers) && !body.is_end_stream(),
            body,
            connection: Arc::clone(connection),
            awaited: false,
            patience,
            timer: None,
            shares: head.version == Version::HTTP_2,
        }
    }

    /// Whether its sender waits for the word to begin, and has not been given it.
    pub(super) fn is_unasked(&self) -> bool {
        self.unasked
    }

    /// The connection that it comes by.
    pub(super) fn connection(&self) -> &ConnectionHandle {
        &self.connection
    }

    fn note(&mut self, awaited: bool) {
        if self.awaited != awaited {
            self.awaited = awaited;
            self.connection.pace.awaits_body(awaited);
        }
    }

    /// Whether a body that shares its connection is late.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        timer.as_mut().poll(cx)
    }
}

/// Whether the sender of a head wants to hear `100 Continue` before it sends a body.
fn asks_first(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.note(false);
        self.connection.pace.leave();
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let body = &mut *self;
        body.unasked = false;
        match Pin::new(&mut body.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                body.note(false);
                body.timer = None;
                Poll::Ready(frame.map(|frame| frame.map_err(|_| BrokenOff)))
            }
            Poll::Pending if body.shares => body.poll_late(cx).map(|()| Some(Err(BrokenOff))),
            Poll::Pending => {
                body.note(true);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_expectation_is_known() {
        let headers = |value: &str| HeaderMap::from_iter([(EXPECT, value.parse().expect("a header"))]);
        assert!(asks_first(&headers("100-continue")));
        assert!(asks_first(&headers("100-Continue")));
        assert!(!asks_first(&headers("200-ok")));
        assert!(!asks_first(&HeaderMap::new()));
    }
}
