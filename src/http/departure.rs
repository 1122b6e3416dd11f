//! When bytes have left: what a rule waits for before it cuts a body after exactly n bytes.
//!
//! The HTTP library takes a body's bytes long before it writes them. Under HTTP/2 it waits for the peer's window, and
//! throws away what it still holds when the stream is reset. So the last bytes before a cut tell when they are let go.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::socket::ConnectionHandle;

/// Bytes that have been handed to the HTTP library.
#[derive(Debug)]
pub(super) struct Departure(oneshot::Receiver<u64>);

impl Departure {
    /// The same bytes, watched, and their departure on this connection.
    pub(super) fn of(bytes: Bytes, connection: &Arc<ConnectionHandle>) -> (Bytes, Self) {
        let (departed, departure) = oneshot::channel();
        let watched = Watched { bytes, connection: Arc::clone(connection), departed: Some(departed) };
        (Bytes::from_owner(watched), Self(departure))
    }

    /// Waits until the library has let the bytes go; answers how often the connection had been flushed by then.
    pub(super) async fn departed(self) -> u64 {
        // The sender speaks when it is dropped, so it cannot be dropped without a word.
        self.0.await.unwrap_or_default()
    }
}

struct Watched {
    bytes: Bytes,
    connection: Arc<ConnectionHandle>,
    departed: Option<oneshot::Sender<u64>>,
}

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(departed) = self.departed.take() {
            // The body may be gone already, with its connection.
            let _ = departed.send(self.connection.flushes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_have_left_when_nobody_holds_them_any_more() {
        for bytes in [&b"bytes"[..], &b""[..]] {
            let connection = ConnectionHandle::detached();
            let (watched, departure) = Departure::of(Bytes::from_static(bytes), &connection);
            assert_eq!(watched, bytes);
            let copy = watched.clone();
            drop(watched);
            connection.count_flush();
            drop(copy);
            assert_eq!(departure.departed().await, 1, "the flush came before the end of the copy");
        }
    }
}
