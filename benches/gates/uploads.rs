//! Blobs to push, and the three ways to push them.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::client::Connection;
use crate::requests::{digest_of, oci_call};

/// Bytes that a blob repeats.
const PIECE_BYTES: u64 = 1 << 20;
/// Bytes written to the socket at a time.
const WRITE_BYTES: usize = 256 << 10;

/// How a blob is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// POST, then PUT with the bytes.
    PostPut,
    /// POST, PATCH with the bytes, PUT.
    PostPatchPut,
    /// POST with the bytes.
    Monolithic,
}

/// Bytes to push.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    /// Its bytes, up to the first piece; they repeat from there on.
    first: Vec<u8>,
    /// Its length.
    pub(crate) bytes: u64,
    /// Its digest.
    pub(crate) digest: String,
}

impl Blob {
    /// A blob of this length that no other number has: the number, then a pattern.
    pub(crate) fn new(number: u64, bytes: u64) -> Self {
        let mut first: Vec<u8> =
            (0..bytes.min(PIECE_BYTES) as u32).map(|index| (index.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
        first[..8].copy_from_slice(&number.to_be_bytes());
        let mut hasher = Sha256::new();
        let mut left = bytes;
        while left > 0 {
            let piece = first.len().min(left as usize);
            hasher.update(&first[..piece]);
            left -= piece as u64;
        }
        let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
        Self { first, bytes, digest }
    }

    /// A small blob of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { first: bytes.to_vec(), bytes: bytes.len() as u64, digest: digest_of(bytes) }
    }

    fn send(&self, connection: &mut Connection) -> Result<()> {
        let mut left = self.bytes as usize;
        while left > 0 {
            let piece = &self.first[..self.first.len().min(left)];
            piece.chunks(WRITE_BYTES).try_for_each(|chunk| connection.send(chunk))?;
            left -= piece.len();
        }
        Ok(())
    }
}

/// Where a blob goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Value of `Authorization`.
    pub(crate) authorization: &'a str,
    /// The repository.
    pub(crate) repository: &'a str,
    /// Status of the answer to a PATCH: 201 from ECR, 202 in the specification.
    pub(crate) patched: u16,
}

impl Place<'_> {
    /// Pushes a blob.
    pub(crate) fn push(&self, connection: &mut Connection, mode: Mode, blob: &Blob) -> Result<()> {
        let with_bytes = |connection: &mut Connection, line: &str, status| {
            let octets = "content-type: application/octet-stream\r\n";
            connection.send(&oci_call(line, self.authorization, octets, blob.bytes, b""))?;
            blob.send(connection)?;
            connection.receive(status).map(|reply| path_of(reply.header("location").unwrap_or_default()))
        };
        let uploads = format!("/v2/{}/blobs/uploads/", self.repository);
        if mode == Mode::Monolithic {
            with_bytes(connection, &format!("POST {uploads}?digest={}", blob.digest), 201)?;
            return Ok(());
        }
        let start = oci_call(&format!("POST {uploads}"), self.authorization, "", 0, b"");
        let opened = path_of(connection.call(&start, 202)?.header("location").context("no location")?);
        if mode == Mode::PostPut {
            with_bytes(connection, &ending(&opened, blob), 201)?;
            return Ok(());
        }
        let session = with_bytes(connection, &format!("PATCH {opened}"), self.patched)?;
        connection.call(&oci_call(&ending(&session, blob), self.authorization, "", 0, b""), 201)?;
        Ok(())
    }
}

/// The line that ends an upload. Some registries keep state in the query of its location.
fn ending(session: &str, blob: &Blob) -> String {
    let separator = if session.contains('?') { '&' } else { '?' };
    format!("PUT {session}{separator}digest={}", blob.digest)
}

fn path_of(location: &str) -> String {
    match location.strip_prefix("http://").and_then(|rest| rest.find('/').map(|slash| &rest[slash..])) {
        Some(path) => path.to_owned(),
        None => location.to_owned(),
    }
}
