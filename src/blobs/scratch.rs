//! A file that grows while an upload arrives. It does not know what will become of its bytes.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, memfd_create};

/// A file without a lasting name.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Shared with those who read along.
    pub(super) file: Arc<File>,
    /// In a directory store, the name until the digest is known; none for anonymous memory.
    pub(super) name: Option<TemporaryName>,
}

impl Scratch {
    /// Memory of the kernel. It counts to the machine and to a container's limit, but not to the resident set of the
    /// process, and it is read and written like a file, without a mapping.
    pub(super) fn anonymous() -> io::Result<Self> {
        let descriptor = memfd_create(c"blob", MemfdFlags::CLOEXEC)?;
        Ok(Self { file: Arc::new(File::from(descriptor)), name: None })
    }

    /// A new file at `path`.
    pub(super) fn at(path: PathBuf) -> io::Result<Self> {
        let opened = File::options().read(true).write(true).create_new(true).open(&path);
        let file = opened.map_err(|error| named(&error, &path))?;
        Ok(Self { file: Arc::new(file), name: Some(TemporaryName(Some(path))) })
    }

    /// Writes `bytes` at `length_bytes`, the end of what counts. A failed write is cut off again.
    pub(super) fn append(&self, bytes: &[u8], length_bytes: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, length_bytes).map_err(|error| {
            self.trim(length_bytes);
            match &self.name {
                Some(TemporaryName(Some(path))) => named(&error, path),
                _ => error,
            }
        })
    }

    /// Gives back what lies behind `length_bytes`, if the system lets it: nobody reads it, and [`seal`](Self::seal) will
    /// insist.
    pub(super) fn trim(&self, length_bytes: u64) {
        let _ = self.file.set_len(length_bytes);
    }

    /// Makes the file exactly `length_bytes` long, which it is unless a [`trim`](Self::trim) failed: from now on others
    /// may take it for what its name will say.
    pub(super) fn seal(&self, length_bytes: u64) -> io::Result<()> {
        match self.file.metadata()?.len().cmp(&length_bytes) {
            Ordering::Equal => Ok(()),
            Ordering::Greater => self.file.set_len(length_bytes),
            // Somebody else was at it.
            Ordering::Less => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The error with the path that it is about, which the system does not tell.
pub(super) fn named(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A name to be unlinked on drop unless it was exchanged for a lasting one.
#[derive(Debug)]
pub(super) struct TemporaryName(Option<PathBuf>);

impl TemporaryName {
    /// Renames the file to `target`, over whatever is there; after an error it has its old name.
    pub(super) fn rename(&mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.0 {
            fs::rename(path, target)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for TemporaryName {
    fn drop(&mut self) {
        let Some(path) = &self.0 else { return };
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "temporary file of an upload not removed");
        }
    }
}
