//! WorldsService.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::clock::{EVENT_BUDGET, clock_to_proto, mode_from_proto};
use super::convert::time::{duration_from_proto, duration_to_proto, timestamp_from_proto};
use super::errors::{ControlError, FieldViolation};
use super::finish::finish_world;
use super::grant::Grant;
use crate::clock::ClockMode;
use crate::daemon::Daemon;
use crate::http::serve_world;
use crate::proto;
use crate::registry::types::{AccountId, Region};
use crate::seed::{Violation, check_quotas};
use crate::worlds::{
    Address, AuthMode, Birth, RegistryProfile, RepositoryUri, Snapshot, World, WorldId, WorldSettings, WorldState,
};

/// Lease of a world unless its creator says otherwise.
const LEASE: Duration = Duration::from_mins(10);
/// Forks that one call may make.
const FORKS_AT_ONCE: u32 = 10_000;
/// How often an attached stream shows that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

#[async_trait]
impl proto::worlds_service_server::WorldsService for Control {
    type AttachWorldStream = Pin<Box<dyn Stream<Item = Result<proto::AttachWorldResponse, Status>> + Send>>;

    async fn create_world(
        &self,
        request: Request<proto::CreateWorldRequest>,
    ) -> Result<Response<proto::CreateWorldResponse>, Status> {
        Grant::of(&request)?.daemon_only()?;
        let request = request.into_inner();
        let state = self.initial_state(&request)?;
        let lease = match request.lease {
            Some(lease) => duration_from_proto("lease", lease)?,
            None => LEASE,
        };
        let labels = request.labels.clone().into_iter().collect();
        let world = self.live_world(request.world_id.clone(), labels, lease, request.listen(), state).await?;
        if let Some(now) = request.now {
            // Timers that a fork brings along fire at their own time on the way.
            let now = timestamp_from_proto("now", now)?;
            let moved = world.write(|live| {
                // A new world stands at its time already.
                if live.now() == now {
                    Ok(())
                } else {
                    live.advance(now, EVENT_BUDGET, self.daemon.real().now()).map(|_| ())
                }
            });
            if let Err(error) = moved {
                let _ = self.daemon.end_world(&world);
                return Err(ControlError::from(error).into());
            }
        }
        Ok(Response::new(proto::CreateWorldResponse { world: Some(world_to_proto(&world)) }))
    }

    async fn get_world(
        &self,
        request: Request<proto::GetWorldRequest>,
    ) -> Result<Response<proto::GetWorldResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        Ok(Response::new(proto::GetWorldResponse { world: Some(world_to_proto(&world)) }))
    }

    async fn list_worlds(
        &self,
        request: Request<proto::ListWorldsRequest>,
    ) -> Result<Response<proto::ListWorldsResponse>, Status> {
        Grant::of(&request)?.daemon_only()?;
        let worlds = self.daemon.directory.worlds().iter().map(|world| world_to_proto(world)).collect();
        Ok(Response::new(proto::ListWorldsResponse { worlds }))
    }

    async fn fork_world(
        &self,
        request: Request<proto::ForkWorldRequest>,
    ) -> Result<Response<proto::ForkWorldResponse>, Status> {
        // A fork is a world of its own, with a token of its own, so making one takes the daemon's token.
        let grant = Grant::of(&request)?;
        grant.daemon_only()?;
        let source = grant.world(&self.daemon, &request.get_ref().world)?;
        let request = request.into_inner();
        let count = request.count.unwrap_or(1);
        if !(1..=FORKS_AT_ONCE).contains(&count) {
            return Err(ControlError::invalid("count", format!("must be 1 to {FORKS_AT_ONCE}")).into());
        }
        let prefix = request.id_prefix.clone().unwrap_or_else(|| source.id().to_string());
        let prefix: WorldId = prefix.parse().map_err(|error| ControlError::invalid("id_prefix", format!("{error}")))?;
        // A long prefix leaves room for the number.
        let prefix: String = prefix.as_str().chars().take(40).collect();
        let state = source.write(|live| live.state.fork());
        let mut worlds: Vec<Arc<World>> = Vec::new();
        for _ in 0..count {
            let mut state = state.clone();
            if !request.keep_counters {
                state.rules.reset_counters(state.clock.now());
            }
            let id = self.daemon.directory.next_id(&format!("{prefix}-"));
            let labels = source.identity().labels.clone();
            // The default world lives for ever; what a test makes of it does not.
            let lease = source.identity().lease;
            let lease = if lease.is_zero() { LEASE } else { lease };
            match self.live_world(Some(id.to_string()), labels, lease, request.listen(), state).await {
                Ok(world) => worlds.push(world),
                Err(error) => {
                    // All or none: nobody would know the names of those that were made.
                    for world in worlds {
                        let _ = self.daemon.end_world(&world);
                    }
                    return Err(error.into());
                }
            }
        }
        let worlds = worlds.iter().map(|world| world_to_proto(world)).collect();
        Ok(Response::new(proto::ForkWorldResponse { worlds }))
    }

    async fn create_snapshot(
        &self,
        request: Request<proto::CreateSnapshotRequest>,
    ) -> Result<Response<proto::CreateSnapshotResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let state = Arc::new(world.write(|live| live.state.fork()));
        let snapshot = Snapshot { taken_of: world.identity().incarnation, state };
        let id = self.daemon.directory.keep_snapshot(request.get_ref().snapshot_id.as_deref(), snapshot);
        let id = id.map_err(ControlError::from)?;
        Ok(Response::new(proto::CreateSnapshotResponse { snapshot: format!("snapshots/{id}") }))
    }

    async fn restore_world(
        &self,
        request: Request<proto::RestoreWorldRequest>,
    ) -> Result<Response<proto::RestoreWorldResponse>, Status> {
        let grant = Grant::of(&request)?;
        let world = grant.world(&self.daemon, &request.get_ref().world)?;
        let snapshot = self.daemon.directory.snapshot(&request.get_ref().snapshot).map_err(ControlError::from)?;
        if snapshot.taken_of != world.identity().incarnation {
            // A world's own token opens nothing of other worlds.
            grant.daemon_only()?;
        }
        let replaced = world.write(|live| {
            // Sessions of uploads that are no longer open go before anybody can open new ones.
            self.daemon.uploads.close_world(world.identity().incarnation);
            live.restore(&snapshot.state, self.daemon.real().now())
        });
        // Dropped outside of the writer: a large value takes its time.
        drop(replaced);
        world.notify();
        Ok(Response::new(proto::RestoreWorldResponse { world: Some(world_to_proto(&world)) }))
    }

    async fn attach_world(
        &self,
        request: Request<proto::AttachWorldRequest>,
    ) -> Result<Response<Self::AttachWorldStream>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        world.attach();
        let attached = Attached { daemon: Arc::clone(&self.daemon), world: Arc::clone(&world) };
        let ticks = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(SIGN_OF_LIFE));
        let stop = self.daemon.tasks.stop().clone();
        let signs = ticks.map(move |_| {
            let seq = attached.world.write(|live| live.state.seq);
            attached.world.touch();
            Ok(proto::AttachWorldResponse { seq })
        });
        let ended = world.ended().clone();
        let over = async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = stop.cancelled() => {}
            }
        };
        Ok(Response::new(Box::pin(futures_util::StreamExt::take_until(signs, Box::pin(over)))))
    }

    async fn finish_world(
        &self,
        request: Request<proto::FinishWorldRequest>,
    ) -> Result<Response<proto::FinishWorldResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let tail = request.get_ref().journal_tail.unwrap_or(20) as usize;
        // By itself: a caller who gives up must not leave a world behind in which rules are off.
        let (told, report) = tokio::sync::oneshot::channel();
        let daemon = Arc::clone(&self.daemon);
        self.daemon.tasks.spawn(async move {
            // Nobody listens any more if the caller gave up.
            let _ = told.send(finish_world(&daemon, &world, tail).await);
        });
        Ok(Response::new(report.await.map_err(|_| Status::internal("finishing the world failed"))?))
    }

    async fn delete_world(
        &self,
        request: Request<proto::DeleteWorldRequest>,
    ) -> Result<Response<proto::DeleteWorldResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        self.daemon.end_world(&world).map_err(ControlError::from)?;
        Ok(Response::new(proto::DeleteWorldResponse {}))
    }
}

/// Holds a world by a stream; with the last such stream the world goes.
struct Attached {
    daemon: Arc<Daemon>,
    world: Arc<World>,
}

impl Drop for Attached {
    fn drop(&mut self) {
        // A world that has ended already is what we want.
        if self.world.detach() {
            let _ = self.daemon.end_world(&self.world);
        }
    }
}

impl Control {
    fn initial_state(&self, request: &proto::CreateWorldRequest) -> Result<WorldState, ControlError> {
        use proto::create_world_request::From as Source;
        let real = self.daemon.real().now();
        let now = request.now.map(|now| timestamp_from_proto("now", now)).transpose()?;
        let mode = mode_from_proto(request.clock_mode());
        let mut state = match &request.from {
            None => {
                let Places { accounts, regions } = accounts_and_regions(request)?;
                let settings = WorldSettings {
                    clock_mode: mode.unwrap_or(ClockMode::Frozen),
                    now: now.unwrap_or(real),
                    seed: request.seed.unwrap_or(0),
                    accounts,
                    regions,
                    repository_uri: RepositoryUri::default(),
                };
                WorldState::new(settings, real)
            }
            Some(source) => {
                let mut state = match source {
                    Source::FromSnapshot(name) => self.daemon.directory.snapshot(name)?.state.fork(),
                    Source::FromWorld(name) => self.daemon.directory.by_name(name)?.write(|live| live.state.fork()),
                };
                let Places { accounts, regions } = accounts_and_regions(request)?;
                if !request.accounts.is_empty() {
                    state.accounts = accounts;
                }
                if !request.regions.is_empty() {
                    state.regions = regions;
                }
                if let Some(seed) = request.seed {
                    state.reseed(seed);
                }
                if let Some(now) = now {
                    state.clock.check_forward(now)?;
                }
                let mode = mode.unwrap_or(state.clock.mode());
                state.clock.change_mode(mode, real);
                state.rules.reset_counters(state.clock.now());
                state
            }
        };
        match request.repository_uri() {
            proto::RepositoryUriMode::Unspecified => {}
            proto::RepositoryUriMode::Advertised => state.repository_uri = RepositoryUri::Advertised,
            proto::RepositoryUriMode::Aws => state.repository_uri = RepositoryUri::Aws,
        }
        match request.auth() {
            proto::AuthMode::Unspecified => {}
            proto::AuthMode::Off => state.auth = AuthMode::Off,
            proto::AuthMode::Claimed => state.auth = AuthMode::Claimed,
            proto::AuthMode::Verified => state.auth = AuthMode::Verified,
            proto::AuthMode::VerifiedOnWorldClock => state.auth = AuthMode::VerifiedOnWorldClock,
        }
        match request.profile() {
            proto::RegistryProfile::Unspecified => {}
            proto::RegistryProfile::Ecr => state.profile = RegistryProfile::Ecr,
            proto::RegistryProfile::Oci => state.profile = RegistryProfile::Oci,
        }
        if let Some(document) = &request.quotas {
            let quotas = check_quotas(document, &state.default_registry(), state.quotas());
            state.set_quotas(quotas.map_err(invalid_quotas)?);
        }
        Ok(state)
    }

    async fn live_world(
        &self,
        id: Option<String>,
        labels: BTreeMap<String, String>,
        lease: Duration,
        listen: proto::ListenMode,
        state: WorldState,
    ) -> Result<Arc<World>, ControlError> {
        match listen {
            proto::ListenMode::Unspecified | proto::ListenMode::Shared => {
                let birth = Birth { id, labels, lease, address: self.daemon.shared_address() };
                Ok(self.daemon.directory.bring_to_life(birth, state)?)
            }
            proto::ListenMode::Dedicated => {
                let no_port = |error: std::io::Error| ControlError::NoPort(error.to_string());
                let listener = TcpListener::bind((self.daemon.listen.ip(), 0)).await.map_err(no_port)?;
                let address: Address = self.daemon.address(listener.local_addr().map_err(no_port)?, true);
                let birth = Birth { id, labels, lease, address };
                let world = self.daemon.directory.bring_to_life(birth, state)?;
                self.daemon.tasks.spawn(serve_world(Arc::clone(&self.daemon), listener, Arc::clone(&world)));
                Ok(world)
            }
        }
    }
}

fn invalid_quotas(violations: Vec<Violation>) -> ControlError {
    ControlError::Invalid { reason: "INVALID_REQUEST", violations: violations.into_iter().map(Into::into).collect() }
}

/// Accounts and regions of a request, with their defaults.
struct Places {
    accounts: Arc<[AccountId]>,
    regions: Arc<[Region]>,
}

fn accounts_and_regions(request: &proto::CreateWorldRequest) -> Result<Places, ControlError> {
    let mut violations = Vec::new();
    let mut accounts: Vec<AccountId> = parsed("accounts", &request.accounts, &mut violations);
    let mut regions: Vec<Region> = parsed("regions", &request.regions, &mut violations);
    if !violations.is_empty() {
        return Err(ControlError::Invalid { reason: "INVALID_REQUEST", violations });
    }
    if accounts.is_empty() {
        accounts.push(AccountId::DEFAULT);
    }
    if regions.is_empty() {
        regions.push(default_region());
    }
    Ok(Places { accounts: accounts.into(), regions: regions.into() })
}

fn parsed<T>(member: &str, texts: &[String], violations: &mut Vec<FieldViolation>) -> Vec<T>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let mut values = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        match text.parse::<T>() {
            Ok(value) => values.push(value),
            Err(error) => {
                violations.push(FieldViolation { path: format!("{member}[{at}]"), message: error.to_string() });
            }
        }
    }
    values
}

/// The region of a world that names none.
pub(crate) fn default_region() -> Region {
    "us-east-1".parse().expect("a literal that is a legal region")
}

/// A world as the control plane shows it.
pub(super) fn world_to_proto(world: &World) -> proto::World {
    let identity = world.identity();
    let (clock, seed, accounts, regions, seq, profile) = world.write(|live| {
        let state = &live.state;
        let (accounts, regions) = (Arc::clone(&state.accounts), Arc::clone(&state.regions));
        (state.clock, state.seed, accounts, regions, state.seq, state.profile)
    });
    let profile = match profile {
        RegistryProfile::Ecr => proto::RegistryProfile::Ecr,
        RegistryProfile::Oci => proto::RegistryProfile::Oci,
    };
    proto::World {
        name: format!("worlds/{}", identity.id),
        clock: Some(clock_to_proto(&clock)),
        seed,
        accounts: accounts.iter().map(ToString::to_string).collect(),
        regions: regions.iter().map(ToString::to_string).collect(),
        seq,
        labels: identity.labels.clone().into_iter().collect(),
        lease: Some(duration_to_proto(identity.lease)),
        connection: Some(connection(world, &accounts, &regions)),
        profile: profile.into(),
    }
}

fn connection(world: &World, accounts: &[AccountId], regions: &[Region]) -> proto::ConnectionInfo {
    let identity = world.identity();
    let credentials: Vec<proto::Credential> = accounts
        .iter()
        .enumerate()
        .map(|(at, account)| proto::Credential {
            account_id: account.to_string(),
            access_key_id: identity.key.access_key_id(at),
            secret_access_key: identity.key.secret_access_key(at),
        })
        .collect();
    let region = regions.first().map(ToString::to_string).unwrap_or_default();
    let first = credentials.first().cloned().unwrap_or_default();
    let environment = [
        ("AWS_ENDPOINT_URL_ECR", identity.endpoint.clone()),
        ("AWS_ACCESS_KEY_ID", first.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", first.secret_access_key),
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false".to_owned()),
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
    ];
    proto::ConnectionInfo {
        endpoint: identity.endpoint.clone(),
        registry_host: identity.registry_host.clone(),
        credentials,
        environment: environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        control_token: identity.key.control_token(identity.incarnation),
        world_header: identity.id.to_string(),
    }
}
