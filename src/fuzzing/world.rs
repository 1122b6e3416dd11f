//! The world that bodies meet: a repository or two with images, policies, settings and an open upload, the same for
//! every input.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::blobs::BlobStore;
use crate::clock::{ClockMode, RealTime};
use crate::config::Bounds;
use crate::control::{apply_documents, default_region};
use crate::daemon::{Daemon, TaskSet, UploadSessions};
use crate::ecr::{decode, serve, signed::Signed};
use crate::facts::{Facts, Surface};
use crate::http::{Call, ConnectionHandle, Stop};
use crate::journal::Masker;
use crate::operations::Operation;
use crate::pull_through::PullThrough;
use crate::registry::types::{AccountId, RegistryKey, Timestamp, UploadId};
use crate::seed::json::seed_file;
use crate::upstream::hosts::AllowedHosts;
use crate::upstream::remote::{RemoteRegistry, RemoteTimeouts};
use crate::wire_errors::Failure;
use crate::worlds::{
    CallArrival, Directory, Live, MintKey, RepositoryUri, World, WorldId, WorldIdentity, WorldSettings, WorldState,
};

/// Repositories and their images, an upstream and a cache rule.
const DOCUMENTS: &str = include_str!("../../fuzz/world.json");
/// What documents cannot say: an operation and its body on each line, run in order.
const CALLS: &str = include_str!("../../fuzz/world-calls.txt");
/// Bytes of the upload that the calls leave open.
const OPEN_UPLOAD: &[u8] = b"hello";

/// What all inputs share. A world of its own for each is a fork.
pub(super) struct Bench {
    runtime: Runtime,
    daemon: Arc<Daemon>,
    connection: Arc<ConnectionHandle>,
    seeded: WorldState,
    upload: UploadId,
}

/// The world of one input.
pub(super) struct Case {
    bench: &'static Bench,
    world: Arc<World>,
}

impl Bench {
    pub(super) fn shared() -> &'static Self {
        static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
        &BENCH
    }

    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let real = RealTime::start();
        // Nobody takes ended worlds: none of these is in the directory.
        let (graveyard, _) = tokio::sync::mpsc::unbounded_channel();
        let hosts = AllowedHosts::new([""; 0]).expect("no host is a malformed one");
        let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let daemon = Daemon {
            directory: Directory::new(real, [0; 32], true, graveyard),
            blobs: BlobStore::memory(64 << 20),
            uploads: UploadSessions::default(),
            remote: RemoteRegistry::new(hosts, RemoteTimeouts::default(), real),
            pulls: PullThrough::default(),
            tasks: TaskSet::default(),
            bounds: Bounds::default(),
            permits: Arc::new(tokio::sync::Semaphore::new(1)),
            listen: nowhere,
            tls: None,
            h2c: false,
            control: nowhere,
            token: None,
            masker: Masker::new([0; 16]),
            connections: std::sync::atomic::AtomicU64::new(0),
        };
        let now = Timestamp::from_millis(1_767_225_600_000);
        let settings = WorldSettings {
            clock_mode: ClockMode::Frozen,
            now,
            seed: 7,
            accounts: Arc::from([AccountId::DEFAULT]),
            regions: Arc::from([default_region()]),
            repository_uri: RepositoryUri::Aws,
        };
        let bench = Self {
            runtime,
            daemon: Arc::new(daemon),
            connection: ConnectionHandle::detached(),
            seeded: WorldState::new(settings, now),
            upload: UploadId(Arc::from("")),
        };
        bench.seeded()
    }

    /// The same with something in its world.
    fn seeded(mut self) -> Self {
        let world = self.world();
        let file = seed_file(DOCUMENTS.as_bytes()).expect("the seed file is sound");
        apply_documents(&self.daemon, &world, &file.documents, false).expect("the documents are sound");
        for line in CALLS.lines() {
            let (name, body) = line.split_once(' ').expect("an operation and a body");
            let operation = Operation::from_name(name).expect("an operation");
            let answer = self.run(&world, operation, body.as_bytes());
            let answer = answer.unwrap_or_else(|failure| panic!("{line}: {failure}"));
            if operation == Operation::InitiateLayerUpload {
                let reply: serde_json::Value = serde_json::from_slice(&answer).expect("an answer is JSON");
                self.upload = UploadId(Arc::from(reply["uploadId"].as_str().expect("an upload has an id")));
                self.add_part(&world);
            }
        }
        self.seeded = world.write(|live| live.state.fork());
        self
    }

    /// Adds [`OPEN_UPLOAD`] to the upload.
    fn add_part(&self, world: &Arc<World>) {
        let body = json!({
            "repositoryName": "app",
            "uploadId": self.upload.to_string(),
            "partFirstByte": 0,
            "partLastByte": OPEN_UPLOAD.len() - 1,
            "layerPartBlob": STANDARD.encode(OPEN_UPLOAD),
        });
        self.run(world, Operation::UploadLayerPart, body.to_string().as_bytes()).expect("the part is the next one");
    }

    /// A world of its own for one input.
    pub(super) fn begin(&'static self) -> Case {
        let world = self.world();
        let incarnation = world.identity().incarnation;
        self.daemon.uploads.close_world(incarnation);
        let mut bytes = self.daemon.blobs.begin();
        bytes.write(OPEN_UPLOAD).expect("there is room for five bytes");
        let opened = self.daemon.uploads.open(incarnation, self.upload.clone(), bytes);
        opened.expect("no other upload is open");
        Case { bench: self, world }
    }

    fn world(&self) -> Arc<World> {
        let identity = WorldIdentity {
            id: WorldId::numbered(1),
            incarnation: 1,
            key: MintKey::new([0; 32]),
            accounts: Arc::clone(&self.seeded.accounts),
            labels: std::collections::BTreeMap::new(),
            lease: Duration::ZERO,
            endpoint: "http://127.0.0.1:1".to_owned(),
            registry_host: "127.0.0.1:1".to_owned(),
            dedicated: false,
        };
        Arc::new(World::new(identity, self.seeded.fork(), self.daemon.real()))
    }

    /// A call from its body to the body of its answer, as a signed request takes it.
    fn run(&self, world: &Arc<World>, operation: Operation, body: &[u8]) -> Result<Bytes, Failure> {
        let request = decode(operation, body)?;
        let mut facts = Facts::new(Surface::Ecr, operation.name(), Some(operation.name()));
        request.facts(&mut facts);
        let arrival = CallArrival { facts, real_micros: 0, caused_by: None, request_line: None, counts_as: None };
        let call = Call::open(&self.daemon, Arc::clone(world), &self.connection, arrival);
        let registry = RegistryKey { account: AccountId::DEFAULT, region: default_region() };
        let caller = Live::root_caller(&registry, AccountId::DEFAULT);
        let mut signed = Signed { call, caller, region: registry.region };
        match self.runtime.block_on(serve::answer(&mut signed, request)) {
            Ok(answer) => Ok(answer),
            Err(Stop::Failure(failure)) => Err(*failure),
            Err(Stop::Ended(_)) => panic!("no rule is there that could end the connection"),
        }
    }
}

impl Case {
    /// [`Bench::run`] in this world.
    pub(super) fn call(&self, operation: Operation, body: &[u8]) -> Result<Bytes, Failure> {
        self.bench.run(&self.world, operation, body)
    }

    /// Number of the world's newest commit.
    pub(super) fn seq(&self) -> u64 {
        self.world.write(|live| live.state.seq)
    }
}
