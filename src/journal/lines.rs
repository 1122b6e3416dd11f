//! One line for one record, as verdicts and reports print it: `#12 oci:manifest.put app v1 -> 201 (fault: flaky: status(503))`.

use std::fmt::Write as _;

use crate::facts::{Fact, Facts, Value};
use crate::faults::Hit;

use super::log::{Journal, Mark};
use super::record::{Outcome, Phase, Record};

/// The line of a record: number, operation, what it was about, how it ended, what rules did.
pub fn call_line(record: &Record) -> String {
    let mut line = format!("#{} {}", record.number, operation(&record.facts));
    for word in subject(&record.facts) {
        let _ = write!(line, " {word}");
    }
    let _ = write!(line, " -> {}", result(record));
    let done: Vec<String> = record.hits.iter().filter_map(hit).collect();
    if !done.is_empty() {
        let _ = write!(line, " (fault: {})", done.join("; "));
    }
    line
}

/// Lines of the newest `count` records, oldest first.
pub fn journal_tail(journal: &Journal, count: usize) -> Vec<String> {
    let records = journal.records(Mark::START);
    let skipped = records.len().saturating_sub(count);
    records.skip(skipped).map(|record| call_line(record)).collect()
}

/// Surface and operation, as a matcher names them.
pub(super) fn operation(facts: &Facts) -> String {
    format!("{}:{}", facts.surface.as_str(), facts.operation)
}

fn subject(facts: &Facts) -> Vec<String> {
    let mut words: Vec<String> = [Fact::Upstream, Fact::Repository]
        .into_iter()
        .filter_map(|fact| facts.get(fact).map(|value| value.text().into_owned()))
        .collect();
    let image = [Fact::Tag, Fact::Digest, Fact::Upload].into_iter().find_map(|fact| facts.get(fact));
    words.extend(image.map(short));
    words.extend(facts.get(Fact::DestRegion).map(|region| format!("to {}", region.text())));
    words.extend(
        facts.get(Fact::Attempt).filter(|attempt| attempt.number() > Some(1)).map(|n| format!("attempt {}", n.text())),
    );
    words
}

/// A digest by its first digits, anything else whole.
fn short(value: &Value) -> String {
    let text = value.text();
    match text.split_once(':') {
        Some((algorithm, encoded)) if encoded.len() > DIGITS_SHOWN && encoded.is_ascii() => {
            format!("{algorithm}:{}…", &encoded[..DIGITS_SHOWN])
        }
        _ => text.into_owned(),
    }
}

fn result(record: &Record) -> String {
    let Some(outcome) = record.outcome else {
        return match record.phase {
            Phase::Arrived => "not finished".to_owned(),
            phase @ (Phase::Committed | Phase::ReplyStarted | Phase::Finished) => {
                format!("not finished, {}", phase.as_str())
            }
        };
    };
    let status = record.status.map(|status| status.to_string());
    // A status says that the call was answered; without one the outcome must say it.
    let outcome = (outcome != Outcome::Completed || status.is_none()).then(|| outcome.as_str().to_owned());
    let error = record.error.as_deref().map(str::to_owned);
    [status, outcome, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn hit(hit: &Hit) -> Option<String> {
    match hit {
        Hit { shadowed: true, rule, .. } => Some(format!("{rule} was shadowed")),
        Hit { action, .. } if &**action == "pass" => None,
        Hit { rule, action, .. } => Some(format!("{rule}: {action}")),
    }
}

/// Digits of a digest that a line shows.
const DIGITS_SHOWN: usize = 12;

#[cfg(test)]
mod tests {
    use crate::facts::Surface;
    use crate::registry::types::{Digest, Timestamp};

    use super::super::record::{Arrival, Ending};
    use super::*;

    fn check(facts: Facts, ending: Option<(Outcome, Option<u16>, Option<&str>)>, hits: Vec<Hit>, expected: &str) {
        let mut record = Record::opened(12, Arrival { hits, ..Arrival::new(facts, Timestamp::EPOCH, 0, 0) });
        if let Some((outcome, status, error)) = ending {
            let error = error.map(Into::into);
            record.finish(Ending { at: Timestamp::EPOCH, outcome, status, error, bytes_in: 0, bytes_out: 0 });
        }
        assert_eq!(call_line(&record), expected);
    }

    fn hit(rule: &str, action: &str, shadowed: bool) -> Hit {
        Hit { rule: rule.into(), step: 0, action: action.into(), shadowed }
    }

    #[test]
    fn a_line_names_operation_subject_result_and_rules() {
        let put = || Facts::new(Surface::Oci, "manifest.put", None).with(Fact::Repository, "app").with(Fact::Tag, "v1");
        check(put(), Some((Outcome::Completed, Some(201), None)), vec![], "#12 oci:manifest.put app v1 -> 201");
        check(
            put().with(Fact::Attempt, 2),
            Some((Outcome::Completed, Some(503), Some("UNAVAILABLE"))),
            vec![hit("flaky", "status(503)", false), hit("late", "hold(g)", true), hit("idle", "pass", false)],
            "#12 oci:manifest.put app v1 attempt 2 -> 503 UNAVAILABLE (fault: flaky: status(503); late was shadowed)",
        );
        check(put(), None, vec![], "#12 oci:manifest.put app v1 -> not finished");
    }

    #[test]
    fn a_line_shortens_digests_and_names_destinations() {
        let blob = Facts::new(Surface::Oci, "blob.get", None).with(Fact::Digest, Digest::sha256_of(b""));
        let broken = Some((Outcome::FaultReset, Some(200), None));
        check(blob, broken, vec![], "#12 oci:blob.get sha256:e3b0c44298fc… -> 200 fault_reset");
        let task = Facts::new(Surface::Task, "replication", None)
            .with(Fact::Repository, "app")
            .with(Fact::DestRegion, "eu-west-1");
        let failed = Some((Outcome::Failed, None, Some("UPSTREAM_TIMEOUT")));
        check(task, failed, vec![], "#12 task:replication app to eu-west-1 -> failed UPSTREAM_TIMEOUT");
    }
}
