//! A frugal HTTP/1.1 client: one keep-alive connection, requests as bytes, answers read in as few pieces as they come.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

const BUFFER_BYTES: usize = 256 * 1024;
const HEAD_ENDS: &[u8] = b"\r\n\r\n";

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The head of an answer, and as much of its body as fits the buffer: all of it in a small answer.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    head: &'a str,
    /// The body's beginning.
    pub(crate) body: &'a [u8],
}

impl Reply<'_> {
    /// Value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    fn status(&self) -> Result<u16> {
        Ok(self.head.get(9..12).context("no status")?.parse()?)
    }

    fn content_length(&self) -> Result<usize> {
        Ok(self.header("content-length").map_or(Ok(0), str::parse)?)
    }
}

/// Bytes of the answer that begins so, which must have this status; nothing before its head is whole.
pub(crate) fn reply_bytes(beginning: &[u8], status: u16) -> Result<Option<usize>> {
    let Some(end) = beginning.windows(HEAD_ENDS.len()).position(|window| window == HEAD_ENDS) else { return Ok(None) };
    let reply = Reply { head: std::str::from_utf8(&beginning[..end])?, body: &[] };
    ensure!(reply.status()? == status, "{status} was expected: {}", reply.head);
    Ok(Some(end + HEAD_ENDS.len() + reply.content_length()?))
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES] })
    }

    /// Sends bytes of a request.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Takes one answer, which must have this status. A body that is longer than the buffer is read and dropped.
    pub(crate) fn receive(&mut self, status: u16) -> Result<Reply<'_>> {
        let mut filled = 0;
        let head_bytes = loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            ensure!(read > 0, "the connection ended in the head of an answer");
            let start = filled.saturating_sub(HEAD_ENDS.len());
            filled += read;
            let ends = self.buffer[start..filled].windows(HEAD_ENDS.len()).position(|window| window == HEAD_ENDS);
            if let Some(position) = ends {
                break start + position + HEAD_ENDS.len();
            }
            ensure!(filled < self.buffer.len(), "the head of an answer is too long");
        };
        let head = std::str::from_utf8(&self.buffer[..head_bytes])?;
        let length = Reply { head, body: &[] }.content_length()?;
        let mut missing = (head_bytes + length).saturating_sub(filled);
        let kept = self.buffer.len().min(head_bytes + length);
        while missing > 0 {
            let place = if filled < kept { filled..kept } else { head_bytes..self.buffer.len() };
            let most = place.len().min(missing);
            let read = self.stream.read(&mut self.buffer[place.start..place.start + most])?;
            ensure!(read > 0, "the connection ended in the body of an answer");
            missing -= read;
            filled = (filled + read).min(kept);
        }
        let head = std::str::from_utf8(&self.buffer[..head_bytes]).unwrap_or_default();
        let reply = Reply { head, body: &self.buffer[head_bytes..kept] };
        if reply.status()? != status {
            bail!("{status} was expected: {}{}", reply.head, String::from_utf8_lossy(reply.body));
        }
        Ok(reply)
    }

    /// One request and its answer.
    pub(crate) fn call(&mut self, request: &[u8], status: u16) -> Result<Reply<'_>> {
        self.send(request)?;
        self.receive(status)
    }
}

/// Several connections of one thread: each has a request under way before the first answer is read.
pub(crate) struct Clients(Vec<Connection>);

impl Clients {
    /// Opens so many.
    pub(crate) fn open(address: SocketAddr, count: usize) -> Result<Self> {
        Ok(Self((0..count).map(|_| Connection::open(address)).collect::<Result<_>>()?))
    }

    /// Sends `calls` requests, made by their number, and expects this status of each.
    pub(crate) fn call(&mut self, calls: usize, status: u16, mut request: impl FnMut(usize) -> Vec<u8>) -> Result<()> {
        let mut sent = 0;
        while sent < calls {
            let wave = self.0.len().min(calls - sent);
            for connection in &mut self.0[..wave] {
                connection.send(&request(sent))?;
                sent += 1;
            }
            for connection in &mut self.0[..wave] {
                connection.receive(status)?;
            }
        }
        Ok(())
    }
}
