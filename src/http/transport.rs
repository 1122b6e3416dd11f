//! What lies between the HTTP library and a socket: TLS, or nothing.
//!
//! TLS stands above the socket's handle, so that a rule's reset is a TCP reset under TLS as well, and what was flushed is
//! counted above TLS, where the library's buffers end.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::socket::{ConnectionHandle, Socket};
use crate::daemon::Daemon;
use crate::tls::{Tls, TlsError};

/// The answer to a client that speaks no TLS where TLS is spoken, in the words that other servers have for it.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 48\r\n\
    Connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/// Bytes that such a client may still send, since closing a socket with unread bytes takes the answer back.
const UNREAD_BYTES: u64 = 1 << 20;

/// Which HTTP a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
    /// Its first bytes say.
    Either,
}

/// Why a connection came to nothing before its first call.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("the client was too slow")]
    TooSlow,
    #[error("the client speaks no TLS")]
    NotTls,
    #[error(transparent)]
    Broken(#[from] io::Error),
    #[error(transparent)]
    Certificate(#[from] TlsError),
}

/// What the HTTP library reads and writes.
#[derive(Debug)]
pub(super) struct Transport {
    layer: Layer,
    handle: Arc<ConnectionHandle>,
}

#[derive(Debug)]
enum Layer {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

impl Transport {
    /// Makes an accepted connection ready for HTTP, by a handshake if the daemon speaks TLS.
    pub(super) async fn open(daemon: &Daemon, socket: Socket) -> Result<(Self, Protocol), HandshakeError> {
        let handle = Arc::clone(socket.handle());
        let Some(tls) = &daemon.tls else {
            let protocol = if daemon.h2c { Protocol::Either } else { Protocol::Http1 };
            return Ok((Self { layer: Layer::Plain(socket), handle }, protocol));
        };
        // Boxed, so that what a handshake needs does not stay with the connection.
        let handshake = Box::pin(handshake(tls, socket));
        let accepted = tokio::time::timeout(daemon.bounds.header_timeout, handshake).await;
        let stream = Box::new(accepted.map_err(|_| HandshakeError::TooSlow)??);
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
        Ok((Self { layer: Layer::Tls(stream), handle }, protocol))
    }
}

async fn handshake(tls: &Tls, mut socket: Socket) -> Result<TlsStream<Socket>, HandshakeError> {
    // A record of TLS begins with a small number, a request of HTTP with a letter.
    if socket.first_byte().await?.is_ascii_alphabetic() {
        refuse_plaintext(&mut socket).await?;
        return Err(HandshakeError::NotTls);
    }
    let address: IpAddr = socket.local_address()?.ip();
    let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), socket).await?;
    let config = tls.config(hello.client_hello().server_name(), address)?;
    Ok(hello.into_stream(config).await?)
}

async fn refuse_plaintext(socket: &mut Socket) -> io::Result<()> {
    socket.write_all(NOT_TLS).await?;
    socket.shutdown().await?;
    tokio::io::copy(&mut socket.take(UNREAD_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}

impl Drop for Transport {
    /// Ends a stream of TLS in order, unless it is to be reset: without the alert that says so, an end that a rule ordered
    /// would look like an attack. The HTTP library sends none where a reply broke off.
    fn drop(&mut self) {
        if let Layer::Tls(stream) = &mut self.layer
            && !self.handle.is_reset()
        {
            let (socket, session) = stream.get_mut();
            session.send_close_notify();
            // If the kernel does not take it at once, the peer is not reading.
            let _ = session.write_tls(&mut socket.at_once());
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().layer {
            Layer::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Layer::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().layer {
            Layer::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Layer::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let transport = self.get_mut();
        let flushed = match &mut transport.layer {
            Layer::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Layer::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        if flushed.is_ready() {
            // The library calls this only once its own buffer is empty.
            transport.handle.count_flush();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().layer {
            Layer::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Layer::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.layer {
            Layer::Plain(socket) => socket.is_write_vectored(),
            Layer::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().layer {
            Layer::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Layer::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }
}
