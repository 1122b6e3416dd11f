//! Starting and stopping: listeners, the set of what runs, signals. The only place that puts a daemon together.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use rustls::RootCertStore;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::blobs::{BlobStore, OpenError};
use crate::clock::{ClockMode, RealTime};
use crate::config::{Bounds, InvalidConfig, Profile, RepositoryUriForm, ServeArgs, TlsSource};
use crate::control;
use crate::daemon::{Daemon, TaskSet, UploadSessions};
use crate::http::serve_shared;
use crate::journal::Masker;
use crate::pull_through::PullThrough;
use crate::registry::types::AccountId;
use crate::tls::{Tls, TlsError, upstream_authorities};
use crate::upstream::hosts::{AllowedHosts, HostNotAllowed};
use crate::upstream::remote::{RemoteRegistry, RemoteTimeouts};
use crate::worlds::{Birth, Directory, RegistryProfile, RepositoryUri, World, WorldId, WorldSettings};

/// How often leases are looked at.
const LEASE_ROUND: Duration = Duration::from_secs(1);

/// Why a daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options contradict each other.
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    /// An address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The blob directory could not be used.
    #[error("cannot use the blob directory")]
    Blobs(#[from] OpenError),
    /// The seed file could not be read or applied.
    #[error("cannot seed the default world from {path}: {message}")]
    Seed {
        /// The file.
        path: String,
        /// Why, with field paths.
        message: String,
    },
    /// A host that upstream calls may reach is malformed.
    #[error("--allow-upstream")]
    Upstream(#[from] HostNotAllowed),
    /// There is no certificate to show.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The certificate authority could not be written.
    #[error("--tls-ca: cannot write {}", path.display())]
    TlsAuthority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system gave no randomness.
    #[error("the system gave no random bytes")]
    Random(#[source] std::io::Error),
    /// The ready line could not be written.
    #[error("cannot write the ready line")]
    Ready(#[source] std::io::Error),
}

/// The line that says where a daemon listens. Fields may be added.
#[derive(Debug, Serialize)]
struct ReadyLine<'a> {
    event: &'static str,
    api: &'static str,
    version: &'static str,
    control: String,
    data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    /// File with the certificate authority of the registry surface, if it was to be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_ca: Option<&'a Path>,
}

/// A daemon that listens on both ports.
#[derive(Debug)]
pub struct Running {
    daemon: Arc<Daemon>,
    /// Where the certificate authority was written.
    tls_ca: Option<PathBuf>,
}

/// Starts a daemon; both ports accept when this returns.
pub async fn start(args: &ServeArgs) -> Result<Running, StartError> {
    args.check()?;
    let real = RealTime::start();
    let (secret, salt, token) = secrets()?;
    let blobs = match &args.blob_dir {
        Some(directory) => BlobStore::directory(directory, args.blob_memory)?,
        None => BlobStore::memory(args.blob_memory),
    };
    let (tls, tls_ca) = tls(args, real)?;
    let authorities = args.upstream_ca.as_deref().map(upstream_authorities).transpose()?;
    let allowed = AllowedHosts::new(&args.allow_upstreams)?;
    let (data, listen) = bind(args.listen).await?;
    let (control_listener, control) = bind(args.control).await?;
    let (graveyard, ended_worlds) = tokio::sync::mpsc::unbounded_channel();
    let daemon = Arc::new(Daemon {
        directory: Directory::new(real, secret, args.strict, graveyard),
        blobs,
        uploads: UploadSessions::at_most(args.bounds.max_open_uploads),
        remote: RemoteRegistry::new(allowed, RemoteTimeouts::default(), real)
            .trusting(authorities.unwrap_or_else(RootCertStore::empty)),
        pulls: PullThrough::default(),
        tasks: TaskSet::default(),
        bounds: args.bounds.clone(),
        permits: Arc::new(Semaphore::new(room_for_connections(&args.bounds))),
        listen,
        tls,
        h2c: args.tls.h2c,
        control,
        token: (!args.open).then_some(token),
        masker: Masker::new(salt),
        connections: AtomicU64::new(0),
    });
    make_default_world(&daemon, args)?;
    daemon.tasks.spawn(serve_shared(Arc::clone(&daemon), data));
    daemon.tasks.spawn(control::serve(Arc::clone(&daemon), control_listener));
    daemon.tasks.spawn(end_leases(Arc::clone(&daemon)));
    daemon.tasks.spawn(bury(ended_worlds, daemon.tasks.clone()));
    Ok(Running { daemon, tls_ca })
}

fn make_default_world(daemon: &Arc<Daemon>, args: &ServeArgs) -> Result<(), StartError> {
    if args.strict {
        return Ok(());
    }
    let settings = WorldSettings {
        clock_mode: ClockMode::Flowing,
        now: daemon.real().now(),
        seed: 0,
        accounts: Arc::from([AccountId::DEFAULT]),
        regions: Arc::from([control::default_region()]),
        repository_uri: match args.repository_uri {
            RepositoryUriForm::Advertised => RepositoryUri::Advertised,
            RepositoryUriForm::Aws => RepositoryUri::Aws,
        },
    };
    let birth = Birth {
        id: Some(WorldId::DEFAULT.to_owned()),
        labels: std::collections::BTreeMap::new(),
        lease: Duration::ZERO,
        address: daemon.shared_address(),
    };
    let world = daemon.directory.create(birth, settings).expect("the first world of a daemon has its name to itself");
    if args.profile == Profile::Oci {
        world.write(|live| live.state.profile = RegistryProfile::Oci);
    }
    if let Some(path) = &args.seed {
        seed(daemon, &world, path).map_err(|message| StartError::Seed { path: path.display().to_string(), message })?;
    }
    Ok(())
}

fn seed(daemon: &Daemon, world: &World, path: &Path) -> Result<(), String> {
    let json = std::fs::read(path).map_err(|error| error.to_string())?;
    let file = crate::seed::json::seed_file(&json).map_err(|error| error.to_string())?;
    control::apply_documents(daemon, world, &file.documents, false).map(|_| ()).map_err(|error| error.to_string())
}

/// The certificates of the registry surface, and the file that their authority was written to.
fn tls(args: &ServeArgs, real: RealTime) -> Result<(Option<Tls>, Option<PathBuf>), StartError> {
    match args.tls.source().map_err(InvalidConfig::from)? {
        None => Ok((None, None)),
        Some(TlsSource::Own { certificate, key }) => Ok((Some(Tls::own(certificate, key)?), None)),
        Some(TlsSource::SelfSigned { ca }) => {
            let tls = Tls::self_signed(real)?;
            let written = ca.map(|path| write_authority(&tls, path)).transpose()?;
            Ok((Some(tls), written))
        }
    }
}

/// Answers the whole path: whoever reads the ready line may stand in another directory.
fn write_authority(tls: &Tls, path: &Path) -> Result<PathBuf, StartError> {
    let written = std::fs::write(path, tls.authority_pem().unwrap_or_default());
    written
        .and_then(|()| std::path::absolute(path))
        .map_err(|source| StartError::TlsAuthority { path: path.to_owned(), source })
}

/// How many connections there may be. The process has so many descriptors; half of them are left for blobs.
fn room_for_connections(bounds: &Bounds) -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok());
    let most = bounds.max_connections.min(Semaphore::MAX_PERMITS);
    match descriptors.map(|descriptors| (descriptors / 2).max(1)) {
        Some(room) if room < most => {
            tracing::warn!(asked = most, room, "fewer connections than asked for: there are not enough descriptors");
            room
        }
        _ => most,
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// A secret for what worlds mint, a salt for masks, and the control token.
fn secrets() -> Result<([u8; 32], [u8; 16], String), StartError> {
    use std::io::Read as _;
    let mut random = [0_u8; 80];
    let mut source = std::fs::File::open("/dev/urandom").map_err(StartError::Random)?;
    source.read_exact(&mut random).map_err(StartError::Random)?;
    let (mut secret, mut salt) = ([0; 32], [0; 16]);
    secret.copy_from_slice(&random[..32]);
    salt.copy_from_slice(&random[32..48]);
    Ok((secret, salt, format!("efd_{}", hex::encode(&random[48..]))))
}

/// Ends worlds whose lease has run out.
async fn end_leases(daemon: Arc<Daemon>) {
    let mut rounds = tokio::time::interval(LEASE_ROUND);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = daemon.tasks.stop().cancelled() => return,
        }
        for world in daemon.directory.worlds() {
            if world.lease_is_over() {
                tracing::info!(world = %world.id(), "the lease of a world ran out");
                // It may have ended since it was listed.
                let _ = daemon.end_world(&world);
            }
        }
    }
}

/// Takes ended worlds apart where nobody waits for it.
async fn bury(mut ended: UnboundedReceiver<Arc<World>>, tasks: TaskSet) {
    loop {
        let world = tokio::select! {
            world = ended.recv() => world,
            () = tasks.stop().cancelled() => return,
        };
        let Some(world) = world else { return };
        // A panic while dropping would be a bug of a collection; there is nobody to tell.
        let _ = tokio::task::spawn_blocking(move || drop(world)).await;
    }
}

impl Running {
    /// What its connections share; for tests and benchmarks that run the daemon in their own process.
    pub fn daemon(&self) -> &Arc<Daemon> {
        &self.daemon
    }

    /// The ready line, without a line feed.
    pub fn ready_line(&self) -> String {
        let line = ReadyLine {
            event: "ready",
            api: control::API,
            version: env!("CARGO_PKG_VERSION"),
            control: self.daemon.control.to_string(),
            data: self.daemon.shared_address().endpoint,
            token: self.daemon.token.as_deref(),
            tls_ca: self.tls_ca.as_deref(),
        };
        serde_json::to_string(&line).expect("a structure of texts is always JSON")
    }

    /// Writes the ready line to a file that only its owner can read; it appears whole.
    pub fn write_ready_file(&self, path: &Path) -> Result<(), StartError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let write = || -> std::io::Result<()> {
            let part = path.with_extension("part");
            let mut file =
                std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
            writeln!(file, "{}", self.ready_line())?;
            file.sync_all()?;
            std::fs::rename(&part, path)
        };
        write().map_err(StartError::Ready)
    }

    /// Ends when somebody asks the daemon to stop through the control plane.
    pub async fn asked_to_stop(&self) {
        self.daemon.tasks.stop().cancelled().await;
    }

    /// Stops accepting, lets running calls end for as long as the bounds say, cuts the rest.
    pub async fn stop(self) {
        let limit = self.daemon.bounds.stop_timeout;
        if tokio::time::timeout(limit, self.daemon.tasks.stopped()).await.is_err() {
            tracing::warn!("calls were still running after {} ms and are cut off", limit.as_millis());
        }
    }
}
