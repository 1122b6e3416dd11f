//! HTTP/2 by a library, which tells a stream that was reset from one that ended too early.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::http::{End, Received, Reply, Request, Stream};
use super::tls::Trust;

/// Longest that a test waits before it fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that may be on their way on one stream: so few that a large body waits for its reader again and again.
const WINDOW_BYTES: u32 = 65_535;

/// A connection to the registry surface. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    peer: SocketAddr,
}

impl Http2 {
    /// Agrees on HTTP/2 over TLS.
    pub(crate) async fn open(trust: &Trust, address: SocketAddr) -> Self {
        let stream = trust.offering(&["h2"]).open(address).await;
        Self::over(stream, address).await.expect("HTTP/2 was agreed on")
    }

    /// Begins with HTTP/2 at once, whatever lies below.
    #[expect(clippy::disallowed_methods, reason = "a connection of a test ends with the runtime of the test")]
    pub(crate) async fn over(stream: impl Stream + 'static, peer: SocketAddr) -> hyper::Result<Self> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(WINDOW_BYTES);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        // How it ends is told by the requests on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, peer })
    }

    /// Sends a request and receives its reply.
    pub(crate) async fn exchange(&self, request: &Request) -> Received {
        self.try_exchange(request).await.expect("the connection lives")
    }

    /// Sends a request and receives its reply; fails if the connection came to its end.
    pub(crate) async fn try_exchange(&self, request: &Request) -> hyper::Result<Received> {
        let request = request.to_http(&self.peer.to_string());
        let receiving = async {
            let response = match self.sender.clone().send_request(request).await {
                Ok(response) => response,
                Err(error) => return Ok(Received { reply: None, end: end_of_stream(error)? }),
            };
            let (parts, mut body) = response.into_parts();
            let (mut bytes, mut end) = (Vec::new(), End::Whole);
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => bytes.extend_from_slice(&frame.into_data().expect("replies have no trailers")),
                    Err(error) => {
                        end = end_of_stream(error)?;
                        break;
                    }
                }
            }
            Ok(Received { reply: Some(Reply::read(parts.status.as_u16(), &parts.headers, bytes)), end })
        };
        tokio::time::timeout(PATIENCE, receiving).await.expect("the peer answers or hangs up")
    }
}

/// How a stream ended, unless its connection ended with it.
fn end_of_stream(error: hyper::Error) -> hyper::Result<End> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<h2::Error>() {
            return match (cause.is_reset(), cause.is_remote()) {
                (true, true) => Ok(End::Reset),
                // Our own side saw that the length is not the one that was announced.
                (true, false) => Ok(End::Eof),
                (false, _) => Err(error),
            };
        }
        source = cause.source();
    }
    Err(error)
}
