//! A directory that holds blobs, and only for as long as its store lives.
//!
//! Below it the store touches three things and nothing else: the file `lock`, the folder `tmp/` for uploads, and the
//! folder `blobs/`, where the blob `sha256:abcd…` is the file `blobs/sha256/ab/abcd…`.
//!
//! # When the process dies
//!
//! A file comes into `blobs/` by one rename, with all its bytes and after they were hashed. So at whatever moment the
//! process is killed, each file there is what its name says, and what is in `tmp/` is the start of something.
//!
//! When the machine dies that is not so, since nothing here waits for the disk: no answer of a daemon promises that bytes
//! outlive it, and to sync a file and its folder would make the push of a small layer many times as long. Therefore no
//! store trusts what it finds. Nothing that refers to bytes outlives the process either, so the next store removes
//! whatever is there when it opens; the blob that is pushed again is stored from the bytes that were hashed this time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::OpenError;
use super::scratch::{Scratch, TemporaryName, named};
use crate::registry::types::{Digest, DigestAlgorithm};

/// An opened directory: locked against others, emptied of what a crash left behind.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    next_upload: AtomicU64,
    /// Held while names in `blobs/` change together with the index; see [`super::blob::Blob`].
    naming: Mutex<()>,
    /// The system unlocks it when the file is closed, be it by a crash.
    _lock: File,
}

impl Directory {
    /// Locks `root`, which is created if absent, and removes the leftovers of an earlier store.
    pub(super) fn open(root: &Path) -> Result<Self, OpenError> {
        let temporary = root.join("tmp");
        fs::create_dir_all(root).map_err(|source| OpenError::Io { path: root.to_owned(), source })?;
        let lock = lock(root)?;
        // Looks at everything before it deletes anything: a directory given by mistake stays as it is.
        let mut leftovers = Vec::new();
        collect(&temporary, Level::Uploads, &mut leftovers)?;
        collect(&root.join("blobs"), Level::Algorithms, &mut leftovers)?;
        for path in leftovers {
            fs::remove_file(&path).map_err(|source| OpenError::Io { path, source })?;
        }
        for folder in [temporary, root.join("blobs")] {
            fs::create_dir_all(&folder).map_err(|source| OpenError::Io { path: folder, source })?;
        }
        Ok(Self { root: root.to_owned(), next_upload: AtomicU64::new(0), naming: Mutex::new(()), _lock: lock })
    }

    /// A new file in `tmp/`.
    pub(super) fn scratch(&self) -> io::Result<Scratch> {
        let number = self.next_upload.fetch_add(1, Ordering::Relaxed);
        Scratch::at(self.root.join("tmp").join(number.to_string()))
    }

    /// Keeps every other thread from changing names in `blobs/`.
    pub(super) fn naming(&self) -> MutexGuard<'_, ()> {
        // The guarded value is empty, so a poisoned lock says nothing.
        self.naming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves a file from `tmp/` to the place of `digest`. Only while [`naming`](Self::naming) is held.
    pub(super) fn publish(&self, mut name: TemporaryName, digest: &Digest) -> io::Result<()> {
        let target = self.blob_path(digest);
        let published = name.rename(&target).or_else(|error| match target.parent() {
            // The first blob of its folder.
            Some(folder) if error.kind() == io::ErrorKind::NotFound => {
                folder.parent().map_or(Ok(()), make_folder)?;
                make_folder(folder)?;
                name.rename(&target)
            }
            _ => Err(error),
        });
        published.map_err(|error| named(&error, &target))
    }

    /// Unlinks the blob `digest`. Only while [`naming`](Self::naming) is held.
    pub(super) fn withdraw(&self, digest: &Digest) {
        let path = self.blob_path(digest);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            // The next start removes it.
            tracing::warn!(%error, path = %path.display(), "blob file not removed");
        }
    }

    /// Where the blob `digest` lies, if it is here.
    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        let algorithm = match digest.algorithm() {
            DigestAlgorithm::Sha256 => "sha256",
            DigestAlgorithm::Sha512 => "sha512",
        };
        let encoded = digest.encoded();
        self.root.join("blobs").join(algorithm).join(&encoded[..2]).join(encoded)
    }
}

/// Makes a folder unless it is there. What is above it is there, or somebody removed the store's directory, which is
/// then not made again: the lock is gone with it.
fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes the lock file of `root`.
fn lock(root: &Path) -> Result<File, OpenError> {
    let path = root.join("lock");
    let failed = |source| OpenError::Io { path: path.clone(), source };
    let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { directory: root.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A folder of the store, by what lies in it.
#[derive(Clone, Copy)]
enum Level {
    /// `tmp/`: files with a number.
    Uploads,
    /// `blobs/`: one folder for each algorithm.
    Algorithms,
    /// `blobs/sha256/`: folders named by two digits.
    Prefixes,
    /// `blobs/sha256/ab/`: files named by a digest.
    Blobs,
}

impl Level {
    /// What the entries of this folder hold, or nothing if they are files.
    fn below(self) -> Option<Self> {
        match self {
            Self::Algorithms => Some(Self::Prefixes),
            Self::Prefixes => Some(Self::Blobs),
            Self::Uploads | Self::Blobs => None,
        }
    }

    /// Whether a store gives such names in this folder.
    fn accepts(self, name: &str) -> bool {
        let hexadecimal = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match self {
            Self::Uploads => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Algorithms => matches!(name, "sha256" | "sha512"),
            Self::Prefixes => hexadecimal && name.len() == 2,
            Self::Blobs => hexadecimal && matches!(name.len(), 64 | 128),
        }
    }
}

/// Adds the files below `folder` to `files`; refuses what no store has put there. Follows no symbolic links.
fn collect(folder: &Path, level: Level, files: &mut Vec<PathBuf>) -> Result<(), OpenError> {
    let failed = |source| OpenError::Io { path: folder.to_owned(), source };
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(OpenError::Foreign { path: folder.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if !entry.file_name().to_str().is_some_and(|name| level.accepts(name)) {
            return Err(OpenError::Foreign { path });
        }
        match level.below() {
            Some(below) => collect(&path, below, files)?,
            None if kind.is_file() => files.push(path),
            None => return Err(OpenError::Foreign { path }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str) -> PathBuf {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "kept?").unwrap();
        path
    }

    #[test]
    fn second_store_is_refused_by_name_until_the_first_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let first = Directory::open(root.path()).unwrap();
        let refusal = Directory::open(root.path()).unwrap_err();
        assert!(matches!(refusal, OpenError::InUse { .. }));
        assert!(refusal.to_string().contains(root.path().to_str().unwrap()), "{refusal}");
        drop(first);
        Directory::open(root.path()).unwrap();
    }

    #[test]
    fn leftovers_are_removed_and_the_neighbours_stay() {
        let root = tempfile::tempdir().unwrap();
        let digest = "ab".repeat(32);
        let leftovers = [
            write(root.path(), "tmp/17"),
            write(root.path(), &format!("blobs/sha256/ab/{digest}")),
            write(root.path(), &format!("blobs/sha512/ab/{digest}{digest}")),
        ];
        let neighbours = [write(root.path(), "notes.txt"), write(root.path(), "other/file")];
        Directory::open(root.path()).unwrap();
        assert!(leftovers.iter().all(|path| !path.exists()));
        assert!(neighbours.iter().all(|path| path.exists()));
    }

    #[test]
    fn foreign_files_are_refused_and_nothing_is_deleted() {
        let digest = "ab".repeat(32);
        let flat = format!("blobs/sha256/{digest}");
        let nested = format!("blobs/sha256/ab/{digest}/data");
        for foreign in ["tmp/notes.txt", "tmp/17/file", "blobs/readme", "blobs/sha256/ab/short", &flat, &nested] {
            let root = tempfile::tempdir().unwrap();
            let leftover = write(root.path(), "tmp/3");
            let foreign = write(root.path(), foreign);
            let refusal = Directory::open(root.path()).unwrap_err();
            let OpenError::Foreign { path } = refusal else { panic!("{}: {refusal}", foreign.display()) };
            assert!(foreign.starts_with(&path), "{} is not above {}", path.display(), foreign.display());
            assert!(leftover.exists() && foreign.exists());
        }
    }

    #[test]
    fn linked_folder_is_foreign() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let file = write(elsewhere.path(), "17");
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("tmp")).unwrap();
        assert!(matches!(Directory::open(root.path()), Err(OpenError::Foreign { .. })));
        assert!(file.exists());
    }
}
