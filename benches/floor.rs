//! The floors that performance is measured against, and the proof that they are floors.
//!
//! `serve-l` is a bare hyper server with canned answers, which reads and drops uploads and serves pulls from memory.
//! `serve-s` hashes every upload as it arrives, writes it to a file on tmpfs and serves it from there with `pread`: the
//! least that an honest registry can do. Both run on one thread, print their address and serve until they are killed.
//! `--check` measures both and fails where one is no floor. Neither is a registry.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _, stdout};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::header::{CONTENT_RANGE, LOCATION, RANGE};
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sha2::{Digest as _, Sha256};

const FRAME_BYTES: usize = 256 * 1024;
/// What L serves, and the answer to a call of the JSON API.
static CANNED: [u8; FRAME_BYTES] = [b' '; FRAME_BYTES];
/// Frames for `pread`, recycled as a registry would.
static IDLE_FRAMES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let port = arguments.iter().skip_while(|argument| *argument != "--port").nth(1);
    let port = port.map_or(Ok(0), |text| text.parse())?;
    match arguments.get(1).map(String::as_str) {
        Some("serve-l") => serve(false, port),
        Some("serve-s") => serve(true, port),
        Some("--check") => check(),
        _ => bail!("serve-l, serve-s or --check comes first"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a floor has no shutdown to join its tasks in")]
fn serve(stores: bool, port: u16) -> Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum; // Each blob of S is an open file.
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        writeln!(stdout(), "{}", listener.local_addr()?)?;
        let floor: &Floor = Box::leak(Box::new(Floor { stores, ..Floor::default() }));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (stream, service) = (TokioIo::new(stream), service_fn(|request| floor.answer(request)));
            tokio::spawn(http1::Builder::new().serve_connection(stream, service));
        }
    })
}

/// Both floors: L keeps of an upload how long it was, S keeps it.
#[derive(Default)]
struct Floor {
    stores: bool,
    names: AtomicU64,
    uploads: Mutex<HashMap<String, (Content, Sha256)>>,
    stored: Mutex<HashMap<String, Content>>,
}

/// Bytes still to be sent: of a file, or canned ones.
#[derive(Clone, Default)]
struct Content {
    file: Option<Arc<File>>,
    next: u64,
    end: u64,
}

impl Floor {
    /// Uploads of blobs in one, two or three requests, PUT of manifests, pulls of both; POST to `/` is the JSON API.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Content>> {
        let (head, mut body) = request.into_parts();
        let name = head.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
        if head.method == Method::GET || head.method == Method::HEAD {
            return self.pull(&name, head.headers.get(RANGE).map(|range| range.to_str()).transpose()?);
        }
        if head.uri.path() == "/" {
            while body.frame().await.transpose()?.is_some() {}
            return Ok(Response::new(Content { end: 512, ..Content::default() }));
        }
        let known = self.uploads.lock().expect("no panic").remove(&name);
        let (mut content, mut hasher) = known.map_or_else(|| self.begin(), Ok)?;
        while let Some(frame) = body.frame().await.transpose()? {
            let Some(bytes) = frame.data_ref() else { continue };
            if let Some(file) = &content.file {
                file.write_all_at(bytes, content.end)?;
                hasher.update(bytes);
            }
            content.end += bytes.len() as u64;
        }
        let mut query = head.uri.query().unwrap_or_default().split('&');
        let digest = query.find_map(|pair| pair.strip_prefix("digest=")).map(|text| text.replace("%3A", ":"));
        if digest.is_none() && !head.uri.path().contains("/manifests/") {
            let id = self.names.fetch_add(1, Ordering::Relaxed).to_string();
            let response = Response::builder().header(LOCATION, format!("/v2/floor/blobs/uploads/{id}"));
            self.uploads.lock().expect("no panic").insert(id, (content, hasher));
            return Ok(response.status(StatusCode::ACCEPTED).body(Content::default())?);
        }
        if let (Some(digest), Some(_)) = (&digest, &content.file) {
            let actual = hex::encode(hasher.finalize());
            ensure!(digest.strip_prefix("sha256:") == Some(&actual), "the digest is {actual}");
        }
        self.stored.lock().expect("no panic").insert(digest.unwrap_or(name), content);
        Ok(Response::builder().status(StatusCode::CREATED).body(Content::default())?)
    }

    fn begin(&self) -> Result<(Content, Sha256)> {
        let mut content = Content::default();
        if self.stores {
            let number = self.names.fetch_add(1, Ordering::Relaxed);
            let path = format!("/dev/shm/floor-{}-{number}", std::process::id());
            content.file = Some(Arc::new(File::options().read(true).write(true).create_new(true).open(&path)?));
            fs::remove_file(path)?; // The descriptor keeps it, and a killed floor leaves nothing.
        }
        Ok((content, Sha256::new()))
    }

    fn pull(&self, name: &str, range: Option<&str>) -> Result<Response<Content>> {
        let Some(content) = self.stored.lock().expect("no panic").get(name).cloned() else {
            return Ok(Response::builder().status(StatusCode::NOT_FOUND).body(Content::default())?);
        };
        let Some(range) = range else { return Ok(Response::new(content)) };
        let (first, last) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).context("a range")?;
        let (next, end) = (first.parse()?, last.parse::<u64>()? + 1);
        ensure!(next < end && end <= content.end, "a range outside of the blob");
        let response = Response::builder().status(StatusCode::PARTIAL_CONTENT);
        let response = response.header(CONTENT_RANGE, format!("bytes {first}-{last}/{}", content.end));
        Ok(response.body(Content { file: content.file, next, end })?)
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let (offset, length) = (self.next, FRAME_BYTES.min((self.end - self.next) as usize));
        self.next += length as u64;
        let canned = || Ok(Bytes::from_static(&CANNED[..length]));
        let bytes = || self.file.as_ref().map_or_else(canned, |file| read(file, offset, length));
        Poll::Ready((length > 0).then(|| bytes().map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.next)
    }
}

struct Recycled(Vec<u8>, usize);

/// One recycled frame of `file`.
fn read(file: &File, offset: u64, length: usize) -> io::Result<Bytes> {
    let idle = IDLE_FRAMES.lock().expect("no panic").pop();
    let mut frame = Recycled(idle.unwrap_or_else(|| vec![0; FRAME_BYTES]), length);
    file.read_exact_at(&mut frame.0[..length], offset)?;
    Ok(Bytes::from_owner(frame))
}

impl AsRef<[u8]> for Recycled {
    fn as_ref(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

impl Drop for Recycled {
    fn drop(&mut self) {
        IDLE_FRAMES.lock().expect("no panic").push(std::mem::take(&mut self.0));
    }
}

/// Medians of five rounds: a push to S against the bare hash of the same bytes, and calls to L.
fn check() -> Result<()> {
    const PIECES: u64 = 512;
    const BATCHES: u32 = 5000;
    let piece: Vec<u8> = (0..1_u32 << 20).map(|index| (index.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
    let (mut ratios, mut calls_us) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let before = cpu_seconds(std::process::id())?;
        let digest = hex::encode((0..PIECES).fold(Sha256::new(), |hasher, _| hasher.chain_update(&piece)).finalize());
        let hash_seconds = cpu_seconds(std::process::id())? - before;
        let s = start("serve-s")?;
        let (mut client, before) = (TcpStream::connect(s.1)?, cpu_seconds(s.0.id())?);
        write!(client, "POST /v2/a/blobs/uploads/?digest=sha256:{digest} HTTP/1.1\r\nhost: floor\r\n")?;
        write!(client, "content-length: {}\r\n\r\n", PIECES << 20)?;
        (0..PIECES).try_for_each(|_| client.write_all(&piece))?;
        expect(&mut client, "HTTP/1.1 201")?;
        ratios.push((cpu_seconds(s.0.id())? - before) / hash_seconds);

        let l = start("serve-l")?;
        // Several connections keep the server busy: waking an idle core is not a cost of L.
        let mut clients = (0..8).map(|_| TcpStream::connect(l.1)).collect::<io::Result<Vec<TcpStream>>>()?;
        let before = cpu_seconds(l.0.id())?;
        for _ in 0..BATCHES {
            let call = b"POST / HTTP/1.1\r\nhost: floor\r\ncontent-length: 2\r\n\r\n{}";
            clients.iter_mut().try_for_each(|client| client.write_all(call))?;
            clients.iter_mut().try_for_each(|client| expect(client, "HTTP/1.1 200"))?;
        }
        calls_us.push((cpu_seconds(l.0.id())? - before) * 1e6 / f64::from(BATCHES * 8));
    }
    let ratio = *ratios.select_nth_unstable_by(2, f64::total_cmp).1;
    let call_us = *calls_us.select_nth_unstable_by(2, f64::total_cmp).1;
    writeln!(stdout(), "S push: {ratio:.2} x bare SHA-256 (at most 2.70)")?;
    writeln!(stdout(), "L call: {call_us:.1} us (at most 15.0)")?;
    ensure!(ratio <= 2.7 && call_us <= 15.0, "a floor lies too high to measure against");
    Ok(())
}

/// Reads one small answer, which comes in one piece from either floor.
fn expect(client: &mut TcpStream, status: &str) -> Result<()> {
    let mut answer = [0; 4096];
    let length = client.read(&mut answer)?;
    ensure!(answer[..length].starts_with(status.as_bytes()), "{}", String::from_utf8_lossy(&answer[..length]));
    Ok(())
}

/// CPU seconds of a process: all threads, user and system. The kernel counts in hundredths for every program.
fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Ok(fields.map(str::parse::<u64>).sum::<Result<u64, _>>()? as f64 / 100.0)
}

/// A floor in a process of its own; killed on drop.
struct Process(Child, SocketAddr);

fn start(floor: &str) -> Result<Process> {
    let mut child = Command::new(std::env::current_exe()?).arg(floor).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("piped")?).read_line(&mut line)?;
    Ok(Process(child, line.trim().parse()?))
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}
