//! The socket under a connection, with a handle that faults can reach it by.
//!
//! An HTTP library cannot end a connection with a TCP reset after exactly n bytes: whatever lies in the kernel's send
//! queue when a socket with linger 0 is closed is thrown away. So a faulted body yields its n bytes, waits here until
//! the library has written them and the peer's kernel has them, and only then asks for the reset. TLS, where there is any,
//! stands above the socket.
//!
//! The only file with `unsafe` code: one ioctl that asks the kernel for the length of its send queue.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd as _, RawFd};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::departure::Departure;
use super::pace::Pace;
use crate::worlds::PasswordAddress;

/// Longest wait for the peer to take what was sent before a scripted reset.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// What faults and records may know of and do to a connection.
#[derive(Debug)]
pub struct ConnectionHandle {
    /// Number of the connection, from 1, for the daemon's life.
    pub number: u64,
    socket: RawFd,
    /// Set while the stream is alive; `socket` is valid only then.
    open: AtomicBool,
    reset: AtomicBool,
    /// Whether several calls are on their way at once, as in HTTP/2.
    shared: AtomicBool,
    /// How often everything that was written had reached the kernel.
    flushes: AtomicU64,
    /// Whether its client keeps pace.
    pub(super) pace: Pace,
    /// The last login that came by it, and where it leads: clients repeat theirs with every request.
    login: Mutex<Option<(Box<str>, PasswordAddress)>>,
}

impl ConnectionHandle {
    /// A handle of no connection, for calls that come by none.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn detached() -> Arc<Self> {
        Arc::new(Self {
            number: 0,
            socket: -1,
            open: AtomicBool::new(false),
            reset: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            flushes: AtomicU64::new(0),
            pace: Pace::start(),
            login: Mutex::new(None),
        })
    }

    /// Notes that calls share the connection, as they do in HTTP/2: what ends one of them must not end the others.
    pub fn share(&self) {
        self.shared.store(true, Ordering::Release);
        self.pace.multiplexes();
    }

    /// Whether calls share the connection.
    pub fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Acquire)
    }

    /// Makes the coming close a TCP reset instead of an orderly end.
    pub fn reset_on_close(&self) {
        self.reset.store(true, Ordering::Release);
    }

    /// The same for a call that is to end by a reset. Where calls share the connection it stays, and the HTTP library resets
    /// the stream of the one.
    pub fn reset_for_one_call(&self) {
        if !self.is_shared() {
            self.reset_on_close();
        }
    }

    /// Whether the close will be, or was, a scripted reset.
    pub fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Acquire)
    }

    /// How often all written bytes had reached the kernel. Grows with the next flush after a write.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Acquire)
    }

    /// Where the password of an `Authorization` header leads; read by `read` unless the connection has just seen it.
    pub fn login(&self, header: &str, read: impl FnOnce(&str) -> Option<PasswordAddress>) -> Option<PasswordAddress> {
        let mut login = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, address)) = &*login
            && **known == *header
        {
            return Some(address.clone());
        }
        let address = read(header)?;
        *login = Some((Box::from(header), address.clone()));
        Some(address)
    }

    /// Counts that everything written had reached the kernel.
    pub(super) fn count_flush(&self) {
        self.flushes.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until the last bytes before a cut have left for good: until the peer's kernel has them, or, where calls share
    /// the connection, until they stand before the frame that will reset the stream. At most five seconds, after which a
    /// peer that does not read loses what it did not take.
    pub(super) async fn sent(&self, last: Departure) {
        let taken = async {
            let flushes = last.departed().await;
            let has_left = || self.flushes() > flushes && (self.is_shared() || self.unsent_bytes() == 0);
            while !has_left() {
                pause(Duration::from_micros(200)).await;
            }
        };
        // A peer that never reads must not hold the connection for ever.
        let _ = tokio::time::timeout(DRAIN_LIMIT, taken).await;
    }

    /// [`Self::unsent_bytes`] as a number of bytes.
    pub(super) fn unsent(&self) -> u64 {
        u64::try_from(self.unsent_bytes()).unwrap_or(0)
    }

    /// Notes what became of a write.
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(_)) => self.pace.sent(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.pace.blocked(|| self.unsent()),
        }
        written
    }

    /// Bytes in the kernel's send queue that the peer has not acknowledged.
    #[expect(unsafe_code, reason = "no safe wrapper asks for the length of the send queue")]
    fn unsent_bytes(&self) -> libc::c_int {
        if !self.open.load(Ordering::Acquire) {
            return 0;
        }
        let mut queued: libc::c_int = 0;
        // SAFETY: TIOCOUTQ writes one c_int to the pointer, which is valid and exclusively ours. The descriptor is at
        // worst closed or reused by then: the call then fails or asks another socket, and writes nothing else.
        let asked = unsafe { libc::ioctl(self.socket, libc::TIOCOUTQ, &raw mut queued) };
        if asked == 0 { queued } else { 0 }
    }
}

/// A short real pause, where the kernel offers no event to wait for.
#[expect(clippy::disallowed_methods, reason = "the kernel has no event for an empty send queue or a free descriptor")]
pub(super) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// A TCP stream that ends as its handle says.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    handle: Arc<ConnectionHandle>,
}

impl Socket {
    /// Takes an accepted stream; small replies leave at once (no Nagle).
    pub fn new(stream: TcpStream, number: u64) -> (Self, Arc<ConnectionHandle>) {
        // Failure leaves the connection slower, not wrong.
        let _ = stream.set_nodelay(true);
        let handle = Arc::new(ConnectionHandle {
            number,
            socket: stream.as_raw_fd(),
            open: AtomicBool::new(true),
            reset: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            flushes: AtomicU64::new(0),
            pace: Pace::start(),
            login: Mutex::new(None),
        });
        (Self { stream, handle: Arc::clone(&handle) }, handle)
    }

    /// What faults and records may know of it.
    pub(super) fn handle(&self) -> &Arc<ConnectionHandle> {
        &self.handle
    }

    /// The address that the peer reached.
    pub(super) fn local_address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// The first byte that the peer sends, which stays to be read.
    pub(super) async fn first_byte(&self) -> io::Result<u8> {
        let mut first = [0];
        match self.stream.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(first[0]),
        }
    }

    /// A writer that takes what the kernel takes at once.
    pub(super) fn at_once(&self) -> impl io::Write {
        AtOnce(&self.stream)
    }
}

struct AtOnce<'a>(&'a TcpStream);

impl io::Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.handle.open.store(false, Ordering::Release);
        if self.handle.is_reset() {
            // Linger 0 turns the close that follows into a reset. If the socket is dead already, nothing is lost.
            let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut socket.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            socket.handle.pace.received();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        socket.handle.wrote(Pin::new(&mut socket.stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        socket.handle.wrote(Pin::new(&mut socket.stream).poll_write_vectored(cx, slices))
    }
}
