//! Random sequences on a store of each kind against a list of bytes: what is there, what is counted, what lies on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::tests::{files, pattern, read};
use super::{BlobStore, Checkpoint, FinishError, SMALL_BLOB_BYTES, StoreError, Upload};
use crate::registry::types::{Digest, VerifiedBlob};

/// Room for a few small blobs and one large one, so that it ends often.
const BOUND_BYTES: u64 = 250_000;
/// On both sides of what is small.
const SIZES: [usize; 6] = [0, 1, 40_000, SMALL_BLOB_BYTES, SMALL_BLOB_BYTES + 1, 120_000];

/// One step. The first number says which upload or blob, of those that there are.
#[derive(Clone, Debug)]
enum Step {
    Begin,
    Write(usize, usize, u64),
    Mark(usize),
    Undo(usize),
    Follow(usize),
    Finish(usize),
    FinishWrongly(usize),
    Cancel(usize),
    Put(usize, u64),
    LetGo(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0..100_usize;
    let size = proptest::sample::select(&SIZES[..]);
    // Two contents of each size, so that the same bytes come again.
    let step = prop_oneof![
        3 => Just(Step::Begin),
        6 => (which.clone(), size.clone(), 0..2_u64).prop_map(|(which, size, seed)| Step::Write(which, size, seed)),
        1 => which.clone().prop_map(Step::Mark),
        1 => which.clone().prop_map(Step::Undo),
        1 => which.clone().prop_map(Step::Follow),
        3 => which.clone().prop_map(Step::Finish),
        1 => which.clone().prop_map(Step::FinishWrongly),
        1 => which.clone().prop_map(Step::Cancel),
        3 => (size, 0..2_u64).prop_map(|(size, seed)| Step::Put(size, seed)),
        2 => which.prop_map(Step::LetGo),
    ];
    proptest::collection::vec(step, 1..40)
}

/// An upload beside its bytes.
struct Open {
    upload: Upload,
    bytes: Vec<u8>,
    mark: Option<(Checkpoint, usize)>,
}

/// A store beside what it should hold.
struct Run {
    store: BlobStore,
    is_bounded: bool,
    open: Vec<Open>,
    handles: Vec<(VerifiedBlob, Vec<u8>)>,
}

impl Run {
    fn used_bytes(&self) -> u64 {
        let uploads: usize = self.open.iter().map(|open| open.bytes.len()).sum();
        uploads as u64 + self.live().values().map(|bytes| bytes.len() as u64).sum::<u64>()
    }

    fn live(&self) -> BTreeMap<String, &[u8]> {
        self.handles.iter().map(|(blob, bytes)| (blob.digest().to_string(), &bytes[..])).collect()
    }

    fn has_room_for(&self, size: usize) -> bool {
        !self.is_bounded || self.used_bytes() + size as u64 <= BOUND_BYTES
    }

    fn open(&mut self, which: usize) -> Option<&mut Open> {
        let count = self.open.len();
        self.open.get_mut(which.checked_rem(count)?)
    }

    fn take(&mut self, which: usize) -> Option<Open> {
        let index = which.checked_rem(self.open.len())?;
        Some(self.open.swap_remove(index))
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Begin => self.open.push(Open { upload: self.store.begin(), bytes: Vec::new(), mark: None }),
            Step::Write(which, size, seed) => {
                let has_room = self.has_room_for(size);
                let Some(open) = self.open(which) else { return };
                let bytes = pattern(seed, size);
                match open.upload.write(&bytes) {
                    Ok(()) => open.bytes.extend(bytes),
                    Err(StoreError::Full { bound_bytes: BOUND_BYTES }) => assert!(!has_room, "refused with room"),
                    Err(error) => panic!("{error}"),
                }
                assert_eq!(open.upload.offset(), open.bytes.len() as u64);
            }
            Step::Mark(which) => {
                let Some(open) = self.open(which) else { return };
                open.mark = Some((open.upload.checkpoint(), open.bytes.len()));
            }
            Step::Undo(which) => {
                let Some(open) = self.open(which) else { return };
                if let Some((checkpoint, length)) = open.mark.take() {
                    open.upload.rollback(checkpoint);
                    open.bytes.truncate(length);
                }
            }
            Step::Follow(which) => {
                let Some(open) = self.open(which) else { return };
                let follower = open.upload.follow().unwrap();
                assert_eq!(follower.read(0, open.bytes.len()).unwrap(), open.bytes[..open.bytes.len().min(256 * 1024)]);
            }
            Step::Finish(which) => {
                let Some(open) = self.take(which) else { return };
                let blob = open.upload.finish(&Digest::sha256_of(&open.bytes)).unwrap();
                self.handles.push((blob, open.bytes));
            }
            Step::FinishWrongly(which) => {
                let Some(open) = self.take(which) else { return };
                let refusal = open.upload.finish(&Digest::sha256_of(b"something else")).unwrap_err();
                assert!(matches!(refusal, FinishError::DigestMismatch { .. }));
            }
            Step::Cancel(which) => drop(self.take(which)),
            Step::Put(size, seed) => {
                let bytes = pattern(seed, size);
                let lives = self.live().contains_key(&Digest::sha256_of(&bytes).to_string());
                match self.store.put(&bytes) {
                    Ok(blob) => self.handles.push((blob, bytes)),
                    Err(StoreError::Full { bound_bytes: BOUND_BYTES }) => {
                        assert!(!lives && !self.has_room_for(size), "refused with room");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::LetGo(which) => {
                if let Some(index) = which.checked_rem(self.handles.len()) {
                    drop(self.handles.swap_remove(index));
                }
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.store.used_bytes(), self.used_bytes());
        assert!(self.store.memory_bytes() <= BOUND_BYTES);
        assert_eq!(self.store.index_len(), self.live().len());
    }

    /// Named files are the large blobs that live, byte for byte; without a name are at most the open uploads.
    fn check_files(&self, root: &Path) {
        let (mut named, mut unnamed) = (BTreeSet::new(), 0);
        for path in files(root) {
            if path.starts_with(root.join("tmp")) {
                unnamed += 1;
            } else if path.starts_with(root.join("blobs")) {
                let digest = Digest::sha256_of(&fs::read(&path).unwrap());
                assert_eq!(path.file_name().unwrap().to_str().unwrap(), digest.encoded());
                named.insert(digest.to_string());
            }
        }
        let live = self.live().into_iter().filter(|(_, bytes)| bytes.len() > SMALL_BLOB_BYTES);
        assert_eq!(named, live.map(|(digest, _)| digest).collect());
        assert!(unnamed <= self.open.len(), "{unnamed} files for {} uploads", self.open.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_store_holds_what_is_held_and_nothing_else(steps in steps()) {
        let root = tempfile::tempdir().unwrap();
        let directory = BlobStore::directory(root.path(), BOUND_BYTES).unwrap();
        for (store, is_bounded) in [(BlobStore::memory(BOUND_BYTES), true), (directory, false)] {
            let mut run = Run { store, is_bounded, open: Vec::new(), handles: Vec::new() };
            for step in &steps {
                run.step(step);
                run.check();
                if !is_bounded {
                    run.check_files(root.path());
                }
            }
            for (blob, bytes) in &run.handles {
                prop_assert!(read(&run.store, blob.digest()).is_some_and(|kept| kept == *bytes));
            }
            run.open.clear();
            run.handles.clear();
            run.check();
        }
        prop_assert_eq!(files(root.path()), BTreeSet::from([root.path().join("lock")]));
    }
}
