//! A registry on this machine that answers as a test says and notes what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Caller, Image, TestServer, TestWorld};

/// A request as an upstream saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Path and query.
    pub(super) target: String,
    head: String,
}

impl Seen {
    /// The value of a header; empty if it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    }
}

/// A running upstream. It ends with the test's runtime.
#[derive(Debug)]
pub(super) struct Upstream {
    /// Address and port, as a cache rule names it.
    pub(super) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Upstream {
    /// Starts one. What `answer` says goes out as it is.
    pub(super) async fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let connections = Arc::<AtomicUsize>::default();
        let (log, count, answer) = (Arc::clone(&seen), Arc::clone(&connections), Arc::new(answer));
        in_background(async move {
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                in_background(async move { converse(socket, &log, &*answer).await });
            }
        });
        Self { host, seen, connections }
    }

    /// Everything that it was asked, in order.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// Targets of all that it was asked.
    pub(super) fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// Connections that it accepted.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// A world whose prefix `far` caches this upstream, and somebody who may do everything there.
    pub(super) async fn cached(&self) -> (TestServer, TestWorld, Caller) {
        let server = TestServer::start().await;
        let world = server.world().await;
        let rule = format!(r#"{{"prefix": "far", "upstream": "{}"}}"#, self.host);
        world.seed(&format!(r#"{{"registry": {{"cacheRules": [{rule}]}}}}"#)).await;
        let home = world.home().await;
        (server, world, home)
    }
}

/// Answers one request after the other, until the peer goes or an answer is not whole.
async fn converse(mut socket: TcpStream, log: &Mutex<Vec<Seen>>, answer: &(dyn Fn(&Seen) -> Vec<u8> + Send + Sync)) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = socket.read(&mut buffer).await {
        head.extend_from_slice(&buffer[..read]);
        if read == 0 {
            return;
        }
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let target = text.split(' ').nth(1).expect("a target").to_owned();
        let seen = Seen { target, head: text };
        head.clear();
        log.lock().expect("no panic").push(seen.clone());
        let bytes = answer(&seen);
        if socket.write_all(&bytes).await.is_err() || bytes.starts_with(b"HTTP/1.1 200 Cut") {
            return;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a server of a test ends with the runtime of the test")]
fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

/// A whole answer. `headers` are lines with their ends.
pub(super) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An answer whose body breaks off after half of its bytes.
pub(super) fn half(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 Cut\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body[..body.len() / 2]].concat()
}

/// What a registry answers that has one image, under every name and tag.
pub(super) fn serve(image: &Image, seen: &Seen) -> Vec<u8> {
    if seen.target.contains("/manifests/") {
        return answer("200 OK", "", &image.manifest);
    }
    let blob =
        [&image.layer, &image.config].into_iter().find(|blob| seen.target.ends_with(&crate::harness::sha256(blob)));
    blob.map_or_else(|| answer("404 Not Found", "", "{}"), |blob| answer("200 OK", "", blob))
}
