//! Everything that can go wrong between a test and the daemon. Pure: no gRPC type.
//!
//! Which variant a refusal of the daemon becomes is decided by the reason and the violations that it sends, never by
//! the text of its message; see `refusals`.

use std::fmt;

use crate::records::Report;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: a field path, or `line:column` of a text.
    pub field: String,
    /// What.
    pub description: String,
}

/// What went wrong.
///
/// `Debug` prints the same text as `Display`: a test that returns `Err` is printed with `Debug`, and the daemon's
/// reports are made to be read.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No `ecr-fixture` binary was found.
    #[error(
        "no ecr-fixture binary; tried:{}\ninstall: cargo install ecr-fixture, then put it on PATH or set ECR_FIXTURE_BIN to its path",
        indented(tried)
    )]
    BinaryNotFound {
        /// Every place that was tried, and what was found there.
        tried: Vec<String>,
    },
    /// The daemon did not become ready.
    #[error("{message}{}", last_lines(stderr))]
    StartFailed {
        /// What happened.
        message: String,
        /// Exit code; absent while it was still running, or when a signal ended it.
        exit_code: Option<i32>,
        /// The last lines that it wrote to standard error, at most 40.
        stderr: Vec<String>,
    },
    /// The daemon cannot be reached, or did not answer within the limit.
    #[error("{message}")]
    Unavailable {
        /// What happened.
        message: String,
    },
    /// Client and daemon have different major versions, or speak different control planes.
    #[error(
        "client {client} (ecrfixture.control.v1) cannot talk to daemon {daemon} ({api}); \
         upgrade with: cargo add --dev ecr-fixture-client@{}",
        daemon.split('.').next().unwrap_or_default()
    )]
    IncompatibleVersion {
        /// Version of this client.
        client: String,
        /// Version of the daemon.
        daemon: String,
        /// Control plane that the daemon speaks.
        api: String,
    },
    /// There is no world of this name.
    #[error("{message}")]
    WorldNotFound {
        /// The daemon's message.
        message: String,
    },
    /// The world was there and has been finished, by a test's end or because its lease ran out.
    #[error("{message}")]
    WorldFinished {
        /// The daemon's message.
        message: String,
    },
    /// The request makes no sense.
    #[error("{message}{}", listed(violations))]
    InvalidRequest {
        /// The daemon's message, or this client's.
        message: String,
        /// Everything that is wrong with it, at once.
        violations: Vec<Violation>,
    },
    /// A documented limit was met, e.g. the event budget of `advance`.
    #[error("{message}")]
    LimitExceeded {
        /// The daemon's message.
        message: String,
        /// The daemon's reason, e.g. `EVENT_BUDGET_EXCEEDED`.
        reason: String,
    },
    /// The daemon refused for another reason, e.g. `CLOCK_BACKWARDS` or `ALREADY_EXISTS`.
    #[error("{message}")]
    Refused {
        /// The daemon's message.
        message: String,
        /// The daemon's reason in upper snake case; empty if it gave none.
        reason: String,
    },
    /// `push`, `pull` or `login` was refused by the registry, or its connection broke.
    #[error("{message}")]
    Registry {
        /// What was asked and what came back.
        message: String,
        /// HTTP status; absent when no answer came.
        status: Option<u16>,
        /// Error code of the answer, e.g. `MANIFEST_UNKNOWN`; empty when there was none.
        error: String,
    },
    /// `verify` answered FAIL. The text is the daemon's report.
    #[error("{0}")]
    Verdict(String),
    /// `verify` cannot decide: the journal no longer holds the records. The text is the daemon's report.
    #[error("{0}")]
    Inconclusive(String),
    /// The world's end found something that fails the test, such as a rule with `must_fire` that did not fire.
    #[error("{}", .0.text)]
    Findings(Box<Report>),
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error {
    /// A request that this client can see makes no sense.
    pub(crate) fn invalid(message: &str, violations: Vec<Violation>) -> Self {
        Self::InvalidRequest { message: message.to_owned(), violations }
    }

    /// The registry's connection, or what came over it, is broken.
    pub(crate) fn broken(what: &str, error: impl fmt::Display) -> Self {
        Self::Registry { message: format!("{what}: {error}"), status: None, error: String::new() }
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().flat_map(|line| ["\n  ", line]).collect()
}

fn listed(violations: &[Violation]) -> String {
    violations.iter().flat_map(|violation| ["\n  ", &violation.field, ": ", &violation.description]).collect()
}

fn last_lines(stderr: &[String]) -> String {
    if stderr.is_empty() {
        return "; it wrote nothing to stderr".to_owned();
    }
    format!("; its last lines on stderr:{}", indented(stderr))
}
