//! The answer of a real registry: a head that is read and a body that is still to come.

use std::fmt;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use reqwest::Response;

use super::hosts::shown;
use super::remote_error::RemoteError;

const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// A body as it arrives. It is read as fast as it is polled; dropping it ends the transfer.
pub type RemoteBody = Pin<Box<dyn Stream<Item = Result<Bytes, RemoteError>> + Send>>;

/// An answer, whatever its status. Nothing in it has been checked.
pub struct RemoteReply {
    /// The status.
    pub status: StatusCode,
    /// `Content-Type` as it was sent; None if absent or no text.
    pub content_type: Option<String>,
    /// `Content-Length` in bytes, also of a HEAD; None if absent.
    pub content_length: Option<u64>,
    /// `Docker-Content-Digest` as it was sent; None if absent.
    pub docker_content_digest: Option<String>,
    /// `Retry-After` as it was sent; None if absent.
    pub retry_after: Option<String>,
    /// The body.
    pub body: RemoteBody,
    /// Host and port that answered, which redirects may have changed.
    pub host: String,
}

impl RemoteReply {
    pub(super) fn of(response: Response) -> Self {
        let host = shown(response.url());
        let text = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        Self {
            status: response.status(),
            content_type: text(CONTENT_TYPE),
            content_length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            docker_content_digest: text(DOCKER_CONTENT_DIGEST),
            retry_after: text(RETRY_AFTER),
            host: host.clone(),
            body: response.bytes_stream().map_err(move |error| RemoteError::of_call(host.clone(), error)).boxed(),
        }
    }

    /// The whole body, which must not be longer than `limit_bytes`.
    pub async fn bytes(mut self, limit_bytes: usize) -> Result<Bytes, RemoteError> {
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.body.try_next().await? {
            if piece.len() > limit_bytes - bytes.len() {
                return Err(RemoteError::TooLong { host: self.host, limit_bytes });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }
}

impl fmt::Debug for RemoteReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteReply").field("host", &self.host).field("status", &self.status).finish_non_exhaustive()
    }
}
