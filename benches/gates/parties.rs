//! Who is measured: the daemon with either store of blobs, a floor, and a peer. All get the same requests.

use anyhow::{Context as _, Result};

use crate::client::Connection;
use crate::process::{Floor, Programs, Server};
use crate::requests::{SHARED_BLOBS, login, prepare_repository};
use crate::uploads::{Blob, Mode, Place};

const REPOSITORY: &str = "bench/blobs";

/// One of those who are measured side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// The daemon, blobs in memory.
    Memory,
    /// The daemon with `--blob-dir`.
    Directory,
    /// A floor.
    Floor(Floor),
    /// docker-registry.
    Peer,
}

/// The daemon with either store, and what its figures are called beside their name.
pub(crate) const STORES: [(Party, &str); 2] = [(Party::Memory, ""), (Party::Directory, ", --blob-dir")];

/// Which profile the daemon's registry surface has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The default.
    Ecr,
    /// That of the specification.
    Oci,
}

impl Party {
    /// All that can be measured here. The peer may not be installed.
    pub(crate) fn all(programs: &Programs, floor: Floor) -> Vec<Self> {
        let peer = programs.peer.as_ref().map(|_| Self::Peer);
        [Self::Memory, Self::Directory, Self::Floor(floor)].into_iter().chain(peer).collect()
    }

    /// Starts it afresh, with a repository and the blobs that manifests name.
    pub(crate) fn start(self, programs: &Programs, profile: Profile) -> Result<Target> {
        let arguments: &[&str] = match profile {
            Profile::Ecr => &[],
            Profile::Oci => &["--profile", "oci"],
        };
        let server = match self {
            Self::Memory => programs.daemon(arguments)?,
            Self::Directory => programs.daemon_with_files(arguments)?,
            Self::Floor(floor) => programs.floor(floor)?,
            Self::Peer => programs.peer()?,
        };
        let mut connection = Connection::open(server.address)?;
        let is_daemon = matches!(self, Self::Memory | Self::Directory);
        let authorization = if is_daemon { login(&mut connection)? } else { "Basic QVdTOmZsb29y".to_owned() };
        // ECR answers 201 to PATCH, where the specification has 202.
        let patched = if is_daemon && profile == Profile::Ecr { 201 } else { 202 };
        let target = Target { party: self, server, authorization, patched };
        if is_daemon {
            prepare_repository(&mut connection, &target.authorization, REPOSITORY)?;
        } else {
            let mut push = |blob: &&[u8]| target.push(&mut connection, Mode::PostPut, &Blob::of(blob));
            SHARED_BLOBS.iter().try_for_each(&mut push)?;
        }
        Ok(target)
    }
}

/// A running party, and what it takes to push to it.
pub(crate) struct Target {
    /// Whose it is.
    pub(crate) party: Party,
    /// The process.
    pub(crate) server: Server,
    /// Value of `Authorization`; only the daemon looks at it.
    pub(crate) authorization: String,
    patched: u16,
}

impl Target {
    /// Pushes a blob. The peer does not take it in one POST and gets POST and PUT instead.
    pub(crate) fn push(&self, connection: &mut Connection, mode: Mode, blob: &Blob) -> Result<()> {
        let mode = if self.party == Party::Peer && mode == Mode::Monolithic { Mode::PostPut } else { mode };
        let place = Place { authorization: &self.authorization, repository: REPOSITORY, patched: self.patched };
        place.push(connection, mode, blob)
    }

    /// Path of a blob or, for a floor, of what has the same last member.
    pub(crate) fn path(kind: &str, name: &str) -> String {
        format!("/v2/{REPOSITORY}/{kind}/{name}")
    }
}

/// All parties, running side by side.
pub(crate) struct Targets(Vec<Target>);

impl Targets {
    /// Starts them.
    pub(crate) fn start(programs: &Programs, floor: Floor, profile: Profile) -> Result<Self> {
        let parties = Party::all(programs, floor);
        Ok(Self(parties.into_iter().map(|party| party.start(programs, profile)).collect::<Result<_>>()?))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Target> {
        self.0.iter()
    }

    /// Who runs.
    pub(crate) fn parties(&self) -> Vec<Party> {
        self.iter().map(|target| target.party).collect()
    }

    /// That of a party.
    pub(crate) fn get(&self, party: Party) -> Result<&Target> {
        self.iter().find(|target| target.party == party).context("the party is not running")
    }

    /// See [`Server::share_core`].
    pub(crate) fn share_core(&self, shared: bool) {
        self.iter().for_each(|target| target.server.share_core(shared));
    }
}
