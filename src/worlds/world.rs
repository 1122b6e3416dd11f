//! One world with its single writer: a lock that hands out closures, so that no guard can cross an `.await`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::gates::Waiter;
use super::live::Live;
use super::state::WorldState;
use super::tokens::MintKey;
use crate::clock::{ClockMode, RealTime};
use crate::registry::types::AccountId;

/// Id of a world: 1 to 63 characters of `[a-z0-9-]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldId(Arc<str>);

/// The text is not an id of a world or a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` must be 1 to 63 characters of a-z, 0-9 and -")]
pub struct InvalidId(pub String);

impl WorldId {
    /// The world that takes calls without an address.
    pub const DEFAULT: &'static str = "default";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `w` and a number.
    pub fn numbered(number: u64) -> Self {
        Self(Arc::from(format!("w{number}")))
    }
}

impl FromStr for WorldId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=63).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(InvalidId(text.to_owned()))
        }
    }
}

impl std::borrow::Borrow<str> for WorldId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WorldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a world is beside its value: identity, address, lease.
#[derive(Debug)]
pub struct WorldIdentity {
    /// Its id.
    pub id: WorldId,
    /// Number that no other world of this daemon ever has; part of what it mints.
    pub incarnation: u64,
    /// Signs what it mints.
    pub key: MintKey,
    /// Accounts; they never change.
    pub accounts: Arc<[AccountId]>,
    /// Labels given at creation.
    pub labels: BTreeMap<String, String>,
    /// Real time without traffic after which it ends; zero: never.
    pub lease: Duration,
    /// Base URL of the registry surface for this world, e.g. `http://127.0.0.1:4510`.
    pub endpoint: String,
    /// Host and port of the same.
    pub registry_host: String,
    /// Whether the address above is the world's own.
    pub dedicated: bool,
}

impl WorldIdentity {
    /// The secret of an access key id, if it is one that the world minted.
    pub fn minted_secret(&self, access_key: &str) -> Option<String> {
        let index = (0..self.accounts.len()).find(|index| self.key.access_key_id(*index) == access_key)?;
        Some(self.key.secret_access_key(index))
    }

    /// The first account.
    pub fn default_account(&self) -> AccountId {
        self.accounts.first().copied().unwrap_or(AccountId::DEFAULT)
    }
}

/// A live world.
#[derive(Debug)]
pub struct World {
    identity: WorldIdentity,
    live: Mutex<Live>,
    real: RealTime,
    /// Told when a gate lets somebody go and when a call ends.
    changed: Notify,
    ended: CancellationToken,
    born_micros: u64,
    last_traffic_micros: AtomicU64,
    attached: AtomicU32,
}

impl World {
    /// Brings a value to life.
    pub fn new(identity: WorldIdentity, state: WorldState, real: RealTime) -> Self {
        let live = Mutex::new(Live::new(state, identity.incarnation));
        Self {
            identity,
            live,
            real,
            changed: Notify::new(),
            ended: CancellationToken::new(),
            born_micros: real.elapsed_micros(),
            last_traffic_micros: AtomicU64::new(real.elapsed_micros()),
            attached: AtomicU32::new(0),
        }
    }

    /// What it is beside its value.
    pub fn identity(&self) -> &WorldIdentity {
        &self.identity
    }

    /// Its id.
    pub fn id(&self) -> &WorldId {
        &self.identity.id
    }

    /// The only way in. The clock is read under the lock, so that the order of times is the order of writes; work that the
    /// closure causes and that takes no time is done before anybody else gets in.
    pub fn write<R>(&self, work: impl FnOnce(&mut Live) -> R) -> R {
        // A panic under the lock is caught at the edge and reported; the value behind it is still a value.
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.state.clock.mode() == ClockMode::Flowing {
            live.catch_up(self.real.now());
        }
        let result = work(&mut live);
        live.run_due();
        result
    }

    /// Real microseconds since the daemon's start at which it came to life.
    pub fn born_micros(&self) -> u64 {
        self.born_micros
    }

    /// Notes traffic, which renews the lease.
    pub fn touch(&self) {
        self.last_traffic_micros.store(self.real.elapsed_micros(), Ordering::Relaxed);
    }

    /// Whether the lease has run out: no traffic for its length, and nobody attached.
    pub fn lease_is_over(&self) -> bool {
        let idle = self.real.elapsed_micros().saturating_sub(self.last_traffic_micros.load(Ordering::Relaxed));
        self.identity.lease > Duration::ZERO
            && self.attached.load(Ordering::Relaxed) == 0
            && u128::from(idle) > self.identity.lease.as_micros()
    }

    /// Counts an attached stream, which keeps the world beyond its lease.
    pub fn attach(&self) {
        self.attached.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an attached stream out; answers whether it was the last.
    pub fn detach(&self) -> bool {
        self.attached.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Ends when the world ends; whoever waits in it should then stop.
    pub fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// Tells waiters to look again.
    pub fn notify(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until `done` holds; looks after each change. False if the world ended first.
    pub async fn wait_until(&self, mut done: impl FnMut(&mut Live) -> bool) -> bool {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that a change in between is not missed.
            changed.as_mut().enable();
            if self.write(&mut done) {
                return true;
            }
            tokio::select! {
                () = changed => {}
                () = self.ended.cancelled() => return false,
            }
        }
    }

    /// Waits at a gate in the name of a call. False if the world ended first. Leaves the gate when dropped.
    pub async fn wait_at_gate(&self, gate: &Arc<str>, record: u64) -> bool {
        let waiter = Waiter::Call(record);
        let entered = self.write(|live| {
            let shut = !live.state.gates.contains_key(gate) && !live.healed;
            if shut {
                live.waiting.enter(Arc::clone(gate), waiter);
            }
            shut
        });
        if !entered {
            return true;
        }
        let _leaves = Leaves { world: self, waiter };
        self.notify();
        self.wait_until(|live| !live.waiting.holds(waiter)).await
    }
}

/// Takes a waiter out of the waiting room when the call that waits goes away.
struct Leaves<'a> {
    world: &'a World,
    waiter: Waiter,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.world.write(|live| live.waiting.leave(self.waiter));
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory::{Address, Birth, Directory};
    use super::super::state::{RepositoryUri, WorldSettings};
    use super::*;
    use crate::registry::types::Timestamp;

    #[test]
    fn x_019_each_world_has_a_writer_of_its_own() {
        let (graveyard, _) = tokio::sync::mpsc::unbounded_channel();
        let directory = Directory::new(RealTime::start(), [7; 32], false, graveyard);
        let settings = WorldSettings {
            clock_mode: ClockMode::Frozen,
            now: Timestamp::EPOCH,
            seed: 0,
            accounts: Arc::from([AccountId::DEFAULT]),
            regions: Arc::from(["us-east-1".parse().unwrap()]),
            repository_uri: RepositoryUri::Advertised,
        };
        let host = "localhost:4510".to_owned();
        let birth = Birth {
            id: None,
            labels: BTreeMap::new(),
            lease: Duration::ZERO,
            address: Address { endpoint: format!("http://{host}"), registry_host: host, dedicated: false },
        };
        let [one, other] = [(), ()].map(|()| directory.create(birth.clone(), settings.clone()).unwrap());
        // Were there one writer for both, this would wait for itself.
        one.write(|_| other.write(Live::commit_control));
        assert_eq!([&one, &other].map(|world| world.write(|live| live.state.seq)), [0, 1]);
    }
}
