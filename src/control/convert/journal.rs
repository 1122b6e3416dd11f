//! Records and verdicts to protobuf, queries and expectations from it.
//!
//! Every reader answers all that is wrong with a request at once. What only the journal can know, the name of a mark, is
//! looked up there and not here.

use crate::control::convert::faults::{hit_to_proto, matcher_from_proto};
use crate::control::convert::time::timestamp_to_proto;
use crate::faults::{CheckedMatcher, Operations, Reason, Violation};
use crate::journal::{
    CountExpectation, CountRange, CountUnit, Expectation, Form, Item, Mark, NearMiss, Outcome, Page, PageSize, Phase,
    Query, Record, Verdict, VerifyResult,
};
use crate::proto;

/// A record as the control plane shows it. `world` is the world's resource name, `worlds/{id}`.
pub fn call_to_proto(world: &str, record: &Record) -> proto::Call {
    let headers = record.facts.headers.iter().flat_map(|headers| headers.iter());
    proto::Call {
        name: format!("{world}/calls/{}", record.number),
        number: record.number,
        surface: record.facts.surface.as_str().to_owned(),
        operation: record.facts.operation.to_owned(),
        facts: record.facts.iter().map(|(fact, value)| (fact.name().to_owned(), value.text().into_owned())).collect(),
        phase: phase_to_proto(record.phase).into(),
        outcome: outcome_to_proto(record.outcome).into(),
        status: record.status.map(u32::from),
        error: record.error.as_deref().unwrap_or_default().to_owned(),
        arrived: Some(timestamp_to_proto(record.arrived)),
        finished: record.finished.map(timestamp_to_proto),
        arrived_micros: record.arrived_micros,
        bytes_in: record.bytes_in,
        bytes_out: record.bytes_out,
        revision_before: record.revision_before,
        revision_after: record.revision_after,
        decisions: record.hits.iter().map(hit_to_proto).collect(),
        caused_by: record.caused_by.unwrap_or(0),
        request_line: record.request_line.as_deref().unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

/// A page of records.
pub fn page_to_proto(world: &str, page: &Page) -> proto::ListCallsResponse {
    proto::ListCallsResponse {
        calls: page.records.iter().map(|record| call_to_proto(world, record)).collect(),
        next_page_token: page.next_page_token.clone().unwrap_or_default(),
        low_watermark: page.low_watermark,
    }
}

/// A verdict.
pub fn verify_result_to_proto(world: &str, result: &VerifyResult) -> proto::VerifyResponse {
    proto::VerifyResponse {
        verdict: verdict_to_proto(result.verdict).into(),
        checked_through: result.checked_through,
        items: result.items.iter().map(|item| item_to_proto(world, item)).collect(),
        text: result.text.clone(),
    }
}

/// Reads which records are asked for; `since` is the mark that the request names.
pub fn query_from_proto(
    request: &proto::ListCallsRequest,
    since: Mark,
    operations: &dyn Operations,
) -> Result<Query, Vec<Violation>> {
    let mut violations = Vec::new();
    let page_size = page_size_from_proto(request.page_size).map_err(|violation| violations.push(violation)).ok();
    let matcher =
        request.matcher.as_ref().map(|matcher| matcher_from_proto("matcher", matcher, operations)).transpose();
    let matcher = matcher.map_err(|found| violations.extend(found)).ok();
    let page_token = Some(request.page_token.clone()).filter(|token| !token.is_empty());
    match (page_size, matcher) {
        (Some(page_size), Some(matcher)) => Ok(Query { matcher, since, page_size, page_token }),
        _ => Err(violations),
    }
}

/// Reads what is expected.
pub fn expectations_from_proto(
    request: &proto::VerifyRequest,
    operations: &dyn Operations,
) -> Result<Vec<Expectation>, Vec<Violation>> {
    all_or_violations(request.expectations.iter().enumerate(), |(position, expectation)| {
        expectation_from_proto(&format!("expectations[{position}]"), expectation, operations)
    })
}

fn expectation_from_proto(
    path: &str,
    expectation: &proto::Expectation,
    operations: &dyn Operations,
) -> Result<Expectation, Vec<Violation>> {
    let form = match &expectation.form {
        Some(proto::expectation::Form::Count(count)) => {
            Form::Count(count_from_proto(&format!("{path}.count"), count, operations)?)
        }
        Some(proto::expectation::Form::Sequence(sequence)) => {
            Form::Sequence(sequence_from_proto(&format!("{path}.sequence.matchers"), &sequence.matchers, operations)?)
        }
        None => return Err(missing(path, "an expectation is a count or a sequence")),
    };
    let label = Some(expectation.label.clone()).filter(|label| !label.is_empty());
    Ok(Expectation { label, form })
}

fn count_from_proto(
    path: &str,
    count: &proto::CountExpectation,
    operations: &dyn Operations,
) -> Result<CountExpectation, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut keep = |found: Vec<Violation>| violations.extend(found);
    let matcher_path = format!("{path}.matcher");
    let matcher = count
        .matcher
        .as_ref()
        .ok_or_else(|| missing(&matcher_path, "a count says what is counted"))
        .and_then(|matcher| matcher_from_proto(&matcher_path, matcher, operations))
        .map_err(&mut keep)
        .ok();
    let range = CountRange::new(count.min.unwrap_or(0), count.max)
        .map_err(|error| keep(vec![Violation::new(format!("{path}.max"), Reason::OutOfRange, error.to_string())]))
        .ok();
    let unit = unit_from_proto(&format!("{path}.unit"), count.unit).map_err(&mut keep).ok();
    let phase = phase_from_proto(&format!("{path}.phase"), count.phase).map_err(&mut keep).ok();
    match (matcher, range, unit, phase) {
        (Some(matcher), Some(range), Some(unit), Some(phase)) => Ok(CountExpectation { matcher, range, unit, phase }),
        _ => Err(violations),
    }
}

fn sequence_from_proto(
    path: &str,
    matchers: &[proto::Matcher],
    operations: &dyn Operations,
) -> Result<Vec<CheckedMatcher>, Vec<Violation>> {
    if matchers.is_empty() {
        return Err(missing(path, "a sequence has at least one matcher"));
    }
    all_or_violations(matchers.iter().enumerate(), |(position, matcher)| {
        matcher_from_proto(&format!("{path}[{position}]"), matcher, operations)
    })
}

fn all_or_violations<T, U>(
    items: impl Iterator<Item = T>,
    read: impl Fn(T) -> Result<U, Vec<Violation>>,
) -> Result<Vec<U>, Vec<Violation>> {
    let mut read_items = Vec::new();
    let mut violations = Vec::new();
    for item in items {
        match read(item) {
            Ok(item) => read_items.push(item),
            Err(found) => violations.extend(found),
        }
    }
    if violations.is_empty() { Ok(read_items) } else { Err(violations) }
}

fn page_size_from_proto(page_size: Option<u32>) -> Result<PageSize, Violation> {
    let Some(records) = page_size else { return Ok(PageSize::default()) };
    let size = usize::try_from(records).ok().and_then(PageSize::new);
    size.ok_or_else(|| Violation::new("page_size", Reason::OutOfRange, "a page has 1 to 1000 records"))
}

fn unit_from_proto(path: &str, unit: i32) -> Result<CountUnit, Vec<Violation>> {
    match proto::CountUnit::try_from(unit) {
        Ok(proto::CountUnit::Unspecified | proto::CountUnit::Calls) => Ok(CountUnit::Calls),
        Ok(proto::CountUnit::LogicalCalls) => Ok(CountUnit::LogicalCalls),
        Err(_) => Err(unknown(path, unit)),
    }
}

fn phase_from_proto(path: &str, phase: i32) -> Result<Phase, Vec<Violation>> {
    match proto::Phase::try_from(phase) {
        Ok(proto::Phase::Arrived) => Ok(Phase::Arrived),
        Ok(proto::Phase::Committed) => Ok(Phase::Committed),
        Ok(proto::Phase::ReplyStarted) => Ok(Phase::ReplyStarted),
        Ok(proto::Phase::Unspecified | proto::Phase::Finished) => Ok(Phase::Finished),
        Err(_) => Err(unknown(path, phase)),
    }
}

fn missing(path: &str, message: &str) -> Vec<Violation> {
    vec![Violation::new(path, Reason::MissingField, message)]
}

fn unknown(path: &str, number: i32) -> Vec<Violation> {
    vec![Violation::new(path, Reason::OutOfRange, format!("{number} is none of the enum's numbers"))]
}

fn item_to_proto(world: &str, item: &Item) -> proto::VerifyItem {
    proto::VerifyItem {
        verdict: verdict_to_proto(item.verdict).into(),
        matched: item.matched.clone(),
        actual: item.actual,
        expected: item.expected.clone(),
        near_misses: item.near_misses.iter().map(|miss| near_miss_to_proto(world, miss)).collect(),
        text: item.text.clone(),
    }
}

fn near_miss_to_proto(world: &str, miss: &NearMiss) -> proto::NearMiss {
    proto::NearMiss {
        call: Some(call_to_proto(world, &miss.record)),
        differences: miss.differences.clone(),
        hint: miss.hint.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn phase_to_proto(phase: Phase) -> proto::Phase {
    match phase {
        Phase::Arrived => proto::Phase::Arrived,
        Phase::Committed => proto::Phase::Committed,
        Phase::ReplyStarted => proto::Phase::ReplyStarted,
        Phase::Finished => proto::Phase::Finished,
    }
}

fn outcome_to_proto(outcome: Option<Outcome>) -> proto::Outcome {
    match outcome {
        None => proto::Outcome::Unspecified,
        Some(Outcome::Completed) => proto::Outcome::Completed,
        Some(Outcome::ClientGone) => proto::Outcome::ClientGone,
        Some(Outcome::FaultReset) => proto::Outcome::FaultReset,
        Some(Outcome::FaultEof) => proto::Outcome::FaultEof,
        Some(Outcome::Failed) => proto::Outcome::Failed,
    }
}

fn verdict_to_proto(verdict: Verdict) -> proto::Verdict {
    match verdict {
        Verdict::Pass => proto::Verdict::Pass,
        Verdict::Fail => proto::Verdict::Fail,
        Verdict::Inconclusive => proto::Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::{Fact, Facts, Surface};
    use crate::journal::{Arrival, Ending, Journal, verify};
    use crate::registry::types::Timestamp;

    use super::*;

    struct OneOperation;

    impl Operations for OneOperation {
        fn names(&self, _: Surface) -> Vec<&'static str> {
            vec!["manifest.put"]
        }
    }

    fn text_matcher(text: &str) -> proto::Matcher {
        proto::Matcher { text: text.to_owned(), ..proto::Matcher::default() }
    }

    fn count(
        matcher: Option<proto::Matcher>,
        min: Option<u64>,
        max: Option<u64>,
        unit: i32,
        phase: i32,
    ) -> proto::Expectation {
        let count = proto::CountExpectation { matcher, min, max, unit, phase };
        proto::Expectation { label: String::new(), form: Some(proto::expectation::Form::Count(count)) }
    }

    fn request(expectations: Vec<proto::Expectation>) -> proto::VerifyRequest {
        proto::VerifyRequest { expectations, ..proto::VerifyRequest::default() }
    }

    fn finished_put() -> Journal {
        let mut journal = Journal::empty();
        let facts = Facts::new(Surface::Oci, "manifest.put", Some("PutImage"))
            .with(Fact::Repository, "app")
            .with(Fact::Size, 12);
        let arrival = Arrival { caused_by: Some(9), ..Arrival::new(facts, Timestamp::from_millis(1_500), 77, 3) };
        let number = journal.append(arrival);
        let (at, outcome) = (Timestamp::from_millis(2_000), Outcome::FaultReset);
        let ending = Ending { at, outcome, status: Some(201), error: Some("E".into()), bytes_in: 12, bytes_out: 34 };
        journal.update(number, |record| {
            record.commit(3, 4);
            record.finish(ending);
        });
        journal
    }

    #[test]
    fn a_record_keeps_everything_on_its_way_out() {
        let journal = finished_put();
        let call = call_to_proto("worlds/w1", journal.record(1).expect("the record"));
        assert_eq!((&*call.name, call.number), ("worlds/w1/calls/1", 1));
        assert_eq!((&*call.surface, &*call.operation), ("oci", "manifest.put"));
        assert_eq!((call.facts["repository"].as_str(), call.facts["size"].as_str()), ("app", "12"));
        assert_eq!((call.facts["status"].as_str(), call.facts["outcome"].as_str()), ("201", "fault_reset"));
        assert_eq!((call.phase(), call.outcome()), (proto::Phase::Finished, proto::Outcome::FaultReset));
        assert_eq!((call.status, &*call.error, call.caused_by), (Some(201), "E", 9));
        assert_eq!(call.arrived, Some(prost_types::Timestamp { seconds: 1, nanos: 500_000_000 }));
        assert_eq!((call.bytes_in, call.bytes_out, call.arrived_micros), (12, 34, 77));
        assert_eq!((call.revision_before, call.revision_after), (3, 4));
    }

    #[test]
    fn a_request_is_judged_and_answered() {
        let expectations = request(vec![count(Some(text_matcher("oci:manifest.put")), Some(2), None, 2, 0)]);
        let expectations = expectations_from_proto(&expectations, &OneOperation).expect("expectations");
        let response = verify_result_to_proto("worlds/w1", &verify(&finished_put(), &expectations, Mark::START));
        assert_eq!((response.verdict(), response.checked_through), (proto::Verdict::Fail, 1));
        let item = &response.items[0];
        assert_eq!((item.verdict(), item.actual, &*item.matched), (proto::Verdict::Fail, 1, [1].as_slice()));
        assert_eq!(item.expected, "at least 2 logical calls of `oci:manifest.put`");
        assert!(response.text.contains(&item.text), "{}", response.text);
    }

    #[test]
    fn everything_wrong_with_a_request_is_said_at_once() {
        let matchers = vec![text_matcher("oci:manifest.put"), text_matcher("oci:nonsense")];
        let sequence = |matchers| proto::Expectation {
            label: String::new(),
            form: Some(proto::expectation::Form::Sequence(proto::SequenceExpectation { matchers })),
        };
        let violations = expectations_from_proto(
            &request(vec![
                proto::Expectation::default(),
                count(None, Some(2), Some(1), 17, 99),
                sequence(Vec::new()),
                sequence(matchers),
                count(Some(text_matcher("oci:manifest.put")), None, None, 0, 0),
            ]),
            &OneOperation,
        )
        .expect_err("violations");
        let paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
        let expected = [
            "expectations[0]",
            "expectations[1].count.matcher",
            "expectations[1].count.max",
            "expectations[1].count.unit",
            "expectations[1].count.phase",
            "expectations[2].sequence.matchers",
            "expectations[3].sequence.matchers[1].text",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn absent_members_of_a_query_take_their_defaults() {
        let absent =
            query_from_proto(&proto::ListCallsRequest::default(), Mark::START, &OneOperation).expect("a query");
        assert!(absent.matcher.is_none() && absent.page_token.is_none());
        assert_eq!(absent.page_size, PageSize::default());
        for page_size in [0, 1_001] {
            let request = proto::ListCallsRequest { page_size: Some(page_size), ..proto::ListCallsRequest::default() };
            assert!(query_from_proto(&request, Mark::START, &OneOperation).is_err(), "{page_size}");
        }
    }
}
