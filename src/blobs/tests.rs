//! The store as its users see it, in memory and in a directory.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use super::{BlobStore, FRAME_BYTES, FinishError, OpenError, SMALL_BLOB_BYTES, StoreError, Upload};
use crate::registry::types::{Digest, VerifiedBlob};

/// Runs `test` on a store of each kind, and checks that nothing is left when all handles are gone.
fn on_each_store(bound_bytes: u64, test: impl Fn(&BlobStore)) {
    let root = tempfile::tempdir().unwrap();
    for store in
        [BlobStore::memory(bound_bytes), BlobStore::directory(&root.path().join("made/here"), bound_bytes).unwrap()]
    {
        test(&store);
        assert_eq!(store.used_bytes(), 0, "bytes are left in {store:?}");
        assert_eq!(store.index_len(), 0, "entries are left in {store:?}");
    }
    assert_eq!(files(root.path()), BTreeSet::from([root.path().join("made/here/lock")]));
}

/// All files below `folder`.
pub(super) fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.extend([path]) }
    }
    found
}

/// Bytes that differ from place to place and from seed to seed.
pub(super) fn pattern(seed: u64, length: usize) -> Vec<u8> {
    (0..length as u64).map(|index| ((index + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

fn digest_sha512(bytes: &[u8]) -> Digest {
    Digest::Sha512(Box::new([0; 64])).same_algorithm_of(bytes)
}

/// An upload of `bytes` in pieces.
pub(super) fn upload(store: &BlobStore, bytes: &[u8], piece_bytes: usize) -> Result<Upload, StoreError> {
    let mut upload = store.begin();
    bytes.chunks(piece_bytes).try_for_each(|piece| upload.write(piece))?;
    Ok(upload)
}

/// What the store serves under this digest, read in frames.
pub(super) fn read(store: &BlobStore, digest: &Digest) -> Option<Vec<u8>> {
    let reader = store.open(digest)?;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < reader.size_bytes() {
        let frame = reader.read(bytes.len() as u64, usize::MAX).unwrap();
        assert!(!frame.is_empty() && frame.len() <= FRAME_BYTES);
        bytes.extend_from_slice(&frame);
    }
    assert!(reader.read(bytes.len() as u64, 10).unwrap().is_empty());
    assert!(reader.read(u64::MAX, 10).unwrap().is_empty());
    assert_eq!(reader.read_all().unwrap(), bytes);
    Some(bytes)
}

const SIZES: [usize; 7] =
    [0, 1, SMALL_BLOB_BYTES - 1, SMALL_BLOB_BYTES, SMALL_BLOB_BYTES + 1, 300_000, 3 * FRAME_BYTES + 7];

#[test]
fn bytes_come_out_as_they_went_in_whatever_the_size_and_the_pieces() {
    on_each_store(u64::MAX, |store| {
        for size in SIZES {
            for piece_bytes in [999, 70_000, usize::MAX] {
                let bytes = pattern(1, size);
                for digest in [Digest::sha256_of(&bytes), digest_sha512(&bytes)] {
                    let upload = upload(store, &bytes, piece_bytes).unwrap();
                    assert_eq!(upload.offset(), size as u64);
                    assert!(store.open(&digest).is_none(), "an upload is visible before its end");
                    let blob = upload.finish(&digest).unwrap();
                    assert_eq!((blob.digest(), blob.size_bytes()), (&digest, size as u64));
                    assert_eq!(store.used_bytes(), size as u64);
                    assert_eq!(read(store, &digest), Some(bytes.clone()));
                    drop(blob);
                    assert!(store.open(&digest).is_none(), "a blob outlives its last handle");
                }
            }
        }
    });
}

#[test]
fn put_stores_under_sha256_and_copies() {
    on_each_store(u64::MAX, |store| {
        for size in SIZES {
            let bytes = bytes::Bytes::from(pattern(2, size));
            let blob = store.put(&bytes).unwrap();
            assert!(bytes.is_empty() || bytes.is_unique());
            assert_eq!(*blob.digest(), Digest::sha256_of(&bytes));
            assert_eq!(read(store, blob.digest()).as_deref(), Some(&bytes[..]));
        }
    });
}

#[test]
fn ranges_are_read_without_their_surroundings() {
    on_each_store(u64::MAX, |store| {
        for size in [1000, 1_000_000] {
            let bytes = pattern(3, size);
            let blob = store.put(&bytes).unwrap();
            let reader = store.open(blob.digest()).unwrap();
            drop(blob);
            for (offset, length) in [(0, 1), (500, 100), (size - 1, 1)] {
                assert_eq!(reader.read(offset as u64, length).unwrap(), bytes[offset..offset + length]);
            }
            assert_eq!(reader.read(size as u64 - 5, 100).unwrap(), bytes[size - 5..]);
            assert!(reader.read(0, 0).unwrap().is_empty());
        }
    });
}

#[test]
fn wrong_digest_names_the_actual_one_and_leaves_nothing() {
    on_each_store(u64::MAX, |store| {
        for size in [10, 100_000] {
            let bytes = pattern(4, size);
            for expected in [Digest::sha256_of(b"other"), digest_sha512(b"other")] {
                let refusal = upload(store, &bytes, 5000).unwrap().finish(&expected).unwrap_err();
                let FinishError::DigestMismatch { expected: named, actual } = refusal else { panic!("{refusal:?}") };
                assert_eq!((named, actual), (expected.clone(), expected.same_algorithm_of(&bytes)));
                assert_eq!(store.used_bytes(), 0);
            }
        }
    });
}

#[test]
fn c_014_same_bytes_are_stored_once_per_digest() {
    on_each_store(u64::MAX, |store| {
        for size in [100, 200_000] {
            let bytes = pattern(5, size);
            let digest = Digest::sha256_of(&bytes);
            let first = store.put(&bytes).unwrap();
            let second = upload(store, &bytes, 10_000).unwrap().finish(&digest).unwrap();
            let third = store.put(&bytes).unwrap();
            assert_eq!(store.used_bytes(), size as u64);
            drop((first, third));
            assert_eq!(read(store, second.digest()), Some(bytes.clone()));
            let long = digest_sha512(&bytes);
            let fourth = upload(store, &bytes, 10_000).unwrap().finish(&long).unwrap();
            drop(second);
            assert!(store.open(&digest).is_none());
            assert_eq!(read(store, fourth.digest()), Some(bytes));
        }
    });
}

#[test]
fn rollback_restores_offset_digest_and_bound() {
    let sizes = [0, 10, SMALL_BLOB_BYTES, SMALL_BLOB_BYTES + 1, 200_000];
    on_each_store(u64::MAX, |store| {
        for kept in sizes {
            for undone in sizes {
                let bytes = pattern(6, kept + 100_000);
                let mut upload = upload(store, &bytes[..kept], 7000).unwrap();
                let checkpoint = upload.checkpoint();
                upload.write(&pattern(7, undone)).unwrap();
                upload.rollback(checkpoint.clone());
                assert_eq!((upload.offset(), store.used_bytes()), (kept as u64, kept as u64));
                assert_eq!(upload.sha256_so_far(), Digest::sha256_of(&bytes[..kept]));
                upload.write(b"once more").unwrap();
                upload.rollback(checkpoint);
                upload.write(&bytes[kept..]).unwrap();
                let blob = upload.finish(&Digest::sha256_of(&bytes)).unwrap();
                assert_eq!(read(store, blob.digest()), Some(bytes));
            }
        }
    });
}

#[test]
#[should_panic(expected = "a checkpoint lies behind its upload")]
fn checkpoint_ahead_of_its_upload_is_a_bug_of_the_caller() {
    let store = BlobStore::memory(100);
    let mut upload = store.begin();
    upload.write(b"abc").unwrap();
    let ahead = upload.checkpoint();
    store.begin().rollback(ahead);
}

#[test]
fn bound_counts_blobs_and_uploads_and_a_refused_write_can_be_repeated() {
    let store = BlobStore::memory(200_000);
    assert_eq!(store.bound_bytes(), 200_000);
    let blob = store.put(pattern(8, 80_000)).unwrap();
    let open = upload(&store, &pattern(9, 50_000), 1000).unwrap();
    let bytes = pattern(10, 100_000);
    let mut last = upload(&store, &bytes[..60_000], 20_000).unwrap();
    for _ in 0..2 {
        assert!(matches!(last.write(&bytes[60_000..]), Err(StoreError::Full { bound_bytes: 200_000 })));
        assert_eq!(store.used_bytes(), 190_000);
    }
    assert!(matches!(store.put(pattern(11, 10_001)), Err(StoreError::Full { .. })));
    drop(open);
    last.write(&bytes[60_000..]).unwrap();
    last.finish(&Digest::sha256_of(&bytes)).unwrap();
    assert_eq!(store.used_bytes(), blob.size_bytes());
    drop(blob);
    assert_eq!((store.used_bytes(), store.index_len()), (0, 0));
}

#[test]
fn what_memory_has_no_room_for_goes_to_the_directory() {
    let root = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), 100_000).unwrap();
    let [first, second, large] = [(21, 60_000), (22, 60_000), (23, 500_000)].map(|(seed, size)| pattern(seed, size));
    let held = store.put(&first).unwrap();
    let mut growing = upload(&store, &second[..40_000], 10_000).unwrap();
    assert_eq!((store.memory_bytes(), files(root.path()).len()), (100_000, 1));
    // It was in memory and moves, with what it takes of the bound.
    growing.write(&second[40_000..]).unwrap();
    assert_eq!((store.memory_bytes(), store.used_bytes()), (60_000, 120_000));
    let spilled = growing.finish(&Digest::sha256_of(&second)).unwrap();
    let named = store.put(&large).unwrap();
    assert_eq!((store.memory_bytes(), store.used_bytes()), (60_000, 620_000));
    // A small blob has no name there, so the directory shows the large one.
    let path = store.directory_in_use().unwrap().blob_path(named.digest());
    assert_eq!(files(root.path()), BTreeSet::from([root.path().join("lock"), path]));
    for (blob, bytes) in [(&held, first), (&spilled, second), (&named, large)] {
        assert_eq!(read(&store, blob.digest()), Some(bytes));
    }
    drop((held, spilled, named));
    assert_eq!((store.used_bytes(), store.index_len(), files(root.path()).len()), (0, 0, 1));
}

#[test]
fn directory_shows_large_blobs_by_digest_while_they_live() {
    let root = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), u64::MAX).unwrap();
    let lock = root.path().join("lock");
    let bytes = pattern(12, 100_000);
    let digest = Digest::sha256_of(&bytes);
    let path = root.path().join("blobs/sha256").join(&digest.encoded()[..2]).join(digest.encoded());

    let small = store.put(b"small").unwrap();
    assert_eq!(files(root.path()), BTreeSet::from([lock.clone()]));
    let open = upload(&store, &bytes, 10_000).unwrap();
    assert_eq!(files(root.path()), BTreeSet::from([lock.clone(), root.path().join("tmp/0")]));
    let blob = open.finish(&digest).unwrap();
    assert_eq!(files(root.path()), BTreeSet::from([lock.clone(), path.clone()]));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    let reader = store.open(&digest).unwrap();
    drop(blob);
    assert!(path.exists(), "the reader keeps the file");
    drop(reader);
    assert_eq!(files(root.path()), BTreeSet::from([lock]));
    drop(small);
}

#[test]
fn directory_stays_locked_until_the_last_blob_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), u64::MAX).unwrap();
    let blob = store.put(pattern(13, 100_000)).unwrap();
    drop(store);
    assert!(matches!(BlobStore::directory(root.path(), 1), Err(OpenError::InUse { .. })));
    drop(blob);
    BlobStore::directory(root.path(), 1).unwrap();
}

#[test]
fn store_after_a_crash_starts_empty() {
    let root = tempfile::tempdir().unwrap();
    let crashed = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), u64::MAX).unwrap();
    let bytes = pattern(14, 100_000);
    let blob = store.put(&bytes).unwrap();
    let open = upload(&store, &bytes, 10_000).unwrap();
    for file in files(root.path()) {
        let copy = crashed.path().join(file.strip_prefix(root.path()).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(file, copy).unwrap();
    }
    drop((blob, open));
    assert_eq!(files(crashed.path()).len(), 3);
    let after = BlobStore::directory(crashed.path(), u64::MAX).unwrap();
    assert_eq!(files(crashed.path()), BTreeSet::from([crashed.path().join("lock")]));
    assert!(after.open(&Digest::sha256_of(&bytes)).is_none());
    let again = after.put(&bytes).unwrap();
    assert_eq!(read(&after, again.digest()), Some(bytes));
}

#[test]
fn follower_reads_what_has_arrived_and_survives_the_end() {
    on_each_store(u64::MAX, |store| {
        for size in [20_000, 300_000] {
            let bytes = pattern(15, size);
            let mut upload = upload(store, &bytes[..10_000], 3000).unwrap();
            let follower = upload.follow().unwrap();
            assert_eq!(follower.read(0, 10_000).unwrap(), bytes[..10_000]);
            assert_eq!(follower.read(9999, 2).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
            upload.write(&bytes[10_000..]).unwrap();
            let blob = upload.finish(&Digest::sha256_of(&bytes)).unwrap();
            assert_eq!(read(store, blob.digest()).unwrap(), bytes);
            drop(blob);
            assert_eq!(follower.read(9999, 2).unwrap(), bytes[9999..10_001]);
        }
    });
}

/// Several threads store the same bytes again and again and drop them at once, so that ends and beginnings of one
/// digest meet. Whoever holds a handle must find the bytes, in the index and in the directory.
fn contend(size: usize, rounds: usize, threads: u64) {
    on_each_store(u64::MAX, |store| {
        let bytes = pattern(16, size);
        let digest = Digest::sha256_of(&bytes);
        let start = Barrier::new(threads as usize);
        let check = |blob: &VerifiedBlob| {
            let reader = store.open(blob.digest()).expect("whoever holds a blob finds it");
            assert_eq!(reader.read(0, 16).unwrap(), bytes[..16]);
            if let Some(directory) = store.directory_in_use().filter(|_| size > SMALL_BLOB_BYTES) {
                assert!(directory.blob_path(blob.digest()).exists(), "whoever holds a blob finds its file");
            }
        };
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (bytes, digest, start, check) = (&bytes, &digest, &start, &check);
                scope.spawn(move || {
                    start.wait();
                    for round in 0..rounds as u64 {
                        let blob = if (thread + round).is_multiple_of(3) {
                            store.put(bytes).unwrap()
                        } else {
                            upload(store, bytes, 40_000).unwrap().finish(digest).unwrap()
                        };
                        check(&blob);
                        if (thread + round).is_multiple_of(2) {
                            std::thread::yield_now();
                            check(&blob);
                        }
                    }
                });
            }
        });
        assert!(store.open(&digest).is_none());
    });
}

#[test]
fn concurrent_uploads_of_one_small_digest_end_in_one_blob() {
    contend(64, 3000, 4);
}

#[test]
fn concurrent_uploads_of_one_large_digest_end_in_one_blob() {
    contend(SMALL_BLOB_BYTES + 1, 300, 4);
}

/// The window between an entry and its name is too short for the threads above to hit it.
#[test]
fn entry_and_name_of_a_dead_blob_go_together() {
    let root = tempfile::tempdir().unwrap();
    let store = BlobStore::directory(root.path(), u64::MAX).unwrap();
    let blob = store.put(pattern(17, 100_000)).unwrap();
    let directory = store.directory_in_use().unwrap();
    let path = directory.blob_path(blob.digest());
    std::thread::scope(|scope| {
        let naming = directory.naming();
        let end = scope.spawn(move || drop(blob));
        // Only the proof that nothing happens takes time; a slow machine cannot make it fail.
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!end.is_finished() && path.exists() && store.index_len() == 1);
        drop(naming);
        end.join().unwrap();
        assert!(!path.exists() && store.index_len() == 0);
    });
}
