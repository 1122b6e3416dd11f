//! The daemon as a test process sees it: started by this process, or attached to. Makes worlds.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::background;
use crate::connection::Connection;
use crate::environment::{Environment, Keep, ReportMode};
use crate::errors::{Error, Result};
use crate::launch::{Process, check_version, find_binary};
use crate::options::Options;
use crate::proto;
use crate::proto::server_service_client::ServerServiceClient;
use crate::proto::worlds_service_client::WorldsServiceClient;
use crate::records::{ServerInfo, Stray};
use crate::world::World;

static SHARED: OnceCell<EcrFixture> = OnceCell::const_new();
static BINARY: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Names the daemon's binary for this process; it wins over `ECR_FIXTURE_BIN`. Counts until the daemon is started.
pub fn use_binary(path: impl Into<PathBuf>) {
    *BINARY.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.into());
}

/// A connection to one daemon. Cheap to clone; a daemon that was started ends with the last clone and the last world.
#[derive(Clone)]
pub struct EcrFixture(Arc<Daemon>);

/// What worlds need of their daemon.
pub(crate) struct Daemon {
    pub(crate) connection: Connection,
    /// Absent for one that was attached to. Declared after the connection, which so ends first.
    process: Option<Process>,
    pub(crate) keep: Keep,
    pub(crate) report: ReportMode,
    /// Certificate authority of its registry surface, as PEM; empty if it made none.
    pub(crate) authority: String,
}

impl EcrFixture {
    /// The one daemon of this process: attached to or started on first use. It ends with the process.
    ///
    /// Attaches to `ECR_FIXTURE_ADDR` with `ECR_FIXTURE_TOKEN` if that is set, and else starts the binary that
    /// [`use_binary`], `ECR_FIXTURE_BIN` or `PATH` names.
    pub async fn shared() -> Result<Self> {
        let connect = async || {
            let environment = Environment::of_process();
            match environment.text("ECR_FIXTURE_ADDR") {
                Some(address) => {
                    let token = environment.text("ECR_FIXTURE_TOKEN").unwrap_or_default();
                    Self::attach(address, token).await
                }
                None => Self::start().await,
            }
        };
        SHARED.get_or_try_init(connect).await.cloned()
    }

    /// Starts a daemon on free ports of 127.0.0.1 that ends with this process at the latest.
    pub async fn start() -> Result<Self> {
        Self::start_as(&[]).await
    }

    /// As [`start`](Self::start), with TLS on the registry surface. [`World::ca_file`] is whom to trust, and everything
    /// that a world hands out or does knows it.
    pub async fn start_with_tls() -> Result<Self> {
        Self::start_as(&["--tls", "self-signed"]).await
    }

    async fn start_as(arguments: &'static [&'static str]) -> Result<Self> {
        let environment = Environment::of_process();
        let report = environment.report()?;
        let option = BINARY.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (process, ready) = background::run_blocking(move || {
            Process::start(&find_binary(option.as_deref(), &environment)?, &environment, arguments)
        })
        .await?;
        let connection = Connection::new(&ready.control, &ready.token)?;
        // What nobody else can reach has no use for being kept.
        Self::checked(connection, Some(process), Keep::Never, report).await
    }

    /// Connects to a running daemon's control port, `host:port`. It is never stopped from here.
    ///
    /// `ECR_FIXTURE_KEEP` is honoured on such daemons only.
    pub async fn attach(address: &str, token: &str) -> Result<Self> {
        let environment = Environment::of_process();
        let connection = Connection::new(address, token)?;
        let (keep, report) = (environment.keep()?, environment.report()?);
        Self::checked(connection, None, keep, report).await
    }

    /// `host:port` of the control plane; what `ECR_FIXTURE_ADDR` takes.
    pub fn address(&self) -> &str {
        self.0.connection.address()
    }

    /// Bearer token of the control plane; what `ECR_FIXTURE_TOKEN` takes. Empty if there is none.
    pub fn token(&self) -> &str {
        self.0.connection.token()
    }

    /// Process id of the daemon; absent for one that was attached to.
    pub fn process_id(&self) -> Option<u32> {
        self.0.process.as_ref().map(Process::id)
    }

    /// Makes an empty world with a frozen clock.
    pub async fn world(&self) -> Result<World> {
        self.world_with(Options::default()).await
    }

    /// Makes a world.
    pub async fn world_with(&self, options: Options) -> Result<World> {
        // The test harness names each test's thread after the test; the main thread is no test's.
        let thread = std::thread::current();
        let request = options.into_request(thread.name().filter(|name| *name != "main"))?;
        let ask = async |service| WorldsServiceClient::new(service).create_world(request).await;
        // The request is large, and callers should not have to carry it in their futures.
        let reply = Box::pin(self.0.connection.call("WorldsService/CreateWorld", ask)).await?;
        World::new(Arc::clone(&self.0), reply.world.unwrap_or_default()).await
    }

    /// Names of all live worlds, `worlds/{id}`, in order.
    pub async fn worlds(&self) -> Result<Vec<String>> {
        let ask = async |service| WorldsServiceClient::new(service).list_worlds(proto::ListWorldsRequest {}).await;
        let reply = self.0.connection.call("WorldsService/ListWorlds", ask).await?;
        Ok(reply.worlds.into_iter().map(|world| world.name).collect())
    }

    /// Version, addresses and operations of the daemon.
    pub async fn info(&self) -> Result<ServerInfo> {
        self.0.info().await
    }

    /// Calls that reached no world of their own, newest last.
    pub async fn strays(&self) -> Result<Vec<Stray>> {
        let ask = async |service| ServerServiceClient::new(service).list_strays(proto::ListStraysRequest {}).await;
        let reply = self.0.connection.call("ServerService/ListStrays", ask).await?;
        Ok(reply.strays.into_iter().map(Into::into).collect())
    }

    /// Asks the daemon about itself, before anybody relies on it.
    async fn checked(connection: Connection, process: Option<Process>, keep: Keep, report: ReportMode) -> Result<Self> {
        let mut daemon = Daemon { connection, process, keep, report, authority: String::new() };
        let info = daemon.info().await.map_err(|error| match (error, &daemon.process) {
            (Error::Unavailable { message }, Some(_)) => Error::StartFailed {
                message: format!("the daemon printed its ready line and then did not answer: {message}"),
                exit_code: None,
                stderr: vec![],
            },
            (error, _) => error,
        })?;
        check_version(&info.api, &info.version)?;
        daemon.authority = info.tls_ca_pem;
        Ok(Self(Arc::new(daemon)))
    }
}

impl fmt::Debug for EcrFixture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EcrFixture {{ {} }}", self.address())
    }
}

impl Daemon {
    async fn info(&self) -> Result<ServerInfo> {
        let ask = async |service| ServerServiceClient::new(service).get_info(proto::GetInfoRequest {}).await;
        Ok(self.connection.call("ServerService/GetInfo", ask).await?.into())
    }

    /// Whether it was there before, and may serve others too.
    pub(crate) fn is_attached(&self) -> bool {
        self.process.is_none()
    }
}

/// Makes an empty world, with a frozen clock, of this process's daemon; see [`EcrFixture::shared`].
pub async fn world() -> Result<World> {
    world_with(Options::default()).await
}

/// Makes a world of this process's daemon; see [`EcrFixture::shared`].
pub async fn world_with(options: Options) -> Result<World> {
    EcrFixture::shared().await?.world_with(options).await
}
