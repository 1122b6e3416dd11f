//! The journal of one world: what was called, what was done, what was answered; and verdicts on it.
//!
//! Pure and synchronous. A world's writer appends and updates under its lock, takes a view (a clone, which costs a few
//! pointers) and leaves; listing, judging and printing then work on the view. Nothing here waits, and nothing here decides
//! what happens to a call.

mod record;

mod masking;

mod evicted;
mod log;

mod query;

mod count;
mod expectation;
mod near_misses;
mod question;
mod sequence;
mod verify;

mod lines;
mod report;
mod verdict_text;

#[cfg(test)]
mod samples;

pub use crate::faults::Hit;
pub use expectation::{
    CountExpectation, CountRange, CountUnit, EmptyRange, Expectation, Form, Item, Verdict, VerifyResult,
};
pub use lines::{call_line, journal_tail};
pub use log::{Journal, Limits, Mark, UnknownMark};
pub use masking::{FIXTURE_HEADER_PREFIX, KEPT_HEADERS, Masker};
pub use near_misses::{Hint, NearMiss};
pub use query::{InvalidPageToken, Page, PageSize, Query, list};
pub use record::{Arrival, Ending, Outcome, Phase, Record};
pub use report::{Finding, FindingKind, FinishReport, ReportedRule, finish_report};
pub use verify::verify;
