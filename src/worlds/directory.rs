//! All worlds of a daemon: creation, forks, snapshots, ends, and the indexes that addresses are looked up in.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::live::CallArrival;
use super::state::{WorldSettings, WorldState};
use super::tokens::MintKey;
use super::world::{InvalidId, World, WorldId, WorldIdentity};
use crate::clock::RealTime;
use crate::registry::types::AccountId;

/// Strays that a daemon remembers; the oldest go first.
const STRAYS_KEPT: usize = 1_000;
/// Worlds that a daemon has at a time; a further one is refused.
const WORLDS_AT_MOST: usize = 100_000;
/// Snapshots that a daemon keeps; a further one is refused.
const SNAPSHOTS_KEPT: usize = 10_000;

/// Why a world or a snapshot cannot be made or found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// No live world of this id.
    #[error("world `{0}` does not exist or has finished")]
    WorldNotFound(String),
    /// No snapshot of this id.
    #[error("snapshot `{0}` does not exist")]
    SnapshotNotFound(String),
    /// The id is taken.
    #[error("`{0}` exists already")]
    AlreadyExists(String),
    /// No room for another world.
    #[error("the daemon has at most {0} worlds at a time")]
    TooManyWorlds(usize),
    /// No room for another snapshot.
    #[error("the daemon keeps at most {0} snapshots")]
    TooManySnapshots(usize),
    /// The id is malformed.
    #[error(transparent)]
    InvalidId(#[from] InvalidId),
}

/// How a new world is reached.
#[derive(Clone, Debug)]
pub struct Address {
    /// Base URL of the registry surface.
    pub endpoint: String,
    /// Host and port.
    pub registry_host: String,
    /// Whether it is the world's own.
    pub dedicated: bool,
}

/// What a new world is given beside its value.
#[derive(Clone, Debug)]
pub struct Birth {
    /// Its id; absent: one is made.
    pub id: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Lease; zero: for ever.
    pub lease: Duration,
    /// How it is reached.
    pub address: Address,
}

/// A call that reached no world of its own.
#[derive(Clone, Debug)]
pub struct Stray {
    /// Its number among strays, from 1.
    pub number: u64,
    /// What was called.
    pub call: CallArrival,
    /// Why it is one.
    pub reason: String,
}

#[derive(Debug, Default)]
struct Index {
    worlds: BTreeMap<WorldId, Arc<World>>,
    by_access_key: HashMap<String, (WorldId, AccountId)>,
    by_incarnation: HashMap<u64, WorldId>,
    by_account: HashMap<AccountId, HashSet<WorldId>>,
}

#[derive(Debug, Default)]
struct Strays {
    recorded: VecDeque<Stray>,
    count: u64,
}

/// A value that was kept under a name.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Incarnation of the world that it was taken of.
    pub taken_of: u64,
    /// The value.
    pub state: Arc<WorldState>,
}

/// All worlds of a daemon.
#[derive(Debug)]
pub struct Directory {
    real: RealTime,
    secret: [u8; 32],
    strict: bool,
    most_worlds: usize,
    index: RwLock<Index>,
    snapshots: RwLock<BTreeMap<String, Snapshot>>,
    strays: Mutex<Strays>,
    incarnations: AtomicU64,
    named: AtomicU64,
    /// Worlds that have ended and wait to be taken apart, which may take as long as they are large.
    graveyard: tokio::sync::mpsc::UnboundedSender<Arc<World>>,
}

impl Directory {
    /// A directory without worlds. What is sent through `graveyard` should be dropped where nobody waits for it.
    pub fn new(
        real: RealTime,
        secret: [u8; 32],
        strict: bool,
        graveyard: tokio::sync::mpsc::UnboundedSender<Arc<World>>,
    ) -> Self {
        Self {
            real,
            secret,
            strict,
            most_worlds: WORLDS_AT_MOST,
            index: RwLock::default(),
            snapshots: RwLock::default(),
            strays: Mutex::default(),
            incarnations: AtomicU64::new(0),
            named: AtomicU64::new(0),
            graveyard,
        }
    }

    /// The daemon's clocks.
    pub fn real(&self) -> RealTime {
        self.real
    }

    /// Whether calls without an address are refused.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Makes a world from settings.
    pub fn create(&self, birth: Birth, settings: WorldSettings) -> Result<Arc<World>, DirectoryError> {
        let state = WorldState::new(settings, self.real.now());
        self.bring_to_life(birth, state)
    }

    /// Makes a world of this value.
    pub fn bring_to_life(&self, birth: Birth, state: WorldState) -> Result<Arc<World>, DirectoryError> {
        let id: WorldId = match &birth.id {
            Some(id) => id.parse()?,
            None => self.next_id("w"),
        };
        let incarnation = self.incarnations.fetch_add(1, Ordering::Relaxed) + 1;
        let mut secret = Sha256::new();
        secret.update(self.secret);
        secret.update(incarnation.to_be_bytes());
        let key = MintKey::new(secret.finalize().into());
        let accounts = Arc::clone(&state.accounts);
        let identity = WorldIdentity {
            id: id.clone(),
            incarnation,
            key,
            accounts: Arc::clone(&accounts),
            labels: birth.labels,
            lease: birth.lease,
            endpoint: birth.address.endpoint,
            registry_host: birth.address.registry_host,
            dedicated: birth.address.dedicated,
        };
        let access_keys: Vec<String> = (0..accounts.len()).map(|at| identity.key.access_key_id(at)).collect();
        let world = Arc::new(World::new(identity, state, self.real));

        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if index.worlds.contains_key(&id) {
            return Err(DirectoryError::AlreadyExists(id.to_string()));
        }
        if index.worlds.len() >= self.most_worlds {
            return Err(DirectoryError::TooManyWorlds(self.most_worlds));
        }
        index.worlds.insert(id.clone(), Arc::clone(&world));
        index.by_incarnation.insert(incarnation, id.clone());
        for (key, account) in access_keys.into_iter().zip(accounts.iter()) {
            index.by_access_key.insert(key, (id.clone(), *account));
            index.by_account.entry(*account).or_default().insert(id.clone());
        }
        Ok(world)
    }

    /// An id that no live world has: the prefix and a number.
    pub fn next_id(&self, prefix: &str) -> WorldId {
        loop {
            let number = self.named.fetch_add(1, Ordering::Relaxed) + 1;
            let id = format!("{prefix}{number}");
            if self.world(&id).is_none() {
                // A prefix that is too long or illegal gives way.
                return id.parse().unwrap_or_else(|_| WorldId::numbered(number));
            }
        }
    }

    /// A live world by its id.
    pub fn world(&self, id: &str) -> Option<Arc<World>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).worlds.get(id).cloned()
    }

    /// A live world by its resource name, `worlds/{id}`, or by its bare id.
    pub fn by_name(&self, name: &str) -> Result<Arc<World>, DirectoryError> {
        let id = name.strip_prefix("worlds/").unwrap_or(name);
        self.world(id).ok_or_else(|| DirectoryError::WorldNotFound(id.to_owned()))
    }

    /// The world that minted an access key, and the account that the key is of.
    pub fn by_access_key(&self, key: &str) -> Option<(Arc<World>, AccountId)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let (id, account) = index.by_access_key.get(key)?;
        Some((Arc::clone(index.worlds.get(id)?), *account))
    }

    /// The live world of an incarnation.
    pub fn by_incarnation(&self, incarnation: u64) -> Option<Arc<World>> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.worlds.get(index.by_incarnation.get(&incarnation)?).cloned()
    }

    /// The one live world that has an account; absent if none or several have it.
    pub fn only_holder(&self, account: AccountId) -> Option<Arc<World>> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let holders = index.by_account.get(&account)?;
        let only = holders.iter().next().filter(|_| holders.len() == 1)?;
        index.worlds.get(only).cloned()
    }

    /// The world for calls without an address; absent if the daemon is strict.
    pub fn default_world(&self) -> Option<Arc<World>> {
        if self.strict { None } else { self.world(WorldId::DEFAULT) }
    }

    /// Live worlds in order of their id.
    pub fn worlds(&self) -> Vec<Arc<World>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).worlds.values().cloned().collect()
    }

    /// Whether worlds beside the default one live.
    pub fn has_other_worlds(&self) -> bool {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.worlds.len() > usize::from(index.worlds.contains_key(WorldId::DEFAULT))
    }

    /// Ends this very world, not one of the same id that came after it: it can no longer be found, its waiters wake, and it
    /// is taken apart in the background.
    pub fn end(&self, world: &World) -> Result<(), DirectoryError> {
        let identity = world.identity();
        let id = identity.id.as_str();
        let world = {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            index
                .by_incarnation
                .remove(&identity.incarnation)
                .ok_or_else(|| DirectoryError::WorldNotFound(id.to_owned()))?;
            let world = index.worlds.remove(id).ok_or_else(|| DirectoryError::WorldNotFound(id.to_owned()))?;
            for (at, account) in identity.accounts.iter().enumerate() {
                index.by_access_key.remove(&identity.key.access_key_id(at));
                if let Some(holders) = index.by_account.get_mut(account) {
                    holders.remove(world.id());
                    if holders.is_empty() {
                        index.by_account.remove(account);
                    }
                }
            }
            world
        };
        world.ended().cancel();
        // The receiver is gone only while the daemon stops; the world is then dropped here.
        let _ = self.graveyard.send(world);
        Ok(())
    }

    /// Keeps a value under a name.
    pub fn keep_snapshot(&self, id: Option<&str>, snapshot: Snapshot) -> Result<String, DirectoryError> {
        let given = id.map(str::parse::<WorldId>).transpose()?;
        let mut snapshots = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        if snapshots.len() >= SNAPSHOTS_KEPT {
            return Err(DirectoryError::TooManySnapshots(SNAPSHOTS_KEPT));
        }
        let id = match given {
            Some(id) if snapshots.contains_key(id.as_str()) => {
                return Err(DirectoryError::AlreadyExists(id.to_string()));
            }
            Some(id) => id.to_string(),
            None => loop {
                let id = format!("s{}", self.named.fetch_add(1, Ordering::Relaxed) + 1);
                if !snapshots.contains_key(&id) {
                    break id;
                }
            },
        };
        snapshots.insert(id.clone(), snapshot);
        Ok(id)
    }

    /// A snapshot by its resource name, `snapshots/{id}`, or by its bare id.
    pub fn snapshot(&self, name: &str) -> Result<Snapshot, DirectoryError> {
        let id = name.strip_prefix("snapshots/").unwrap_or(name);
        let snapshots = self.snapshots.read().unwrap_or_else(PoisonError::into_inner);
        snapshots.get(id).cloned().ok_or_else(|| DirectoryError::SnapshotNotFound(id.to_owned()))
    }

    /// Records a call that reached no world of its own.
    pub fn record_stray(&self, call: CallArrival, reason: String) {
        let mut strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        strays.count += 1;
        let number = strays.count;
        strays.recorded.push_back(Stray { number, call, reason });
        while strays.recorded.len() > STRAYS_KEPT {
            strays.recorded.pop_front();
        }
    }

    /// Strays that arrived at `since_micros` or later, oldest first.
    pub fn strays_since(&self, since_micros: u64) -> Vec<Stray> {
        let strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        strays.recorded.iter().filter(|stray| stray.call.real_micros >= since_micros).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ClockMode;
    use crate::registry::types::Timestamp;
    use crate::worlds::RepositoryUri;

    #[test]
    fn a_daemon_has_so_many_worlds_and_not_one_more() {
        let (graveyard, _ended) = tokio::sync::mpsc::unbounded_channel();
        let mut directory = Directory::new(RealTime::start(), [0; 32], false, graveyard);
        directory.most_worlds = 2;
        let create = || {
            let address = Address { endpoint: String::new(), registry_host: String::new(), dedicated: false };
            let birth = Birth { id: None, labels: BTreeMap::new(), lease: Duration::ZERO, address };
            let settings = WorldSettings {
                clock_mode: ClockMode::Frozen,
                now: Timestamp::EPOCH,
                seed: 0,
                accounts: Arc::from([AccountId::DEFAULT]),
                regions: Arc::from(["us-east-1".parse().expect("a region")]),
                repository_uri: RepositoryUri::Advertised,
            };
            directory.create(birth, settings)
        };
        let (first, _second) = (create().expect("room"), create().expect("room"));
        assert_eq!(create().err(), Some(DirectoryError::TooManyWorlds(2)));
        directory.end(&first).expect("it lives");
        assert!(create().is_ok());
    }
}
