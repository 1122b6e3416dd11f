//! What a new world is like, and small values that methods of a world take. Pure.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, SystemTime};

use crate::convert::{duration_message, timestamp};
use crate::documents::Quotas;
use crate::errors::{Error, Result, Violation};
use crate::proto;
use crate::records::ClockMode;

/// Settings of a new world. What is absent takes the default that is named with it.
///
/// ```
/// use ecr_fixture_client::Options;
///
/// let options = Options { seed: Some(42), regions: vec!["eu-west-1".into()], ..Options::default() };
/// # assert!(options.from_snapshot.is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Id, `[a-z0-9-]{1,63}`; absent: made of the test's name and six digits.
    pub name: Option<String>,
    /// Snapshot to begin as, by name or id; absent: empty.
    pub from_snapshot: Option<String>,
    /// World to begin as a fork of, by name or id; absent: empty.
    pub from_world: Option<String>,
    /// Mode of the clock; absent: frozen.
    pub clock: Option<ClockMode>,
    /// Time of the clock at the start; absent: the real time, or the source's.
    pub now: Option<SystemTime>,
    /// Seed of dice and minted ids; absent: 0, or the source's.
    pub seed: Option<u64>,
    /// Accounts, twelve digits each; none: `123456789012`.
    pub accounts: Vec<String>,
    /// Regions, the default one first; none: `us-east-1`.
    pub regions: Vec<String>,
    /// How the world is reached.
    pub listen: Listen,
    /// What `repositoryUri` shows.
    pub repository_uri: RepositoryUri,
    /// What is asked of signatures; absent: that there is one, or as the source.
    pub auth: Option<Auth>,
    /// How the registry surface behaves; absent: as ECR, or as the source.
    pub profile: Option<Profile>,
    /// How much the registries of the world may hold; absent: as ECR, or as the source.
    pub quotas: Option<Quotas>,
    /// Real time without traffic after which the world is finished; absent: ten minutes.
    pub lease: Option<Duration>,
    /// Free labels; the test's name is added as `test`.
    pub labels: BTreeMap<String, String>,
}

/// How a world is reached on the registry surface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listen {
    /// At the daemon's port; calls find the world by their credential.
    #[default]
    Shared,
    /// At a port of the world's own.
    Dedicated,
}

/// What `repositoryUri` and `proxyEndpoint` show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepositoryUri {
    /// The address at which the caller can reach the registry.
    #[default]
    Advertised,
    /// AWS's own form, `<account>.dkr.ecr.<region>.<suffix>/<name>`.
    Aws,
}

/// What a world asks of the signatures of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Nothing: a call of the JSON API without signature is the default account's.
    Off,
    /// That there is one; whose it is is taken on trust.
    Claimed,
    /// That it is right and fresh by the machine's clock, and of an access key that the world minted or declares.
    Verified,
    /// The same, fresh by the world's clock.
    VerifiedOnWorldClock,
}

/// How the registry surface behaves where ECR and the OCI Distribution Specification differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As ECR does.
    Ecr,
    /// As the specification says: no login unless `auth` is verified, repositories come with their first push.
    Oci,
}

impl Options {
    /// The request that makes the world, for the test of this name.
    pub(crate) fn into_request(self, test: Option<&str>) -> Result<proto::CreateWorldRequest> {
        use proto::create_world_request::From;
        let from = match (self.from_snapshot, self.from_world) {
            (Some(_), Some(_)) => {
                let description = "excludes from_world".to_owned();
                let violation = Violation { field: "from_snapshot".to_owned(), description };
                return Err(Error::invalid("a world begins as one thing", vec![violation]));
            }
            (Some(snapshot), None) => Some(From::FromSnapshot(resource("snapshots", &snapshot))),
            (None, Some(world)) => Some(From::FromWorld(resource("worlds", &world))),
            (None, None) => None,
        };
        let mut labels = self.labels;
        if let Some(test) = test {
            labels.entry("test".to_owned()).or_insert_with(|| test.to_owned());
        }
        Ok(proto::CreateWorldRequest {
            world_id: Some(self.name.unwrap_or_else(|| world_id(test.unwrap_or_default()))),
            from,
            clock_mode: self.clock.map_or(proto::ClockMode::Unspecified, ClockMode::to_proto).into(),
            now: self.now.map(timestamp),
            seed: self.seed,
            accounts: self.accounts,
            regions: self.regions,
            listen: match self.listen {
                Listen::Shared => proto::ListenMode::Shared,
                Listen::Dedicated => proto::ListenMode::Dedicated,
            }
            .into(),
            lease: self.lease.map(duration_message),
            labels: labels.into_iter().collect(),
            repository_uri: match self.repository_uri {
                RepositoryUri::Advertised => proto::RepositoryUriMode::Advertised,
                RepositoryUri::Aws => proto::RepositoryUriMode::Aws,
            }
            .into(),
            auth: match self.auth {
                None => proto::AuthMode::Unspecified,
                Some(Auth::Off) => proto::AuthMode::Off,
                Some(Auth::Claimed) => proto::AuthMode::Claimed,
                Some(Auth::Verified) => proto::AuthMode::Verified,
                Some(Auth::VerifiedOnWorldClock) => proto::AuthMode::VerifiedOnWorldClock,
            }
            .into(),
            profile: match self.profile {
                None => proto::RegistryProfile::Unspecified,
                Some(Profile::Ecr) => proto::RegistryProfile::Ecr,
                Some(Profile::Oci) => proto::RegistryProfile::Oci,
            }
            .into(),
            quotas: self.quotas.map(|quotas| quotas.0),
        })
    }
}

/// A resource name of a bare id; names stay as they are.
pub(crate) fn resource(collection: &str, name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{collection}/{name}") }
}

/// An id for a test's world: the last part of its name as far as ids allow, and six digits so that reruns do not meet.
fn world_id(test: &str) -> String {
    let mut slug = String::new();
    for letter in test.rsplit("::").next().unwrap_or_default().chars() {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            'A'..='Z' => slug.push(letter.to_ascii_lowercase()),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(56);
    let slug = slug.trim_end_matches('-');
    format!("{}-{:06x}", if slug.is_empty() { "test" } else { slug }, random() & 0x00ff_ffff)
}

/// An id that no other call has.
pub(crate) fn request_id() -> String {
    format!("{:016x}{:016x}", random(), random())
}

/// The standard library's own randomness, which seeds its hash maps; ids need no more.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Account and region of a registry; absent: the world's first. Text is a region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Account, twelve digits.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
}

impl From<&str> for Place {
    fn from(region: &str) -> Self {
        Self { account: None, region: Some(region.to_owned()) }
    }
}

impl From<Option<&str>> for Place {
    fn from(region: Option<&str>) -> Self {
        Self { account: None, region: region.map(str::to_owned) }
    }
}

/// How an image is pushed.
#[derive(Clone, Debug)]
pub struct Push {
    /// Number of layers; at first 2.
    pub layers: u32,
    /// Bytes of content in each layer; at first 1024.
    pub layer_size: usize,
    /// Registry to push to.
    pub place: Place,
}

impl Default for Push {
    fn default() -> Self {
        Self { layers: 2, layer_size: 1024, place: Place::default() }
    }
}

/// How far a clock moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// By this much.
    By(Duration),
    /// To this time.
    To(SystemTime),
}

impl From<Duration> for Target {
    fn from(duration: Duration) -> Self {
        Self::By(duration)
    }
}

impl From<SystemTime> for Target {
    fn from(instant: SystemTime) -> Self {
        Self::To(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_named_after_its_test() {
        let check = |test: &str, slug: &str| {
            let id = world_id(test);
            let (found, digits) = id.rsplit_once('-').unwrap();
            assert_eq!((found, digits.len()), (slug, 6), "{id}");
            assert!(id.len() <= 63);
        };
        check("story::replication_fails_then_recovers", "replication-fails-then-recovers");
        check("a::_Weird__NAME_", "weird-name");
        check("", "test");
        check(&"x".repeat(100), &"x".repeat(56));
        assert_ne!(world_id("a"), world_id("a"));
        assert_ne!(request_id(), request_id());
    }

    #[test]
    fn a_world_begins_as_one_thing() {
        let both = Options {
            from_snapshot: Some("golden".to_owned()),
            from_world: Some("worlds/w".to_owned()),
            ..Options::default()
        };
        assert!(matches!(both.into_request(None), Err(Error::InvalidRequest { .. })));
        let from_snapshot = Some("golden".to_owned());
        let snapshot = Options { from_snapshot, profile: Some(Profile::Oci), ..Options::default() };
        let request = snapshot.into_request(Some("a::b")).unwrap();
        assert_eq!(request.from, Some(proto::create_world_request::From::FromSnapshot("snapshots/golden".to_owned())));
        assert_eq!(request.labels["test"], "a::b");
        assert_eq!(request.profile(), proto::RegistryProfile::Oci);
    }
}
