//! The value of a world: everything that a fork or a snapshot shares. Cloning it copies pointers, whatever its size.

use std::sync::Arc;

use super::principals::{AuthMode, Principals};
use super::secrets::Secrets;
use super::timers::{TaskDurations, Timers};
use super::tokens::Tokens;
use crate::clock::{ClockMode, VirtualClock};
use crate::faults::{DecideContext, OpenGates, RuleSet};
use crate::ids::KeyedIds;
use crate::registry::types::{AccountId, Region, RegistryKey, RepositoryName, Timestamp};
use crate::registry::{Access, Caller, Map, Quotas, Refused, Registry, ResourceTag, authorize};
use crate::tasks::Task;
use crate::throttles::Throttles;
use crate::upstream::content::UpstreamRegistry;

/// What `repositoryUri` and `proxyEndpoint` show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepositoryUri {
    /// The address at which the caller reaches the registry.
    #[default]
    Advertised,
    /// AWS's own form, `<account>.dkr.ecr.<region>.<suffix>/<name>`.
    Aws,
}

/// How the registry surface behaves where ECR and the distribution specification differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistryProfile {
    /// As ECR does.
    #[default]
    Ecr,
    /// As the OCI Distribution Specification says.
    Oci,
}

/// What the registry surface of a world offers, beside its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurfaceSettings {
    /// Whether there is a referrers API.
    pub referrers: bool,
    /// Whether `GET` of a blob is redirected; absent: as in the profile.
    pub redirects: Option<bool>,
}

impl Default for SurfaceSettings {
    fn default() -> Self {
        Self { referrers: true, redirects: None }
    }
}

/// What a world is made with.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// How its clock moves.
    pub clock_mode: ClockMode,
    /// Time of its clock at the start.
    pub now: Timestamp,
    /// Seed of dice and ids.
    pub seed: u64,
    /// Accounts, at least one; the first is the default.
    pub accounts: Arc<[AccountId]>,
    /// Regions, at least one; the first is the default. Every other region exists too.
    pub regions: Arc<[Region]>,
    /// What `repositoryUri` shows.
    pub repository_uri: RepositoryUri,
}

/// The value of a world.
#[derive(Clone, Debug)]
pub struct WorldState {
    /// Number of the newest commit.
    pub seq: u64,
    /// Its clock.
    pub clock: VirtualClock,
    /// Seed of dice and ids.
    pub seed: u64,
    /// Accounts; the first is the default.
    pub accounts: Arc<[AccountId]>,
    /// Regions; the first is the default.
    pub regions: Arc<[Region]>,
    /// What `repositoryUri` shows.
    pub repository_uri: RepositoryUri,
    /// Registries that hold anything; every other one is empty.
    pub registries: Map<RegistryKey, Arc<Registry>>,
    /// How much each of them may hold.
    quotas: Arc<Quotas>,
    /// In-process upstream registries by host.
    pub upstreams: Map<Arc<str>, Arc<UpstreamRegistry>>,
    /// Fault rules and their counters.
    pub rules: RuleSet,
    /// Gates that were opened for good, and when.
    pub gates: OpenGates,
    /// What is due when.
    pub timers: Timers,
    /// Tasks, settled ones too.
    pub tasks: Map<u64, Arc<Task>>,
    /// Tasks whose attempt has begun and waits; all of them are in `tasks`.
    pub under_way: Map<u64, ()>,
    /// Tasks caused so far.
    pub tasks_caused: u64,
    /// How long tasks take.
    pub durations: TaskDurations,
    /// Registry passwords.
    pub tokens: Tokens,
    /// Principals with policies of their own.
    pub principals: Principals,
    /// Secrets with the logins of upstreams.
    pub secrets: Secrets,
    /// What is asked of signatures.
    pub auth: AuthMode,
    /// How the registry surface behaves.
    pub profile: RegistryProfile,
    /// What that surface offers.
    pub surface: SurfaceSettings,
    /// Rates of calls.
    pub throttles: Throttles,
    /// Source of ids.
    pub ids: KeyedIds,
}

impl WorldState {
    /// An empty world.
    pub fn new(settings: WorldSettings, real: Timestamp) -> Self {
        Self {
            seq: 0,
            clock: VirtualClock::new(settings.clock_mode, settings.now, real),
            seed: settings.seed,
            accounts: settings.accounts,
            regions: settings.regions,
            repository_uri: settings.repository_uri,
            registries: Map::new(),
            quotas: Arc::default(),
            upstreams: Map::new(),
            rules: RuleSet::default(),
            gates: OpenGates::new(),
            timers: Timers::default(),
            tasks: Map::new(),
            under_way: Map::new(),
            tasks_caused: 0,
            durations: TaskDurations::default(),
            tokens: Tokens::default(),
            principals: Principals::default(),
            secrets: Secrets::default(),
            auth: AuthMode::default(),
            profile: RegistryProfile::default(),
            surface: SurfaceSettings::default(),
            throttles: Throttles::default(),
            ids: KeyedIds::new(settings.seed),
        }
    }

    /// The default registry: first account, first region.
    pub fn default_registry(&self) -> RegistryKey {
        RegistryKey { account: self.default_account(), region: self.default_region().clone() }
    }

    /// The first account.
    pub fn default_account(&self) -> AccountId {
        self.accounts.first().copied().unwrap_or(AccountId::DEFAULT)
    }

    /// The first region.
    pub fn default_region(&self) -> &Region {
        self.regions.first().expect("a world has at least one region")
    }

    /// A registry, unless it is empty.
    pub fn registry(&self, key: &RegistryKey) -> Option<&Arc<Registry>> {
        self.registries.get(key)
    }

    /// A registry that holds nothing yet.
    pub fn empty_registry(&self, key: &RegistryKey) -> Registry {
        Registry::new(key.clone()).with_quotas(Arc::clone(&self.quotas))
    }

    /// How much each registry may hold.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Lets each registry hold so much, those that come later too. Answers whether that changes anything.
    pub fn set_quotas(&mut self, quotas: Quotas) -> bool {
        if *self.quotas == quotas {
            return false;
        }
        self.quotas = Arc::new(quotas);
        let registries: Vec<RegistryKey> = self.registries.keys().cloned().collect();
        for key in registries {
            let quotas = Arc::clone(&self.quotas);
            self.registry_mut(&key).set_quotas(quotas);
        }
        true
    }

    /// A registry to change; it comes into being when first asked for.
    pub fn registry_mut(&mut self, key: &RegistryKey) -> &mut Registry {
        if !self.registries.contains_key(key) {
            self.registries.insert(key.clone(), Arc::new(self.empty_registry(key)));
        }
        let registry = self.registries.get_mut(key).expect("it was put there above");
        Arc::make_mut(registry)
    }

    /// Whether a caller may do something in a registry.
    pub fn authorize(
        &self,
        key: &RegistryKey,
        caller: &Caller,
        action: &str,
        repository: Option<&RepositoryName>,
        request_tags: &[ResourceTag],
    ) -> Result<(), Refused> {
        let identity = self.principals.policies(caller);
        let access = Access { caller, identity, action, repository, request_tags, now: self.clock.now() };
        match self.registry(key) {
            Some(registry) => authorize(registry, &access),
            None => authorize(&self.empty_registry(key), &access),
        }
    }

    /// What rules need to decide.
    pub fn decide_context(&self) -> DecideContext<'_> {
        DecideContext { now: self.clock.now(), seed: self.seed, open_gates: &self.gates }
    }

    /// What a fork starts as: this value without what belongs to the callers of this world.
    pub fn fork(&self) -> Self {
        let mut fork = self.clone();
        // Passwords address the world that minted them, so a fork's are its own.
        fork.tokens = Tokens::default();
        fork
    }
}

impl WorldState {
    /// Starts dice and ids anew from another seed.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
        self.ids = KeyedIds::new(seed);
    }
}
