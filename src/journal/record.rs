//! One record of the journal: a call on either surface, a call made upstream, or a task.
//!
//! A record knows how it moves from phase to phase; who may see it and for how long is the log's business.

use std::sync::Arc;

use crate::facts::{Fact, Facts, Headers, Surface, Value};
use crate::faults::Hit;
use crate::registry::types::Timestamp;

/// How far a record has come. A record never moves back, but for [`Record::resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Received and decided.
    Arrived,
    /// Its effect is committed.
    Committed,
    /// The answer has begun.
    ReplyStarted,
    /// Nothing further happens.
    Finished,
}

impl Phase {
    /// The word for it in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Committed => "committed",
            Self::ReplyStarted => "reply started",
            Self::Finished => "finished",
        }
    }
}

/// How a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Answered whole; for a task, done.
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

impl Outcome {
    /// Value of the fact `outcome`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ClientGone => "client_gone",
            Self::FaultReset => "fault_reset",
            Self::FaultEof => "fault_eof",
            Self::Failed => "failed",
        }
    }
}

/// What is known when a record is opened.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Facts of the call; no result facts yet.
    pub facts: Facts,
    /// Virtual time.
    pub at: Timestamp,
    /// Real microseconds since the daemon's start.
    pub real_micros: u64,
    /// World's revision at arrival.
    pub revision: u64,
    /// What rules did.
    pub hits: Vec<Hit>,
    /// Record that caused this one.
    pub caused_by: Option<u64>,
    /// HTTP method and path with query, already masked; absent for tasks.
    pub request_line: Option<Box<str>>,
}

impl Arrival {
    /// An arrival without hits, cause and request line, for tasks.
    pub fn new(facts: Facts, at: Timestamp, real_micros: u64, revision: u64) -> Self {
        Self { facts, at, real_micros, revision, hits: Vec::new(), caused_by: None, request_line: None }
    }
}

/// How a record ends.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Virtual time.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status; absent where none was sent.
    pub status: Option<u16>,
    /// Error code; absent when none.
    pub error: Option<Arc<str>>,
    /// Bytes of body received.
    pub bytes_in: u64,
    /// Bytes of body sent.
    pub bytes_out: u64,
}

/// One record. Read the fields freely; change them through the methods, which keep facts and phase true.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its number; numbers grow by one from 1.
    pub number: u64,
    /// What is known of it; once finished, its result too.
    pub facts: Facts,
    /// Phase reached.
    pub phase: Phase,
    /// How it ended; absent before.
    pub outcome: Option<Outcome>,
    /// HTTP status; absent where none was sent.
    pub status: Option<u16>,
    /// Error code; absent when none.
    pub error: Option<Arc<str>>,
    /// Virtual time of arrival.
    pub arrived: Timestamp,
    /// Virtual time of the end; absent before.
    pub finished: Option<Timestamp>,
    /// Real microseconds since the daemon's start, at arrival.
    pub arrived_micros: u64,
    /// Bytes of body received.
    pub bytes_in: u64,
    /// Bytes of body sent.
    pub bytes_out: u64,
    /// World's revision before the effect.
    pub revision_before: u64,
    /// World's revision after the effect; equal to the one before when nothing changed.
    pub revision_after: u64,
    /// What rules did, in the order in which they were asked.
    pub hits: Vec<Hit>,
    /// Record that caused this one.
    pub caused_by: Option<u64>,
    /// HTTP method and path with query, secrets masked; absent for tasks.
    pub request_line: Option<Box<str>>,
}

impl Record {
    pub(super) fn opened(number: u64, arrival: Arrival) -> Self {
        Self {
            number,
            facts: arrival.facts,
            phase: Phase::Arrived,
            outcome: None,
            status: None,
            error: None,
            arrived: arrival.at,
            finished: None,
            arrived_micros: arrival.real_micros,
            bytes_in: 0,
            bytes_out: 0,
            revision_before: arrival.revision,
            revision_after: arrival.revision,
            hits: arrival.hits,
            caused_by: arrival.caused_by,
            request_line: arrival.request_line,
        }
    }

    /// Notes that the effect is committed: the world went from one revision to the other.
    pub fn commit(&mut self, revision_before: u64, revision_after: u64) {
        // A call may commit more than once, such as an upload in one request: from before the first to after the last.
        if self.phase < Phase::Committed {
            self.revision_before = revision_before;
        }
        self.revision_after = revision_after;
        self.reach(Phase::Committed);
    }

    /// Notes that the answer has begun.
    pub fn start_reply(&mut self) {
        self.reach(Phase::ReplyStarted);
    }

    /// Notes the end and makes the result visible to matchers. A record ends once: a later ending changes nothing.
    pub fn finish(&mut self, ending: Ending) {
        if self.phase == Phase::Finished {
            return;
        }
        self.reach(Phase::Finished);
        if let Some(status) = ending.status {
            self.facts.set(Fact::Status, u64::from(status));
        }
        if let Some(error) = &ending.error {
            self.facts.set(Fact::Error, &**error);
        }
        self.facts.set(Fact::Outcome, ending.outcome.as_str());
        self.outcome = Some(ending.outcome);
        self.status = ending.status;
        self.error = ending.error;
        self.finished = Some(ending.at);
        self.bytes_in = ending.bytes_in;
        self.bytes_out = ending.bytes_out;
    }

    /// Opens the record again: the download whose redirect it has goes on with the request that fetches the body.
    pub fn resume(&mut self) {
        for result in [Fact::Status, Fact::Error, Fact::Outcome] {
            self.facts.unset(result);
        }
        self.phase = Phase::Arrived;
        (self.outcome, self.status, self.error, self.finished) = (None, None, None, None);
    }

    /// Whether it is a task rather than a call.
    pub fn is_task(&self) -> bool {
        self.facts.surface == Surface::Task
    }

    /// Bytes that keeping the record costs, near enough to bound a log by.
    pub(super) fn retained_bytes(&self) -> u64 {
        let facts: usize = self.facts.iter().map(|(_, value)| fact_bytes(value)).sum();
        let headers = self.facts.headers.as_ref().map_or(0, |headers| size_of::<Headers>() + headers.heap_bytes());
        let hits: usize = self.hits.iter().map(|hit| size_of::<Hit>() + hit.action.len()).sum();
        let request_line = self.request_line.as_ref().map_or(0, |line| line.len());
        (size_of::<Self>() + facts + headers + hits + request_line) as u64
    }

    fn reach(&mut self, phase: Phase) {
        self.phase = self.phase.max(phase);
    }
}

fn fact_bytes(value: &Value) -> usize {
    match value {
        // A long text lies elsewhere, with two reference counts.
        Value::Text(text) if text.len() > SHORT_TEXT_BYTES => FACT_SLOT_BYTES + 16 + text.len(),
        Value::Text(_) | Value::Number(_) | Value::Digest(_) => FACT_SLOT_BYTES,
    }
}

/// A slot in the list of facts.
const FACT_SLOT_BYTES: usize = size_of::<(Fact, Value)>();
/// Length of a text up to which it lies in its slot.
const SHORT_TEXT_BYTES: usize = 23;

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let facts = Facts::new(Surface::Oci, "manifest.put", Some("PutImage"));
        Record::opened(7, Arrival::new(facts, Timestamp::EPOCH, 5, 3))
    }

    fn ending(outcome: Outcome, status: Option<u16>) -> Ending {
        Ending { at: Timestamp::from_millis(2), outcome, status, error: None, bytes_in: 10, bytes_out: 20 }
    }

    #[test]
    fn results_become_facts_when_a_record_finishes() {
        let mut record = record();
        assert!(record.facts.get(Fact::Outcome).is_none());
        record.finish(Ending { error: Some("DENIED".into()), ..ending(Outcome::Completed, Some(403)) });
        assert_eq!(record.facts.text(Fact::Status), "403");
        assert_eq!(record.facts.text(Fact::Error), "DENIED");
        assert_eq!(record.facts.text(Fact::Outcome), "completed");
        assert_eq!((record.bytes_in, record.bytes_out), (10, 20));
    }

    #[test]
    fn a_record_ends_once_and_never_moves_back() {
        let mut record = record();
        record.finish(ending(Outcome::FaultReset, None));
        record.finish(ending(Outcome::Completed, Some(200)));
        record.start_reply();
        record.commit(3, 3);
        assert_eq!((record.phase, record.outcome, record.status), (Phase::Finished, Some(Outcome::FaultReset), None));
    }

    #[test]
    fn a_redirected_download_ends_with_the_request_that_fetches_it() {
        let mut record = record();
        record.finish(ending(Outcome::Completed, Some(307)));
        record.resume();
        assert_eq!((record.phase, record.outcome, record.status), (Phase::Arrived, None, None));
        assert!(record.facts.get(Fact::Status).is_none() && record.facts.get(Fact::Outcome).is_none());
        record.finish(ending(Outcome::FaultEof, Some(206)));
        assert_eq!((record.facts.text(Fact::Status), record.outcome), ("206".into(), Some(Outcome::FaultEof)));
    }

    #[test]
    fn a_commit_keeps_both_revisions() {
        let mut record = record();
        record.commit(4, 5);
        assert_eq!((record.phase, record.revision_before, record.revision_after), (Phase::Committed, 4, 5));
    }
}
