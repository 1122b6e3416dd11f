//! Words of the full rule grammar that this fixture does not have yet, so that their users are told so and not sent to look
//! for a misspelling.

use super::violation::{Problem, Reason};

/// Surfaces.
pub(crate) const SURFACES_NOT_YET: &[&str] = &["sts", "token", "event", "conn"];

/// Points.
pub(crate) const POINTS_NOT_YET: &[&str] = &[
    "accept",
    "tls",
    "recv.head",
    "recv.body",
    "send.head",
    "send.end",
    "read",
    "token.issue",
    "token.check",
    "task.start",
    "task.step",
    "event.emit",
];

/// Tasks.
pub(crate) const TASKS_NOT_YET: &[&str] = &["backfill", "scan", "lifecycle", "refresh", "signing", "delivery"];

/// Words that say when a step acts.
pub(crate) const WHENS_NOT_YET: &[&str] = &["calls", "from", "after", "ramp"];

/// Options.
pub(crate) const OPTIONS_NOT_YET: &[&str] = &["seed", "ttl", "max_active"];

/// Actions.
pub(crate) const ACTIONS_NOT_YET: &[&str] = &[
    "throttle",
    "deny",
    "expire_token",
    "first_byte",
    "bandwidth",
    "chunk",
    "hang",
    "eof",
    "corrupt",
    "garbage",
    "wrong",
    "ignore_range",
    "drop_header",
    "set_header",
    "body",
    "phantom_ok",
    "stale",
    "goaway",
    "refuse",
    "tls",
    "complete_after",
    "findings",
    "never",
    "duplicate",
    "reorder",
    "note",
];

/// `what` is `the action` and the like.
pub(crate) fn not_yet_message(what: &str, word: &str) -> String {
    format!("this fixture does not have {what} `{word}` yet")
}

/// The problem of a word that is not there yet.
pub(crate) fn not_yet(path: &str, what: &str, word: &str) -> Problem {
    Problem::new(path, Reason::NotAvailable, not_yet_message(what, word))
}
