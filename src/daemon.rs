//! What all connections of a daemon share.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::blobs::{BlobStore, Upload};
use crate::clock::RealTime;
use crate::config::Bounds;
use crate::journal::Masker;
use crate::pull_through::PullThrough;
use crate::registry::types::UploadId;
use crate::tls::Tls;
use crate::upstream::remote::RemoteRegistry;
use crate::worlds::{Address, Directory, DirectoryError, World};

/// Everything that runs, and the one word that stops it.
#[derive(Clone, Debug, Default)]
pub struct TaskSet {
    tracker: TaskTracker,
    stop: CancellationToken,
    /// Threads that serve connections; made with the first of them, so that nobody waits for them at the start.
    servers: Arc<OnceLock<Vec<Server>>>,
}

/// A thread that serves connections. A connection stays where it is: to wake a second thread for each small request, as a
/// runtime of several threads does, costs a sixth of the request.
#[derive(Debug)]
struct Server {
    runtime: Handle,
    load: Load,
}

/// How many calls are under way on one thread: from the head of a request to the last byte of its answer.
#[derive(Clone, Debug, Default)]
pub struct Load(Arc<AtomicUsize>);

/// A call under way, until it is dropped.
#[derive(Debug)]
pub struct UnderWay(Load);

impl Load {
    /// Counts a call.
    pub fn begin(&self) -> UnderWay {
        self.0.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    fn calls(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl TaskSet {
    /// Runs something until it ends; shutdown waits for it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Serves a connection on the first thread that has nothing to do at this moment, else on the one with the fewest calls
    /// under way; shutdown waits for it.
    ///
    /// Small calls of many clients so share a thread, and with it the caches that hold their world: handed back and forth
    /// between two cores, the same calls cost more. Long transfers still spread.
    pub fn serve<C>(&self, connection: impl FnOnce(Load) -> C)
    where
        C: Future<Output = ()> + Send + 'static,
    {
        let servers = self.servers.get_or_init(|| self.start_servers());
        match servers.iter().min_by_key(|server| server.load.calls()) {
            Some(server) => drop(self.tracker.spawn_on(connection(server.load.clone()), &server.runtime)),
            // The system gave no thread.
            None => self.spawn(connection(Load::default())),
        }
    }

    fn start_servers(&self) -> Vec<Server> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        (0..count).filter_map(|_| self.start_server().ok()).collect()
    }

    fn start_server(&self) -> io::Result<Server> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        // Ends once the set is closed and empty.
        let tracker = self.tracker.clone();
        std::thread::Builder::new().name("serve".to_owned()).spawn(move || runtime.block_on(tracker.wait()))?;
        Ok(Server { runtime: handle, load: Load::default() })
    }

    /// Ends when the daemon is told to stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Stops, and waits until everything has ended.
    pub async fn stopped(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// The bytes of one open upload. Locked by the request that writes to it; a second one waits its turn.
pub type UploadBytes = Arc<tokio::sync::Mutex<Option<Upload>>>;

/// The bytes of open uploads, by world and upload. The model knows their lengths, this knows their contents.
#[derive(Debug)]
pub struct UploadSessions {
    open: Mutex<HashMap<u64, HashMap<UploadId, UploadBytes>>>,
    most: usize,
}

impl Default for UploadSessions {
    fn default() -> Self {
        Self::at_most(Bounds::default().max_open_uploads)
    }
}

impl UploadSessions {
    /// No sessions yet, and `most` in one world at a time.
    pub fn at_most(most: usize) -> Self {
        Self { open: Mutex::default(), most }
    }

    /// Opens a session; if too many are open in its world, how many there may be.
    pub fn open(&self, incarnation: u64, id: UploadId, upload: Upload) -> Result<(), usize> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.entry(incarnation).or_default();
        if open.len() >= self.most {
            return Err(self.most);
        }
        open.insert(id, Arc::new(tokio::sync::Mutex::new(Some(upload))));
        Ok(())
    }

    /// A session's bytes; absent if the upload is not open here, as in a fork of the world that began it.
    pub fn find(&self, incarnation: u64, id: &UploadId) -> Option<UploadBytes> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&incarnation)?.get(id).cloned()
    }

    /// Forgets a session and frees its bytes, once whoever uses it is done.
    pub fn close(&self, incarnation: u64, id: &UploadId) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_world) = open.get_mut(&incarnation) {
            of_world.remove(id);
        }
    }

    /// Forgets all sessions of a world.
    pub fn close_world(&self, incarnation: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&incarnation);
    }
}

/// What all connections share.
pub struct Daemon {
    /// The worlds.
    pub directory: Directory,
    /// The bytes of all worlds.
    pub blobs: BlobStore,
    /// The bytes of open uploads.
    pub uploads: UploadSessions,
    /// Real upstream registries.
    pub remote: RemoteRegistry,
    /// What is being fetched from upstream.
    pub pulls: PullThrough,
    /// Everything that runs.
    pub tasks: TaskSet,
    /// How much the registry surface takes.
    pub bounds: Bounds,
    /// One for each connection of the registry surface that may still come.
    pub permits: Arc<Semaphore>,
    /// Where the registry surface listens.
    pub listen: SocketAddr,
    /// Certificates of the registry surface; absent: it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Whether plain connections may begin with HTTP/2.
    pub h2c: bool,
    /// Where the control plane listens.
    pub control: SocketAddr,
    /// Bearer token of the control plane; absent: none is needed.
    pub token: Option<String>,
    /// Masks secrets in records.
    pub masker: Masker,
    /// Connections of the registry surface so far.
    pub connections: AtomicU64,
}

impl Daemon {
    /// The machine's clocks.
    pub fn real(&self) -> RealTime {
        self.directory.real()
    }

    /// Number of a new connection, from 1.
    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How worlds without a port of their own are reached.
    pub fn shared_address(&self) -> Address {
        self.address(self.listen, false)
    }

    /// What URLs of the registry surface begin with.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// How a world at this address is reached. An unspecified address is reached by loopback.
    pub fn address(&self, listen: SocketAddr, dedicated: bool) -> Address {
        let mut reach = listen;
        if reach.ip().is_unspecified() {
            reach.set_ip(match reach.ip() {
                std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        Address { endpoint: format!("{}://{reach}", self.scheme()), registry_host: reach.to_string(), dedicated }
    }

    /// Ends a world and frees what it holds open.
    pub fn end_world(&self, world: &World) -> Result<(), DirectoryError> {
        self.directory.end(world)?;
        self.uploads.close_world(world.identity().incarnation);
        Ok(())
    }
}

impl std::fmt::Debug for Daemon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Daemon").field("listen", &self.listen).field("control", &self.control).finish_non_exhaustive()
    }
}
