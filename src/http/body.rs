//! Bodies of replies: whole, streamed from the blob store, or cut short by a rule.
//!
//! A body tells its [`Finish`] how it ended exactly once, and before its last bytes leave: whoever has received a whole
//! reply finds it recorded as finished.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use super::departure::Departure;
use super::pace::PacedCall;
use super::socket::ConnectionHandle;
use crate::blobs::BlobReader;
use crate::journal::Outcome;

/// Bytes read from the store at a time.
const FRAME_BYTES: usize = 256 * 1024;

/// Told once how a reply ended and how many bytes of body it took.
pub trait Finish: Send + Sync {
    /// `bytes_out` counts body bytes handed to the connection.
    fn finished(&mut self, outcome: Outcome, bytes_out: u64);
}

/// How a rule cuts a body. Under HTTP/2 it is the stream that ends so; others on its connection go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutEnd {
    /// The connection ends in order, too early.
    Eof,
    /// The connection is reset once the peer has the bytes.
    Reset,
}

/// Why a body ended early: a rule said so. Never shown to anybody; it makes the library drop the connection, or
/// reset the stream.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a fault rule ended the body here")]
pub struct CutByRule;

enum Source {
    Whole(Bytes),
    Blob { reader: BlobReader, offset: u64, end: u64 },
    Pieces { reader: BlobReader, pieces: VecDeque<Piece> },
}

/// A piece of a body that is put together; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Text(Bytes),
    /// Bytes `start..end` of a blob.
    Blob {
        /// The first.
        start: u64,
        /// After the last.
        end: u64,
    },
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Blob { start, end } => end - start,
        }
    }
}

type Waiting = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

enum Cut {
    None,
    /// After this many more bytes.
    After {
        bytes: u64,
        end: CutEnd,
        connection: Arc<ConnectionHandle>,
    },
    /// The bytes are out; waits until the peer has them.
    Ending {
        sent: Waiting,
        end: CutEnd,
        connection: Arc<ConnectionHandle>,
    },
}

/// The body of a reply.
pub struct ReplyBody {
    source: Source,
    remaining: u64,
    /// Length that Content-Length announces; differs from what is sent when a rule cuts the body.
    announced: u64,
    cut: Cut,
    /// Pauses still to come: after that many bytes, for that long.
    delays: VecDeque<(u64, Duration, CancellationToken)>,
    /// Tells whether the reply goes on.
    pausing: Option<Pin<Box<dyn Future<Output = bool> + Send + Sync>>>,
    sent: u64,
    finish: Option<Box<dyn Finish>>,
    /// Its call counts to the load of its thread until the body is gone.
    under_way: Option<PacedCall>,
}

impl ReplyBody {
    fn of(source: Source, length: u64) -> Self {
        Self {
            source,
            remaining: length,
            announced: length,
            cut: Cut::None,
            delays: VecDeque::new(),
            pausing: None,
            sent: 0,
            finish: None,
            under_way: None,
        }
    }

    /// Bytes that are all there.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let length = bytes.len() as u64;
        Self::of(Source::Whole(bytes), length)
    }

    /// No bytes.
    pub fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    /// Bytes `offset..end` of a blob, read as the peer takes them.
    pub fn blob(reader: BlobReader, offset: u64, end: u64) -> Self {
        let length = end.saturating_sub(offset);
        Self::of(Source::Blob { reader, offset, end }, length)
    }

    /// Texts and parts of a blob, one after the other.
    pub fn pieces(reader: BlobReader, pieces: Vec<Piece>) -> Self {
        let length = pieces.iter().map(Piece::length).sum();
        Self::of(Source::Pieces { reader, pieces: pieces.into() }, length)
    }

    /// Bytes that the body would have without a cut.
    pub fn length(&self) -> u64 {
        self.remaining
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        matches!(self.source, Source::Whole(_))
    }

    /// Ends the body after `bytes`, and the connection with it.
    pub fn cut_after(mut self, bytes: u64, end: CutEnd, connection: Arc<ConnectionHandle>) -> Self {
        self.cut = Cut::After { bytes: bytes.min(self.remaining), end, connection };
        self
    }

    /// Pauses once `bytes` have been sent, or the whole body if it is shorter. When `ended` comes first, the body breaks off.
    pub fn delayed_at(mut self, bytes: u64, delay: Duration, ended: &CancellationToken) -> Self {
        let at = self.delays.partition_point(|(earlier, ..)| *earlier <= bytes);
        self.delays.insert(at, (bytes, delay, ended.clone()));
        self
    }

    /// Shortens the body in truth: length and bytes agree, so that only a reader who knows better can tell.
    pub fn shortened_to(mut self, bytes: u64) -> Self {
        self.remaining = bytes.min(self.remaining);
        self.announced = self.remaining;
        match &mut self.source {
            Source::Whole(whole) => whole.truncate(self.remaining as usize),
            Source::Blob { offset, end, .. } => *end = *offset + self.remaining,
            // No more than what remains is ever taken of them.
            Source::Pieces { .. } => {}
        }
        self
    }

    /// Who is told how the reply ended.
    pub fn on_finish(mut self, finish: Box<dyn Finish>) -> Self {
        self.finish = Some(finish);
        // A body without bytes is never polled, so it has ended already.
        if self.has_ended() {
            self.tell(Outcome::Completed);
        }
        self
    }

    /// The call that it answers, which is under way as long as the body is.
    pub fn counted_as(mut self, under_way: PacedCall) -> Self {
        self.under_way = Some(under_way);
        self
    }

    fn has_ended(&self) -> bool {
        self.remaining == 0 && matches!(self.cut, Cut::None) && self.delays.is_empty() && self.pausing.is_none()
    }

    /// Carries out pauses that are due at the present byte. False if the world ended meanwhile.
    fn poll_pauses(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            if let Some(pausing) = &mut self.pausing {
                let goes_on = std::task::ready!(pausing.as_mut().poll(cx));
                self.pausing = None;
                if !goes_on {
                    return Poll::Ready(false);
                }
            }
            match self.delays.front() {
                Some((at, ..)) if *at <= self.sent || self.remaining == 0 => {
                    if let Some((_, delay, ended)) = self.delays.pop_front() {
                        self.pausing = Some(Box::pin(pause_unless(delay, ended)));
                    }
                }
                _ => return Poll::Ready(true),
            }
        }
    }

    /// Counts these bytes against the cut; the last ones before it are watched as they leave.
    fn cut_at(&mut self, bytes: Bytes) -> Bytes {
        let Cut::After { bytes: left, end, connection } = &mut self.cut else { return bytes };
        *left -= bytes.len() as u64;
        if *left > 0 {
            return bytes;
        }
        let (end, connection) = (*end, Arc::clone(connection));
        let (bytes, departure) = Departure::of(bytes, &connection);
        let waiting = Arc::clone(&connection);
        self.cut = Cut::Ending { sent: Box::pin(async move { waiting.sent(departure).await }), end, connection };
        bytes
    }

    /// Ends the body, and with it the connection, for a reason of our own.
    fn break_off(&mut self, error: io::Error) -> Result<Frame<Bytes>, io::Error> {
        self.tell(Outcome::Failed);
        Err(error)
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(mut finish) = self.finish.take() {
            finish.finished(outcome, self.sent);
        }
    }

    fn next_bytes(&mut self, most: u64) -> io::Result<Bytes> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match &mut self.source {
            Source::Whole(bytes) => Ok(bytes.split_to(most.min(bytes.len()))),
            Source::Blob { reader, offset, end } => {
                let wanted = usize::try_from(*end - *offset).unwrap_or(usize::MAX).min(most).min(FRAME_BYTES);
                let bytes = reader.read(*offset, wanted)?;
                *offset += bytes.len() as u64;
                Ok(bytes)
            }
            Source::Pieces { reader, pieces } => {
                let Some(piece) = pieces.front_mut() else { return Ok(Bytes::new()) };
                let bytes = match piece {
                    Piece::Text(text) => text.split_to(most.min(text.len())),
                    Piece::Blob { start, end } => {
                        let wanted = usize::try_from(*end - *start).unwrap_or(usize::MAX).min(most).min(FRAME_BYTES);
                        let bytes = reader.read(*start, wanted)?;
                        *start += bytes.len() as u64;
                        bytes
                    }
                };
                if piece.length() == 0 {
                    pieces.pop_front();
                }
                Ok(bytes)
            }
        }
    }
}

/// Waits in real time, since clients' timeouts are real. False if `ended` came first.
#[expect(clippy::disallowed_methods, reason = "an injected delay is real time by contract")]
async fn pause_unless(delay: Duration, ended: CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(delay) => true,
        () = ended.cancelled() => false,
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        // The library drops a body that it has not drained when the peer has gone.
        let outcome = if self.remaining == 0 { Outcome::Completed } else { Outcome::ClientGone };
        self.tell(outcome);
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let body = &mut *self;
        if !std::task::ready!(body.poll_pauses(cx)) {
            // Late bytes must not reach anybody.
            return Poll::Ready(Some(body.break_off(io::ErrorKind::ConnectionAborted.into())));
        }
        if let Cut::Ending { sent, end, connection } = &mut body.cut {
            std::task::ready!(sent.as_mut().poll(cx));
            let (outcome, ends_in_order) = match end {
                CutEnd::Reset => {
                    connection.reset_for_one_call();
                    (Outcome::FaultReset, false)
                }
                // A stream can end in order by itself; without streams, the connection has to.
                CutEnd::Eof => (Outcome::FaultEof, connection.is_shared()),
            };
            body.cut = Cut::None;
            body.tell(outcome);
            return Poll::Ready(if ends_in_order { None } else { Some(Err(io::Error::other(CutByRule))) });
        }
        let until_cut = match &body.cut {
            Cut::After { bytes, .. } => Some(*bytes),
            Cut::None | Cut::Ending { .. } => None,
        };
        if body.remaining == 0 && until_cut.is_none() {
            body.tell(Outcome::Completed);
            return Poll::Ready(None);
        }
        let until_pause = body.delays.front().map_or(u64::MAX, |(at, ..)| at - body.sent);
        let most = until_cut.unwrap_or(body.remaining).min(until_pause);
        // A cut before the first byte waits for the departure of none.
        let next = if most == 0 { Ok(Bytes::new()) } else { body.next_bytes(most) };
        let bytes = match next {
            Ok(bytes) if bytes.is_empty() && most > 0 => {
                return Poll::Ready(Some(body.break_off(io::ErrorKind::UnexpectedEof.into())));
            }
            Ok(bytes) => bytes,
            Err(error) => return Poll::Ready(Some(body.break_off(error))),
        };
        let length = bytes.len() as u64;
        body.remaining -= length;
        body.sent += length;
        let bytes = body.cut_at(bytes);
        if body.has_ended() {
            body.tell(Outcome::Completed);
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced.saturating_sub(self.sent))
    }
}
