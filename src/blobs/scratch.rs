//! A file that grows while an upload arrives. It does not know what will become of its bytes.

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
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok(Self { file: Arc::new(file), name: Some(TemporaryName(Some(path))) })
    }

    /// Writes `bytes` at `length_bytes`, the end of what counts. A failed write is cut off again.
    pub(super) fn append(&self, bytes: &[u8], length_bytes: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, length_bytes).inspect_err(|_| {
            // The first error is the one to report. Bytes that stay behind are beyond the length, so nobody reads them.
            let _ = self.file.set_len(length_bytes);
        })
    }
}

/// A name to be unlinked on drop unless it was exchanged for a lasting one.
#[derive(Debug)]
pub(super) struct TemporaryName(Option<PathBuf>);

impl TemporaryName {
    /// Renames the file to `target`, over whatever is there.
    pub(super) fn rename(mut self, target: &Path) -> io::Result<()> {
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
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "temporary file of an upload not removed");
        }
    }
}
