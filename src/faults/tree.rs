//! A fault rule as a tree: the one meaning behind its three spellings (protobuf, JSON, one line of text).
//!
//! A tree may say nonsense; `check` turns it into a rule that can be in force, or into violations.

use std::sync::Arc;
use std::time::Duration;

use super::glob::Glob;
use super::points::{ActionKind, Point};
use super::predicate::Predicate;

/// `[name:] on target [where predicate] do plan [options]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name; absent until it is in force, when the rule set makes one.
    pub name: Option<Arc<str>>,
    /// What it acts on.
    pub target: Target,
    /// Which of them; absent: all.
    pub where_: Option<Predicate>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What follows the last step.
    pub tail: Tail,
    /// Whose counter moves.
    pub per: CounterKey,
    /// Rules of higher priority come first; 0 unless said.
    pub priority: i32,
    /// Label for removal and for reports.
    pub tag: Option<Arc<str>>,
    /// How often it must fire before the world is finished; absent: it need not.
    pub must_fire: Option<FireRange>,
}

/// Surface, operation and point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where the call comes from.
    pub surface: TargetSurface,
    /// Operations in the words of that surface.
    pub operation: Glob,
    /// Where the actions act; absent: each at the point that it implies.
    pub point: Option<Point>,
    /// Bytes of the body that are sent first, for `send.body`; absent: the action's own.
    pub at_bytes: Option<u64>,
}

/// The surfaces that a target can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetSurface {
    /// The AWS JSON API.
    Ecr,
    /// The OCI distribution API.
    Oci,
    /// Either of the two, by the name of the ECR operation or of the OCI route.
    Any,
    /// Calls that we make to an upstream registry.
    Upstream,
    /// Work that a world does in its own time.
    Task,
}

impl TargetSurface {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ecr, Self::Oci, Self::Any, Self::Upstream, Self::Task];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecr => "ecr",
            Self::Oci => "oci",
            Self::Any => "any",
            Self::Upstream => "upstream",
            Self::Task => "task",
        }
    }

    /// The surface of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surface| surface.as_str() == name)
    }
}

/// One step of a plan: when, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How long it lasts.
    pub extent: Extent,
    /// Chance that a match fires, 0 to 100; absent: always.
    pub percent: Option<f64>,
    /// Whether the chance is an even sequence instead of independent draws.
    pub exact: bool,
    /// Fire on each n-th match only; absent: on each.
    pub every: Option<u64>,
    /// What is done; empty: nothing, which is `pass`.
    pub actions: Vec<Action>,
}

/// How long a step lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// For ever.
    Forever,
    /// That many matches.
    Count(u64),
    /// Virtual time from when the step was entered, its end excluded.
    Window(Duration),
    /// While the gate of this name is shut.
    UntilGate(Arc<str>),
}

/// What follows the last step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tail {
    /// Calls pass.
    #[default]
    Pass,
    /// The last step goes on for ever.
    Repeat,
    /// The plan starts again.
    Loop,
    /// A further match is a test failure, reported when the world is finished.
    Unexpected,
}

impl Tail {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Repeat, Self::Loop, Self::Unexpected];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Repeat => "repeat",
            Self::Loop => "loop",
            Self::Unexpected => "unexpected",
        }
    }

    /// The tail of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tail| tail.as_str() == name)
    }
}

/// Whose counter a plan moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterKey {
    /// One for the rule.
    #[default]
    Rule,
    /// One for each connection.
    Connection,
    /// One for each caller.
    Caller,
    /// One for each repository.
    Repository,
    /// One for each digest.
    Digest,
    /// One for each upload.
    Upload,
    /// One for each logical call.
    LogicalCall,
}

impl CounterKey {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Rule, Self::Connection, Self::Caller, Self::Repository, Self::Digest, Self::Upload, Self::LogicalCall];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Connection => "connection",
            Self::Caller => "caller",
            Self::Repository => "repository",
            Self::Digest => "digest",
            Self::Upload => "upload",
            Self::LogicalCall => "logical_call",
        }
    }

    /// The key of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }
}

/// An inclusive range of times fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FireRange {
    /// Least.
    pub min: u64,
    /// Most; absent: any number.
    pub max: Option<u64>,
}

impl FireRange {
    /// `must_fire` with nothing behind it.
    pub const AT_LEAST_ONCE: Self = Self { min: 1, max: None };

    /// Whether that many times are in the range.
    pub fn contains(self, fired: u64) -> bool {
        fired >= self.min && self.max.is_none_or(|max| fired <= max)
    }
}

/// Something that is done to a call or a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Answer an error instead of doing the call.
    Status(Status),
    /// Wait, for as long as the dice say between the two.
    Delay {
        /// Least.
        min: Duration,
        /// Most.
        max: Duration,
    },
    /// End a task as failed.
    Fail {
        /// Failure code.
        code: Arc<str>,
        /// Reason; absent: none.
        reason: Option<Arc<str>>,
    },
    /// Do the call, then close the connection without an answer.
    LoseReply {
        /// How the connection ends.
        end: ConnectionEnd,
    },
    /// Wait until a gate is opened.
    Hold {
        /// Name of the gate.
        gate: Arc<str>,
    },
    /// Send part of the body, then end it cleanly.
    Truncate {
        /// How much is sent.
        keep: Keep,
        /// Announce the shortened length instead of the true one.
        fix_length: bool,
    },
    /// Send part of the body, then reset the connection.
    Reset {
        /// Bytes that are sent first; absent: none, or those of the target.
        after_bytes: Option<u64>,
    },
}

impl Action {
    /// Which action it is, without its arguments.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Status(_) => ActionKind::Status,
            Self::Delay { .. } => ActionKind::Delay,
            Self::Fail { .. } => ActionKind::Fail,
            Self::LoseReply { .. } => ActionKind::LoseReply,
            Self::Hold { .. } => ActionKind::Hold,
            Self::Truncate { .. } => ActionKind::Truncate,
            Self::Reset { .. } => ActionKind::Reset,
        }
    }
}

/// The error that a call is answered with; at least one of `code` and `error` is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// HTTP status, 400 to 599; absent: that of `error`.
    pub code: Option<u16>,
    /// Name of an error of the operation, e.g. `ThrottlingException`; absent: derived from `code`.
    pub error: Option<Arc<str>>,
    /// Message; absent: the table's.
    pub message: Option<Arc<str>>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// With a TCP reset.
    #[default]
    Reset,
    /// With a clean end of stream.
    Eof,
}

impl ConnectionEnd {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Eof => "eof",
        }
    }
}

/// How much of a body is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// Share of the body, 0 to 100.
    Percent(f64),
    /// Bytes of the body.
    Bytes(u64),
}

/// Which records: `target [where predicate]`, with no point. Unlike a rule it may ask for results.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Surface and operation.
    pub target: Target,
    /// Which of them; absent: all.
    pub where_: Option<Predicate>,
}
