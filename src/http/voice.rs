//! What a connection says when no call is there to say it: that a head was too large, malformed or late.
//!
//! The HTTP library answers a head that it does not take with a status and no body, and lets a late one go without a word.
//! This stands between the library and the stream, puts our answer in the place of its own, and then waits a moment for the
//! client to end: to close a socket with unread bytes resets it, and a client that is still sending would never read why.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::bounds::{LINGERING, head_too_large, told_by_library, written};
use super::pace::Verdict;
use super::socket::ConnectionHandle;
use crate::config::Bounds;
use crate::wire_errors::Unheard;

/// Most bytes that are read at a time where a head must not go over its bound.
const PIECE_BYTES: usize = 8 << 10;

/// A stream with a voice of its own.
#[derive(Debug)]
pub(super) struct Voice<S> {
    stream: S,
    connection: Arc<ConnectionHandle>,
    bounds: Bounds,
    /// Bytes of the head under way, and how many calls had begun before it.
    head: (usize, u64),
    /// How many calls had begun when all was sent that they had answered.
    settled_after: u64,
    last_word: Option<LastWord>,
}

#[derive(Debug)]
struct LastWord {
    text: Vec<u8>,
    said: usize,
    /// Once our side is closed: until when the client's end is waited for.
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Voice<S> {
    /// Gives a stream its voice.
    pub(super) fn new(stream: S, connection: &Arc<ConnectionHandle>, bounds: &Bounds) -> Self {
        let (connection, bounds) = (Arc::clone(connection), bounds.clone());
        Self { stream, connection, bounds, head: (0, 0), settled_after: 0, last_word: None }
    }

    fn say(&mut self, unheard: Unheard) {
        self.last_word = Some(LastWord { text: written(unheard), said: 0, lingering: None });
    }

    /// Sends the last word, if there is one.
    fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(word) = &mut self.last_word else { return Poll::Ready(Ok(())) };
        while word.said < word.text.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &word.text[word.said..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                said => word.said += said,
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Sends the last word, closes our side, and waits a moment for the client's.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_said(cx))?;
        let Some(word) = &mut self.last_word else { return Pin::new(&mut self.stream).poll_shutdown(cx) };
        let lingering = if let Some(lingering) = &mut word.lingering {
            lingering
        } else {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            word.lingering.insert(Box::pin(sleep_until(Instant::now() + LINGERING)))
        };
        while lingering.as_mut().poll(cx).is_pending() {
            let mut sink = [0; 4_096];
            let mut sink = ReadBuf::new(&mut sink);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut sink)) {
                Ok(()) if !sink.filled().is_empty() => {}
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on; of a head, no more than it may have.
    fn poll_heard(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let pace = &self.connection.pace;
        if !pace.is_quiet() || pace.is_multiplexed() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        if self.head.1 != pace.begun() {
            self.head = (0, pace.begun());
        }
        let room = self.bounds.max_header_bytes - self.head.0;
        if room == 0 {
            self.say(head_too_large(&self.bounds));
            return self.poll_end(cx);
        }
        let heard = if buf.remaining() <= room {
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            buf.filled().len() - before
        } else {
            let mut rest = ReadBuf::new(buf.initialize_unfilled_to(room.min(PIECE_BYTES)));
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut rest))?;
            let heard = rest.filled().len();
            buf.advance(heard);
            heard
        };
        if heard > 0 && self.head.0 == 0 {
            self.connection.pace.begin_head();
        }
        self.head.0 += heard;
        Poll::Ready(Ok(()))
    }

    /// Takes what the library says by itself; false if a call says it.
    fn takes(&mut self, first: &[u8]) -> bool {
        if self.last_word.is_some() {
            // Nothing comes after the last word.
            return true;
        }
        let pace = &self.connection.pace;
        if !pace.is_quiet() || pace.begun() != self.settled_after {
            return false;
        }
        let Some(unheard) = told_by_library(first, &self.bounds) else { return false };
        self.say(unheard);
        true
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Voice<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let voice = self.get_mut();
        if voice.last_word.is_some() {
            // The library hears that the client has ended, which lets go of the connection.
            return voice.poll_end(cx);
        }
        match voice.connection.pace.verdict() {
            None => voice.poll_heard(cx, buf),
            // An end: nobody was in the middle of anything.
            Some(Verdict::Idle) => Poll::Ready(Ok(())),
            Some(Verdict::Head) => {
                voice.say(Unheard::Late);
                voice.poll_end(cx)
            }
            Some(Verdict::Body | Verdict::Send) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Voice<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let voice = self.get_mut();
        if voice.takes(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut voice.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let voice = self.get_mut();
        ready!(voice.poll_said(cx))?;
        let flushed = ready!(Pin::new(&mut voice.stream).poll_flush(cx));
        // The library flushes only once its own buffer is empty.
        if voice.connection.pace.is_quiet() {
            voice.settled_after = voice.connection.pace.begun();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_end(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let voice = self.get_mut();
        if voice.takes(slices.first().map_or(&[], |first| first)) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut voice.stream).poll_write_vectored(cx, slices)
    }
}
