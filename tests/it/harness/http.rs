//! HTTP/1.1 by hand, over a plain socket or TLS: it counts bytes and tells a clean end of stream from a reset, which libraries
//! hide.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest that a test waits for bytes before it fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, as written on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Sets a header, in place of an earlier value.
    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same request where a redirect leads, without the login: whoever is redirected needs none.
    pub(crate) fn redirected(&self, target: &str) -> Self {
        let mut request = self.clone();
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        target.clone_into(&mut request.target);
        request
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The request as a library takes it that speaks HTTP/2.
    pub(crate) fn to_http(&self, host: &str) -> http::Request<Full<Bytes>> {
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("https://{host}{}", self.target))
            .version(http::Version::HTTP_2);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::from(self.body.clone())).expect("the test makes legal requests")
    }

    /// The body in chunks of that many bytes, its length unsaid.
    pub(crate) fn chunked(self, bytes: usize) -> Self {
        let mut body = Vec::new();
        for chunk in self.body.chunks(bytes) {
            body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\n\r\n");
        self.header("Transfer-Encoding", "chunked").body(body)
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// The head as it goes over the wire. `Content-Length` is that of the body unless the test set another.
    pub(crate) fn head(&self, host: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut line = |name: &str, value: &str| head.extend([name, ": ", value, "\r\n"]);
        if !self.has("host") {
            line("Host", &host.to_string());
        }
        if !self.has("content-length") && !self.has("transfer-encoding") {
            line("Content-Length", &self.body.len().to_string());
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// How a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All bytes that its length announced are there.
    Whole,
    /// The stream ended in order, too early.
    Eof,
    /// The connection was reset.
    Reset,
}

/// A whole reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Status line and headers as they came; empty for HTTP/2.
    pub(crate) head: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A reply that a library has read.
    pub(crate) fn read(status: u16, headers: &http::HeaderMap, body: Vec<u8>) -> Self {
        let text = |value: &http::HeaderValue| value.to_str().expect("headers are ASCII").to_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Self { status, head: String::new(), headers, body }
    }

    /// The value of a header, if it is there.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The value of a header; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Code and message of the one error of a reply of the registry surface.
    pub(crate) fn oci_error(&self) -> (String, String) {
        let body = self.json();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no errors in {body}"));
        assert_eq!(errors.len(), 1, "{body}");
        let text = |name: &str| errors[0][name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        (text("code"), text("message"))
    }

    /// Content-Length as a number.
    pub(crate) fn content_length(&self) -> usize {
        let header = self.header("content-length");
        header.parse().unwrap_or_else(|_| panic!("content-length is {header:?} in {self:?}"))
    }
}

/// What came in answer to a request, however it ended.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Absent if the connection ended before a whole head was there. Its body holds what came of it.
    pub(crate) reply: Option<Reply>,
    pub(crate) end: End,
}

impl Received {
    /// The reply, which must be whole.
    pub(crate) fn whole(self) -> Reply {
        assert_eq!(self.end, End::Whole, "{:?}", self.reply);
        self.reply.expect("a whole reply has a head")
    }

    /// The reply, which must be cut short in this way.
    pub(crate) fn cut(self, end: End) -> Reply {
        assert_eq!(self.end, end, "{:?}", self.reply.as_ref().map(|reply| (reply.status, reply.body.len())));
        self.reply.expect("the head arrived")
    }

    /// Fails unless the connection ended in this way before any reply.
    pub(crate) fn nothing(self, end: End) {
        assert!(self.reply.is_none(), "a reply came: {:?}", self.reply);
        assert_eq!(self.end, end);
    }
}

/// What a connection runs over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin> Stream for S {}

/// A connection to the registry surface.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    peer: SocketAddr,
    unread: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::over(connect(address).await, address)
    }

    /// A connection over a stream that is there already.
    pub(crate) fn over(stream: impl Stream + 'static, peer: SocketAddr) -> Self {
        Self { stream: Box::new(stream), peer, unread: Vec::new() }
    }

    /// Sends a request whole. A peer that ended the connection meanwhile is no failure: its answer may be there.
    pub(crate) async fn send(&mut self, request: &Request) {
        self.write(&request.head(self.peer)).await;
        self.write(&request.body).await;
        self.flush().await;
    }

    /// Sends the head of a request and only a part of its body.
    pub(crate) async fn send_part(&mut self, request: &Request, bytes: usize) {
        self.write(&request.head(self.peer)).await;
        self.write(&request.body[..bytes]).await;
        self.flush().await;
    }

    /// Sends bytes that need be no HTTP.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.write(bytes).await;
        self.flush().await;
    }

    async fn write(&mut self, bytes: &[u8]) {
        taken(tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("the peer takes bytes"));
    }

    async fn flush(&mut self) {
        taken(tokio::time::timeout(PATIENCE, self.stream.flush()).await.expect("the peer takes bytes"));
    }

    /// Receives one reply to a request of this method.
    pub(crate) async fn receive(&mut self, method: &str) -> Received {
        let head = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let rest = self.unread.split_off(end + 4);
                break std::mem::replace(&mut self.unread, rest);
            }
            if let Some(end) = self.fill().await {
                assert!(self.unread.is_empty(), "half a head: {:?}", String::from_utf8_lossy(&self.unread));
                return Received { reply: None, end };
            }
        };
        let (status, headers) = parse_head(&head);
        let head = String::from_utf8(head).expect("heads are ASCII");
        let mut reply = Reply { status, head, headers, body: Vec::new() };
        assert!(reply.find("transfer-encoding").is_none(), "every reply has a length: {reply:?}");
        let bodiless = method == "HEAD" || status == 204 || status == 304 || status < 200;
        let length = if bodiless { 0 } else { reply.content_length() };
        let mut end = None;
        while self.unread.len() < length && end.is_none() {
            end = self.fill().await;
        }
        let rest = self.unread.split_off(length.min(self.unread.len()));
        reply.body = std::mem::replace(&mut self.unread, rest);
        Received { reply: Some(reply), end: end.unwrap_or(End::Whole) }
    }

    /// Sends a request and receives its reply.
    pub(crate) async fn exchange(&mut self, request: &Request) -> Received {
        self.send(request).await;
        self.receive(&request.method).await
    }

    /// Reads more bytes; answers how the stream ended, if it did.
    async fn fill(&mut self) -> Option<End> {
        let mut buffer = vec![0; 256 * 1024];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer)).await;
        match read.expect("the peer answers or hangs up") {
            Ok(0) => Some(End::Eof),
            Ok(count) => {
                self.unread.extend_from_slice(&buffer[..count]);
                None
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Some(End::Reset),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Connects to the registry port.
pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the registry port accepts");
    // Head and body are two writes; the second must not wait for the acknowledgement of the first.
    stream.set_nodelay(true).expect("a stream takes the option");
    stream
}

/// A peer that ended the connection meanwhile is no failure.
fn taken(sent: std::io::Result<()>) {
    if let Err(error) = sent {
        assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    }
}

fn parse_head(head: &[u8]) -> (u16, Vec<(String, String)>) {
    let head = std::str::from_utf8(head).expect("heads are ASCII");
    let mut lines = head.trim_end().split("\r\n");
    let status_line = lines.next().expect("a status line");
    let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line}"));
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    (status.unwrap_or_else(|| panic!("no status line: {status_line}")), lines.map(header).collect())
}
