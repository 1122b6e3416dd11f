//! What the daemon tells, as plain values. Pure; no protobuf type is seen outside `convert`.
//!
//! Instants are virtual unless said otherwise. What is absent is `None`; an empty text means that there is none.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How a clock moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockMode {
    /// With real time.
    Flowing,
    /// Not at all, but for the mutation tick of each write.
    Frozen,
}

/// A world's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clock {
    /// How it moves.
    pub mode: ClockMode,
    /// The time it shows.
    pub now: SystemTime,
    /// How far each write moves a frozen clock, so that timestamps differ.
    pub mutation_tick: Duration,
}

/// A timer that fired or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timer {
    /// What it belongs to, e.g. `replication/3`.
    pub owner: String,
    /// Order among timers due at the same time.
    pub timer_class: String,
    /// When it is due.
    pub due: SystemTime,
}

/// Where the clock stands after `advance`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advanced {
    /// The clock.
    pub clock: Clock,
    /// Timers that fired, in order; at most 1 000 are listed.
    pub fired: Vec<Timer>,
    /// Number of timers that fired.
    pub fired_count: u32,
    /// Timers that still wait.
    pub pending_count: u32,
    /// Calls and tasks that wait at a gate.
    pub held: Vec<String>,
    /// Calls that were receiving or sending a body meanwhile.
    pub external: Vec<String>,
    /// Whether nothing is held or external.
    pub settled: bool,
}

/// An image that a seed document put somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedImage {
    /// Repository it is in; for an upstream `host/name`.
    pub repository: String,
    /// Digest of its manifest or index.
    pub digest: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// What `seed` did, over all documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeedResult {
    /// Objects that did not exist before.
    pub created: u32,
    /// Objects that were changed.
    pub updated: u32,
    /// Objects that were as the documents say already.
    pub unchanged: u32,
    /// Images, in the order of the documents.
    pub images: Vec<AppliedImage>,
}

/// A rule in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleStatus {
    /// Its name.
    pub name: String,
    /// Its canonical text.
    pub text: String,
    /// Its label.
    pub tag: String,
    /// How often it matched.
    pub matched: u64,
    /// How often it acted.
    pub fired: u64,
    /// Step, from 0, that the next match meets; the number of steps when the plan is spent.
    pub step: u32,
}

/// A gate that rules name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Whether it is open for good.
    pub open: bool,
    /// Calls (`calls/12`) and tasks (`tasks/3`) that wait at it.
    pub waiters: Vec<String>,
}

/// States of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// One that this client does not know yet.
    Unknown,
    /// Waits for its time.
    Pending,
    /// Waits at a gate.
    Held,
    /// Done.
    Complete,
    /// Failed.
    Failed,
}

/// Work that a world does in its own time, such as a replication.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// `tasks/{id}`.
    pub name: String,
    /// Kind: `replication`.
    pub kind: String,
    /// Its state.
    pub state: TaskState,
    /// What it works on: source, repository, digest, destination.
    pub facts: BTreeMap<String, String>,
    /// When it was caused.
    pub created: SystemTime,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// Failure code; empty unless failed.
    pub failure_code: String,
    /// Attempts so far.
    pub attempts: u32,
}

/// Phases of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// One that this client does not know yet.
    Unknown,
    /// Received and decided.
    Arrived,
    /// Its effect is committed.
    Committed,
    /// The answer has begun.
    ReplyStarted,
    /// Nothing further happens.
    Finished,
}

/// How a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// One that this client does not know yet.
    Unknown,
    /// Answered whole.
    Completed,
    /// The caller went away.
    ClientGone,
    /// A rule reset the connection.
    FaultReset,
    /// A rule ended the connection or the body early.
    FaultEof,
    /// A task failed.
    Failed,
}

/// What a rule did to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Name of the rule.
    pub rule: String,
    /// Step of its plan, from 0.
    pub step: u32,
    /// Canonical text of what was done; `pass` for nothing.
    pub action: String,
    /// Whether another rule's terminal action came first.
    pub shadowed: bool,
}

/// One record of the journal: a call on either surface, a call that the daemon made upstream, or a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// `worlds/{w}/calls/{number}`.
    pub name: String,
    /// Number of the record; numbers grow by one.
    pub number: u64,
    /// `ecr`, `oci`, `upstream` or `task`.
    pub surface: String,
    /// Operation, e.g. `PutImage`, `blob.get`, `replication`.
    pub operation: String,
    /// Facts by name: account, region, repository, tag, digest, caller and so on.
    pub facts: BTreeMap<String, String>,
    /// Phase reached.
    pub phase: Phase,
    /// How it ended; absent before.
    pub outcome: Option<Outcome>,
    /// HTTP status; absent where none was sent.
    pub status: Option<u16>,
    /// Error code; empty when none.
    pub error: String,
    /// Time of arrival.
    pub arrived: SystemTime,
    /// Time of the end; absent before.
    pub finished: Option<SystemTime>,
    /// Real time since the daemon's start, at arrival.
    pub arrived_after: Duration,
    /// Bytes of body received.
    pub bytes_in: u64,
    /// Bytes of body sent.
    pub bytes_out: u64,
    /// Number of the world's newest commit before the effect.
    pub revision_before: u64,
    /// Number of the world's newest commit after the effect; equal when nothing changed.
    pub revision_after: u64,
    /// What rules did.
    pub decisions: Vec<Decision>,
    /// Number of the record that caused this one.
    pub caused_by: Option<u64>,
    /// HTTP method and path with query, secrets masked; empty for tasks.
    pub request_line: String,
    /// Request headers of interest, secrets masked.
    pub headers: BTreeMap<String, String>,
}

/// Judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judgement {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// The journal no longer holds what would decide it.
    Inconclusive,
}

/// The verdict on expectations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Fail if any item fails, else inconclusive if any item is, else pass.
    pub judgement: Judgement,
    /// Number of the newest record that was looked at.
    pub checked_through: u64,
    /// One for each expectation, in order.
    pub items: Vec<VerdictItem>,
    /// Text to print: complete and at most 40 lines.
    pub text: String,
}

/// The verdict on one expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerdictItem {
    /// The judgement.
    pub judgement: Judgement,
    /// Numbers of the records that matched, at most 1 000.
    pub matched: Vec<u64>,
    /// How many matched.
    pub actual: u64,
    /// What was expected, in words.
    pub expected: String,
    /// Records that almost matched, the nearest first.
    pub near_misses: Vec<NearMiss>,
    /// Text of this item.
    pub text: String,
}

/// A record that almost matched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearMiss {
    /// The record; absent if the daemon named none.
    pub call: Option<Call>,
    /// Why it did not match, one sentence for each difference.
    pub differences: Vec<String>,
    /// What this often means; empty: nothing known.
    pub hint: String,
}

/// Kinds of findings of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// One that this client does not know yet.
    Unknown,
    /// A rule with `must_fire` fired less often than it must.
    MustFireUnmet,
    /// A rule never matched.
    RuleNeverMatched,
    /// A step of a rule's plan was never reached.
    StepNeverReached,
    /// A rule whose plan ends in `unexpected` matched again.
    UnexpectedMatch,
    /// A call had not finished.
    UnfinishedCall,
    /// A layer upload was begun and neither completed nor cancelled.
    OpenUpload,
    /// A task had not settled.
    UnsettledTask,
    /// A call reached no world, or the default one, while this world lived.
    StrayCall,
    /// A gate had waiters until the end.
    UnopenedGate,
    /// The journal dropped records during the test.
    JournalEvicted,
}

/// One thing that a report found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// Whether it fails a test that otherwise passed.
    pub fails: bool,
    /// What it is about: a rule's name, a call's number, an upload's id.
    pub subject: String,
    /// One sentence.
    pub text: String,
}

/// What the end of a world found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Whether no finding fails the test.
    pub ok: bool,
    /// In order of their kind.
    pub findings: Vec<Finding>,
    /// The whole report to print: findings, the last calls, rules with counts, timers due next, reproduction line.
    pub text: String,
}

/// About the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// Control plane that it speaks, `ecrfixture.control.v1`.
    pub api: String,
    /// Base URL of the registry surface.
    pub data: String,
    /// Address of the control plane, `host:port`.
    pub control: String,
    /// Operations of the ECR API that it has.
    pub operations: Vec<String>,
    /// Operations of the ECR API that it answers as not there.
    pub missing_operations: Vec<String>,
    /// Certificate authority of the registry surface, as PEM; empty if the daemon made none.
    pub tls_ca_pem: String,
}

/// A call that reached no world of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stray {
    /// What was called; absent if the daemon named nothing.
    pub call: Option<Call>,
    /// Why it is a stray, one sentence.
    pub reason: String,
}

/// What an AWS SDK needs to reach a world.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aws {
    /// Base URL.
    pub endpoint: String,
    /// Region.
    pub region: String,
    /// Account, twelve digits.
    pub account_id: String,
    /// Access key id; it addresses the world.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
}

impl fmt::Debug for Aws {
    /// Without the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, region, account_id, access_key_id, .. } = self;
        write!(formatter, "Aws {{ {endpoint}, {account_id}/{region}, {access_key_id} }}")
    }
}

/// What a registry client needs to log in.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// `AWS`.
    pub username: String,
    /// Good for twelve virtual hours.
    pub password: String,
    /// `host:port`.
    pub host: String,
}

impl fmt::Debug for Login {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Login {{ {}@{} }}", self.username, self.host)
    }
}

/// A temporary `config.json` with a world's login; it is removed with the [`World`](crate::World).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DockerConfig {
    /// Its directory; what `DOCKER_CONFIG` takes.
    pub directory: PathBuf,
    /// The file; what `REGISTRY_AUTH_FILE` takes.
    pub file: PathBuf,
}

/// A config or layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blob {
    /// `sha256:` and hexadecimal digits.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
}

/// An image that was pushed or pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// Its reference, as given.
    pub reference: String,
    /// Its repository.
    pub repository: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Media type of its manifest.
    pub media_type: String,
    /// Its manifest.
    pub manifest: Vec<u8>,
    /// Its config.
    pub config: Blob,
    /// Its layers, the base first.
    pub layers: Vec<Blob>,
}

impl Image {
    /// Bytes of the config and all layers.
    pub fn size(&self) -> u64 {
        self.config.size + self.layers.iter().map(|layer| layer.size).sum::<u64>()
    }
}
