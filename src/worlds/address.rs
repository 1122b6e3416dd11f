//! Which world a call is for. First match decides; two sources that disagree are refused, never guessed.

use std::fmt;
use std::sync::Arc;

use super::directory::Directory;
use super::tokens::PasswordAddress;
use super::world::{World, WorldId};
use crate::registry::types::{AccountId, Region};

/// What a call says of its world.
#[derive(Clone, Debug, Default)]
pub struct Hints<'a> {
    /// World that owns the listener.
    pub listener: Option<&'a WorldId>,
    /// `Host` header, or the host of an absolute target.
    pub host: Option<&'a str>,
    /// Access key id of a signed request.
    pub access_key: Option<&'a str>,
    /// Registry password, as far as it has the form of one.
    pub password: Option<&'a PasswordAddress>,
    /// Header `x-fixture-world`.
    pub header: Option<&'a str>,
}

/// What the labels of a host name say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostLabels {
    /// Account, of `<account>.dkr.ecr.…`.
    pub account: Option<AccountId>,
    /// Region.
    pub region: Option<Region>,
    /// World, of `….<world>.localhost`.
    pub world: Option<String>,
}

impl HostLabels {
    /// Reads `<account>.dkr.ecr[-fips].<region>.…` and `api.ecr[-fips].<region>.…`, and their dual-stack forms
    /// `<account>.dkr-ecr[-fips].<region>.…` and `ecr[-fips].<region>.api.…`; the world is the label before `localhost`.
    pub fn read(host: &str) -> Self {
        let name = host
            .rsplit_once(':')
            .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
        let labels: Vec<&str> = name.split('.').collect();
        let (account, rest) = match labels.as_slice() {
            [account, "dkr", "ecr" | "ecr-fips", rest @ ..] | [account, "dkr-ecr" | "dkr-ecr-fips", rest @ ..] => {
                (account.parse().ok(), rest)
            }
            ["api", "ecr" | "ecr-fips", rest @ ..] => (None, rest),
            ["ecr" | "ecr-fips", rest @ ..] if rest.get(1) == Some(&"api") => (None, rest),
            _ => return Self::default(),
        };
        let region = rest.first().and_then(|label| label.parse().ok());
        let world = match rest {
            [_, world, "localhost"] => Some((*world).to_owned()),
            _ => None,
        };
        Self { account, region, world }
    }
}

/// How a world was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its own port.
    Listener,
    /// A label of the host name.
    Host,
    /// An access key or password that it minted.
    Credential,
    /// An account that no other world has.
    Account,
    /// Header `x-fixture-world`.
    Header,
    /// Nothing named a world.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listener => "the port",
            Self::Host => "the host name",
            Self::Credential => "the credential",
            Self::Account => "the account",
            Self::Header => "header x-fixture-world",
            Self::Default => "the default",
        })
    }
}

/// The world of a call.
#[derive(Clone, Debug)]
pub struct Addressed {
    /// The world.
    pub world: Arc<World>,
    /// How it was found.
    pub source: Source,
    /// Account that the address names: of a minted access key or of the host name.
    pub account: Option<AccountId>,
    /// Region that the host name names.
    pub region: Option<Region>,
}

/// Why a call has no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Two sources name different worlds.
    #[error(
        "{first} names world `{first_world}` and {second} names world `{second_world}`; a call can be for one world only"
    )]
    Disagree {
        /// The source that counts first.
        first: Source,
        /// Its world.
        first_world: String,
        /// The other source.
        second: Source,
        /// Its world.
        second_world: String,
    },
    /// The world named is not there, or no longer.
    #[error("{named_by} names world `{world}`, which does not exist or has finished")]
    Unknown {
        /// Which source named it.
        named_by: Source,
        /// What it named.
        world: String,
    },
    /// Nothing names a world and the daemon is strict.
    #[error(
        "the call names no world: use a port, an access key or a registry password that the fixture handed out, \
         or header x-fixture-world (this daemon runs with --strict, so there is no default world)"
    )]
    Unaddressed,
}

/// Finds the world of a call.
pub fn find(directory: &Directory, hints: &Hints<'_>) -> Result<Addressed, Refusal> {
    let labels = hints.host.map(HostLabels::read).unwrap_or_default();
    let mut found: Option<(Source, Arc<World>)> = None;
    let mut account = labels.account;

    let mut consider = |source: Source, world: Arc<World>| match &found {
        None => {
            found = Some((source, world));
            Ok(())
        }
        Some((_, first_world)) if Arc::ptr_eq(first_world, &world) => Ok(()),
        Some((first, first_world)) => Err(Refusal::Disagree {
            first: *first,
            first_world: first_world.id().to_string(),
            second: source,
            second_world: world.id().to_string(),
        }),
    };

    for (source, id) in
        [(Source::Listener, hints.listener.map(WorldId::as_str)), (Source::Host, labels.world.as_deref())]
    {
        if let Some(id) = id {
            consider(source, named(directory, source, id)?)?;
        }
    }
    if let Some((world, owner)) = hints.access_key.and_then(|key| directory.by_access_key(key)) {
        account = account.or(Some(owner));
        consider(Source::Credential, world)?;
    }
    if let Some(password) = hints.password {
        match directory.by_incarnation(password.incarnation) {
            Some(world) if world.identity().key.minted(password) => consider(Source::Credential, world)?,
            // A forged password is no address; the registry surface refuses it as a login.
            Some(_) => {}
            None => {
                return Err(Refusal::Unknown {
                    named_by: Source::Credential,
                    world: format!("#{}", password.incarnation),
                });
            }
        }
    }
    let claimed_account = labels.account.or_else(|| hints.access_key.and_then(|key| key.parse().ok()));
    if let Some(claimed) = claimed_account {
        account = account.or(Some(claimed));
        if let Some(world) = directory.only_holder(claimed) {
            consider(Source::Account, world)?;
        }
    }
    if let Some(id) = hints.header {
        consider(Source::Header, named(directory, Source::Header, id)?)?;
    }

    let (source, world) = match found {
        Some(found) => found,
        None => (Source::Default, directory.default_world().ok_or(Refusal::Unaddressed)?),
    };
    Ok(Addressed { world, source, account, region: labels.region })
}

fn named(directory: &Directory, source: Source, id: &str) -> Result<Arc<World>, Refusal> {
    directory.world(id).ok_or_else(|| Refusal::Unknown { named_by: source, world: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_035_host_labels_name_account_region_and_world() {
        let check = |host: &str, account: Option<&str>, region: Option<&str>, world: Option<&str>| {
            let labels = HostLabels::read(host);
            assert_eq!(labels.account.map(|account| account.to_string()).as_deref(), account, "{host}");
            assert_eq!(labels.region.as_ref().map(AsRef::as_ref), region, "{host}");
            assert_eq!(labels.world.as_deref(), world, "{host}");
        };
        check("127.0.0.1:4510", None, None, None);
        check("localhost", None, None, None);
        check("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some("123456789012"), Some("eu-west-1"), None);
        check("123456789012.dkr.ecr.eu-west-1.w7.localhost:4510", Some("123456789012"), Some("eu-west-1"), Some("w7"));
        check("api.ecr.us-east-2.w7.localhost:80", None, Some("us-east-2"), Some("w7"));
        check("api.ecr-fips.us-gov-west-1.amazonaws.com", None, Some("us-gov-west-1"), None);
        check("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", Some("123456789012"), Some("us-east-1"), None);
        check("123456789012.dkr-ecr.eu-west-1.on.aws", Some("123456789012"), Some("eu-west-1"), None);
        check("123456789012.dkr-ecr-fips.us-east-1.on.aws", Some("123456789012"), Some("us-east-1"), None);
        check("ecr.eu-west-1.api.aws", None, Some("eu-west-1"), None);
        check("ecr.example.test", None, None, None);
        check("[::1]:4510", None, None, None);
    }
}
