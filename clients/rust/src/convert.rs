//! The only protobuf ⇄ value code for what the daemon answers, and for instants and durations both ways. Pure.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::proto;
use crate::records::{
    Advanced, AppliedImage, Call, Clock, ClockMode, Decision, Finding, FindingKind, Gate, Judgement, NearMiss, Outcome,
    Phase, Report, RuleStatus, SeedResult, ServerInfo, Stray, Task, TaskState, Timer, Verdict, VerdictItem,
};

/// A duration. One that is longer than the wire's can tell is cut to the longest, 292 milliard years.
pub(crate) fn duration_message(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos().cast_signed(),
    }
}

/// An instant.
pub(crate) fn timestamp(instant: SystemTime) -> prost_types::Timestamp {
    prost_types::Timestamp::from(instant)
}

/// A duration; nothing and what is negative are zero.
fn duration(message: Option<prost_types::Duration>) -> Duration {
    message.and_then(|message| Duration::try_from(message).ok()).unwrap_or_default()
}

/// An instant; nothing is 1970.
fn instant(message: Option<prost_types::Timestamp>) -> SystemTime {
    message.and_then(|message| SystemTime::try_from(message).ok()).unwrap_or(UNIX_EPOCH)
}

fn sorted(map: HashMap<String, String>) -> BTreeMap<String, String> {
    map.into_iter().collect()
}

impl ClockMode {
    pub(crate) const fn to_proto(self) -> proto::ClockMode {
        match self {
            Self::Flowing => proto::ClockMode::Flowing,
            Self::Frozen => proto::ClockMode::Frozen,
        }
    }
}

impl Phase {
    pub(crate) const fn to_proto(self) -> proto::Phase {
        match self {
            Self::Unknown => proto::Phase::Unspecified,
            Self::Arrived => proto::Phase::Arrived,
            Self::Committed => proto::Phase::Committed,
            Self::ReplyStarted => proto::Phase::ReplyStarted,
            Self::Finished => proto::Phase::Finished,
        }
    }
}

impl From<proto::Clock> for Clock {
    fn from(message: proto::Clock) -> Self {
        let mode = match message.mode() {
            proto::ClockMode::Flowing => ClockMode::Flowing,
            proto::ClockMode::Frozen | proto::ClockMode::Unspecified => ClockMode::Frozen,
        };
        Self { mode, now: instant(message.now), mutation_tick: duration(message.mutation_tick) }
    }
}

impl From<proto::Timer> for Timer {
    fn from(message: proto::Timer) -> Self {
        Self { owner: message.owner, timer_class: message.timer_class, due: instant(message.due) }
    }
}

impl From<proto::AdvanceResponse> for Advanced {
    fn from(message: proto::AdvanceResponse) -> Self {
        Self {
            clock: message.clock.unwrap_or_default().into(),
            fired: message.fired.into_iter().map(Into::into).collect(),
            fired_count: message.fired_count,
            pending_count: message.pending_count,
            held: message.held,
            external: message.external,
            settled: message.settled,
        }
    }
}

impl From<proto::ApplyResponse> for SeedResult {
    fn from(message: proto::ApplyResponse) -> Self {
        let mut total = Self::default();
        for result in message.results {
            total.created += result.created;
            total.updated += result.updated;
            total.unchanged += result.unchanged;
            total.images.extend(result.images.into_iter().map(|image| AppliedImage {
                repository: image.repository,
                digest: image.digest,
                tags: image.tags,
            }));
        }
        total
    }
}

impl From<proto::RuleStatus> for RuleStatus {
    fn from(message: proto::RuleStatus) -> Self {
        let rule = message.rule.unwrap_or_default();
        Self {
            name: rule.name,
            text: message.text,
            tag: rule.tag,
            matched: message.matched,
            fired: message.fired,
            step: message.step,
        }
    }
}

impl From<proto::Gate> for Gate {
    fn from(message: proto::Gate) -> Self {
        Self { name: message.name, open: message.open, waiters: message.waiters }
    }
}

impl From<proto::Task> for Task {
    fn from(message: proto::Task) -> Self {
        let state = match message.state() {
            proto::TaskState::Unspecified => TaskState::Unknown,
            proto::TaskState::Pending => TaskState::Pending,
            proto::TaskState::Held => TaskState::Held,
            proto::TaskState::Complete => TaskState::Complete,
            proto::TaskState::Failed => TaskState::Failed,
        };
        Self {
            state,
            name: message.name,
            kind: message.kind,
            facts: sorted(message.facts),
            created: instant(message.created),
            ended: message.ended.map(|ended| instant(Some(ended))),
            failure_code: message.failure_code,
            attempts: message.attempts,
        }
    }
}

impl From<proto::Call> for Call {
    fn from(message: proto::Call) -> Self {
        let phase = match message.phase() {
            proto::Phase::Unspecified => Phase::Unknown,
            proto::Phase::Arrived => Phase::Arrived,
            proto::Phase::Committed => Phase::Committed,
            proto::Phase::ReplyStarted => Phase::ReplyStarted,
            proto::Phase::Finished => Phase::Finished,
        };
        let ended = match message.outcome() {
            proto::Outcome::Unspecified => Outcome::Unknown,
            proto::Outcome::Completed => Outcome::Completed,
            proto::Outcome::ClientGone => Outcome::ClientGone,
            proto::Outcome::FaultReset => Outcome::FaultReset,
            proto::Outcome::FaultEof => Outcome::FaultEof,
            proto::Outcome::Failed => Outcome::Failed,
        };
        Self {
            phase,
            outcome: (message.outcome != 0).then_some(ended),
            name: message.name,
            number: message.number,
            surface: message.surface,
            operation: message.operation,
            facts: sorted(message.facts),
            status: message.status.and_then(|status| u16::try_from(status).ok()),
            error: message.error,
            arrived: instant(message.arrived),
            finished: message.finished.map(|finished| instant(Some(finished))),
            arrived_after: Duration::from_micros(message.arrived_micros),
            bytes_in: message.bytes_in,
            bytes_out: message.bytes_out,
            revision_before: message.revision_before,
            revision_after: message.revision_after,
            decisions: message.decisions.into_iter().map(Into::into).collect(),
            caused_by: (message.caused_by != 0).then_some(message.caused_by),
            request_line: message.request_line,
            headers: sorted(message.headers),
        }
    }
}

impl From<proto::Decision> for Decision {
    fn from(message: proto::Decision) -> Self {
        Self { rule: message.rule, step: message.step, action: message.action, shadowed: message.shadowed }
    }
}

/// A verdict that is not known is no pass.
fn judgement(verdict: proto::Verdict) -> Judgement {
    match verdict {
        proto::Verdict::Pass => Judgement::Pass,
        proto::Verdict::Fail => Judgement::Fail,
        proto::Verdict::Inconclusive | proto::Verdict::Unspecified => Judgement::Inconclusive,
    }
}

impl From<proto::VerifyResponse> for Verdict {
    fn from(message: proto::VerifyResponse) -> Self {
        Self {
            judgement: judgement(message.verdict()),
            checked_through: message.checked_through,
            items: message.items.into_iter().map(Into::into).collect(),
            text: message.text,
        }
    }
}

impl From<proto::VerifyItem> for VerdictItem {
    fn from(message: proto::VerifyItem) -> Self {
        let near_misses = message.near_misses.into_iter().map(|near| NearMiss {
            call: near.call.map(Into::into),
            differences: near.differences,
            hint: near.hint,
        });
        Self {
            judgement: judgement(proto::Verdict::try_from(message.verdict).unwrap_or_default()),
            matched: message.matched,
            actual: message.actual,
            expected: message.expected,
            near_misses: near_misses.collect(),
            text: message.text,
        }
    }
}

/// The answer of `FinishWorld`.
///
/// Whose a stray call is the daemon cannot tell. On a daemon of its own it is the test's, and fails it; on one that
/// others use too it is only shown.
pub(crate) fn report(message: proto::FinishWorldResponse, strays_fail: bool) -> Report {
    let finding = |message: proto::Finding| {
        let kind = finding_kind(message.kind());
        let fails = if kind == FindingKind::StrayCall { strays_fail } else { message.fails };
        Finding { kind, fails, subject: message.subject, text: message.text }
    };
    let findings: Vec<Finding> = message.findings.into_iter().map(finding).collect();
    Report { ok: !findings.iter().any(|finding| finding.fails), findings, text: message.text }
}

fn finding_kind(kind: proto::FindingKind) -> FindingKind {
    match kind {
        proto::FindingKind::Unspecified => FindingKind::Unknown,
        proto::FindingKind::MustFireUnmet => FindingKind::MustFireUnmet,
        proto::FindingKind::RuleNeverMatched => FindingKind::RuleNeverMatched,
        proto::FindingKind::StepNeverReached => FindingKind::StepNeverReached,
        proto::FindingKind::UnexpectedMatch => FindingKind::UnexpectedMatch,
        proto::FindingKind::UnfinishedCall => FindingKind::UnfinishedCall,
        proto::FindingKind::OpenUpload => FindingKind::OpenUpload,
        proto::FindingKind::UnsettledTask => FindingKind::UnsettledTask,
        proto::FindingKind::StrayCall => FindingKind::StrayCall,
        proto::FindingKind::UnopenedGate => FindingKind::UnopenedGate,
        proto::FindingKind::JournalEvicted => FindingKind::JournalEvicted,
    }
}

impl From<proto::GetInfoResponse> for ServerInfo {
    fn from(message: proto::GetInfoResponse) -> Self {
        Self {
            version: message.version,
            api: message.api,
            data: message.data,
            control: message.control,
            operations: message.operations,
            missing_operations: message.missing_operations,
            tls_ca_pem: message.tls_ca_pem,
        }
    }
}

impl From<proto::Stray> for Stray {
    fn from(message: proto::Stray) -> Self {
        Self { call: message.call.map(Into::into), reason: message.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_durations_keep_their_nanoseconds() {
        let given = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        assert_eq!(instant(Some(timestamp(given))), given);
        let given = Duration::new(600, 1);
        assert_eq!(duration(Some(duration_message(given))), given);
    }

    #[test]
    fn strays_fail_on_a_daemon_of_ones_own_only() {
        let message = |kind: proto::FindingKind, fails: bool| proto::FinishWorldResponse {
            findings: vec![proto::Finding { kind: kind.into(), fails, ..proto::Finding::default() }],
            ..proto::FinishWorldResponse::default()
        };
        let check = |kind, fails, strays_fail, ok| assert_eq!(report(message(kind, fails), strays_fail).ok, ok);
        check(proto::FindingKind::StrayCall, false, true, false);
        check(proto::FindingKind::StrayCall, true, false, true);
        check(proto::FindingKind::MustFireUnmet, true, false, false);
        check(proto::FindingKind::RuleNeverMatched, false, true, true);
    }
}
