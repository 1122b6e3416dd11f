//! A directory that is changed under the store: each failure is told, takes nothing back that was there, and leaves nothing.
//!
//! What a disk that is full does is tested at the draft.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::tests::{files, pattern, read, upload};
use super::{BlobStore, FinishError, StoreError};
use crate::registry::types::Digest;

/// The error, which must name the path that it is about.
fn told(refusal: StoreError, path: &Path) -> io::Error {
    let text = refusal.to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text} names no {}", path.display());
    let StoreError::Io(error) = refusal else { panic!("{text}") };
    error
}

/// Puts a file where a folder should be, which no user may pass, not even root.
fn block(folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
    fs::write(folder, "in the way").unwrap();
}

fn unblock(folder: &Path) {
    fs::remove_file(folder).unwrap();
    fs::create_dir(folder).unwrap();
}

#[test]
fn an_upload_that_gets_no_file_is_what_it_was_and_can_go_on() {
    let root = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), u64::MAX).unwrap();
    let temporary = root.path().join("tmp");
    let bytes = pattern(1, 200_000);
    let mut open = upload(&store, &bytes[..50_000], 10_000).unwrap();
    block(&temporary);
    for _ in 0..2 {
        let error = told(open.write(&bytes[50_000..]).unwrap_err(), &temporary);
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
        assert_eq!((open.offset(), store.used_bytes()), (50_000, 50_000));
    }
    told(store.put(&bytes).unwrap_err(), &temporary);
    told(open.follow().unwrap_err(), &temporary);
    unblock(&temporary);
    open.write(&bytes[50_000..]).unwrap();
    let blob = open.finish(&Digest::sha256_of(&bytes)).unwrap();
    assert_eq!(read(&store, blob.digest()), Some(bytes));
}

#[test]
fn a_blob_that_gets_no_name_is_not_there_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), u64::MAX).unwrap();
    let blobs = root.path().join("blobs");
    let bytes = pattern(2, 200_000);
    let digest = Digest::sha256_of(&bytes);
    block(&blobs);
    let refusal = upload(&store, &bytes, 50_000).unwrap().finish(&digest).unwrap_err();
    let FinishError::Store(refusal) = refusal else { panic!("{refusal}") };
    assert_eq!(told(refusal, &blobs).kind(), io::ErrorKind::NotADirectory);
    assert!(store.open(&digest).is_none());
    assert_eq!((store.used_bytes(), store.index_len()), (0, 0));
    assert_eq!(files(root.path()), BTreeSet::from([root.path().join("lock"), blobs.clone()]));
    unblock(&blobs);
    let blob = upload(&store, &bytes, 50_000).unwrap().finish(&digest).unwrap();
    assert_eq!(read(&store, blob.digest()), Some(bytes));
}

#[test]
fn a_directory_that_was_removed_is_told_and_not_made_again() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("blobs-of-a-test");
    let store = BlobStore::directory(&place, u64::MAX).unwrap();
    let [kept, late] = [3, 4].map(|seed| pattern(seed, 200_000));
    let blob = store.put(&kept).unwrap();
    let mut open = upload(&store, &late[..100_000], 50_000).unwrap();
    fs::remove_dir_all(&place).unwrap();
    // What has a file keeps it.
    assert_eq!(read(&store, blob.digest()), Some(kept));
    open.write(&late[100_000..]).unwrap();
    let FinishError::Store(refusal) = open.finish(&Digest::sha256_of(&late)).unwrap_err() else { panic!("a mismatch") };
    assert_eq!(told(refusal, &place).kind(), io::ErrorKind::NotFound);
    assert_eq!(told(store.put(&late).unwrap_err(), &place).kind(), io::ErrorKind::NotFound);
    // What is small needs none.
    let small = store.put(b"small").unwrap();
    assert_eq!(store.used_bytes(), blob.size_bytes() + small.size_bytes());
    drop((blob, small));
    assert_eq!((store.used_bytes(), store.index_len()), (0, 0));
    assert!(!place.exists(), "the lock was there");
}
