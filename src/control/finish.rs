//! The end of a world: heal, settle, look for leaks, report, delete.

use std::sync::Arc;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::journal::{Finding, FindingKind, FinishReport, ReportedRule, finish_report};
use crate::proto;
use crate::worlds::{Live, World};

/// Real time that calls in flight have to end once gates are open and rules are off.
const CALLS_HAVE: Duration = Duration::from_millis(500);
/// Timers that may fire while a world settles.
const SETTLING_BUDGET: u32 = 1_000;

/// Ends a world and says what it leaves behind.
pub(super) async fn finish_world(daemon: &Arc<Daemon>, world: &Arc<World>, tail: usize) -> proto::FinishWorldResponse {
    let mut findings = world.write(|live| {
        let mut findings = rule_findings(live);
        findings.extend(gate_findings(live));
        live.heal();
        findings
    });
    world.notify();
    // Calls that were held need a moment to answer; those that do not end are findings.
    let calls_ended = world.wait_until(|live| !live.journal.unfinished().any(|record| !record.is_task()));
    let _ = tokio::time::timeout(CALLS_HAVE, calls_ended).await;

    let real = daemon.real().now();
    let since = world.born_micros();
    let strays = daemon.directory.strays_since(since);
    let report = world.write(|live| {
        // What the test did, before the records of settling push it out of the tail.
        let journal = live.journal.clone();
        // Endless work, such as a retry that can never succeed, is cut by the budget and then reported as unsettled.
        let mut budget = SETTLING_BUDGET;
        while let Some(due) = live.state.timers.next_due() {
            match live.advance(due.max(live.now()), budget, real) {
                Ok(advanced) if advanced.fired_count < budget => budget -= advanced.fired_count,
                Ok(_) | Err(_) => break,
            }
        }
        findings.extend(leak_findings(live));
        for stray in &strays {
            findings.push(Finding {
                kind: FindingKind::StrayCall,
                fails: false,
                subject: format!("strays/{}", stray.number),
                text: format!(
                    "{}:{} reached no world of its own: {}",
                    stray.call.facts.surface.as_str(),
                    stray.call.facts.operation,
                    stray.reason
                ),
            });
        }
        findings.sort_by_key(|finding| finding.kind);
        let rules: Vec<ReportedRule> = live
            .state
            .rules
            .list(&live.state.decide_context())
            .into_iter()
            .map(|status| ReportedRule { text: status.text.to_string(), matched: status.matched, fired: status.fired })
            .collect();
        let timers =
            live.state.timers.iter().take(5).map(|timer| format!("{} {}", timer.due, live.owner(timer))).collect();
        let reproduction = format!(
            "ecr-fixture {} world={} seed={} seq={}",
            env!("CARGO_PKG_VERSION"),
            world.id(),
            live.state.seed,
            live.state.seq
        );
        let text = finish_report(&FinishReport { findings: &findings, rules, timers, reproduction }, &journal, tail);
        proto::FinishWorldResponse {
            ok: !findings.iter().any(|finding| finding.fails),
            findings: findings.iter().map(finding_to_proto).collect(),
            text,
        }
    });
    // Somebody else may have ended it meanwhile, which leaves nothing to do.
    let _ = daemon.end_world(world);
    report
}

fn finding(kind: FindingKind, fails: bool, subject: impl Into<String>, text: impl Into<String>) -> Finding {
    Finding { kind, fails, subject: subject.into(), text: text.into() }
}

fn rule_findings(live: &Live) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in live.state.rules.report() {
        let name = rule.name.to_string();
        if let Some(range) = rule.must_fire_unmet {
            let wanted =
                range.max.map_or_else(|| format!("at least {}", range.min), |max| format!("{} to {max}", range.min));
            let text = format!("rule `{name}` fired {} times and must fire {wanted}", rule.fired);
            findings.push(finding(FindingKind::MustFireUnmet, true, &name, text));
        }
        if rule.unexpected > 0 {
            let text = format!("rule `{name}` matched {} times after its plan ended in `unexpected`", rule.unexpected);
            findings.push(finding(FindingKind::UnexpectedMatch, true, &name, text));
        }
        if rule.never_matched() {
            let text = format!("rule `{name}` never matched: {}", rule.text);
            findings.push(finding(FindingKind::RuleNeverMatched, false, &name, text));
        } else if !rule.steps_never_reached.is_empty() {
            let steps: Vec<String> = rule.steps_never_reached.iter().map(ToString::to_string).collect();
            let text = format!("rule `{name}` never reached step {} of {}", steps.join(", "), rule.text);
            findings.push(finding(FindingKind::StepNeverReached, false, &name, text));
        }
    }
    findings
}

fn gate_findings(live: &Live) -> Vec<Finding> {
    live.waiting
        .iter()
        .map(|(gate, waiter)| {
            let text = format!("{} still waited at gate `{gate}`", waiter.name());
            finding(FindingKind::UnopenedGate, false, &**gate, text)
        })
        .collect()
}

fn leak_findings(live: &Live) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in live.journal.unfinished() {
        let text = format!(
            "{}:{} (call {}) has not finished",
            record.facts.surface.as_str(),
            record.facts.operation,
            record.number
        );
        findings.push(finding(FindingKind::UnfinishedCall, false, format!("calls/{}", record.number), text));
    }
    for (key, registry) in &live.state.registries {
        let repositories = registry.repositories().values();
        for (repository, upload) in
            repositories.flat_map(|repository| repository.uploads().keys().map(|upload| (repository.name(), upload)))
        {
            let text =
                format!("upload {upload} into `{repository}` of {} in {} was left open", key.account, key.region);
            findings.push(finding(FindingKind::OpenUpload, false, upload.to_string(), text));
        }
    }
    let retried: std::collections::BTreeSet<u64> = live.state.timers.iter().map(|timer| timer.task).collect();
    let unsettled = |task: &&Arc<crate::tasks::Task>| !task.state.is_settled() || retried.contains(&task.number);
    for task in live.state.tasks.values().filter(unsettled) {
        let text = format!("task {} has not settled", task.name());
        findings.push(finding(FindingKind::UnsettledTask, false, format!("tasks/{}", task.name()), text));
    }
    let evicted = live.journal.evicted();
    if evicted > 0 {
        let text = format!("the journal dropped its {evicted} oldest records");
        findings.push(finding(FindingKind::JournalEvicted, false, "journal", text));
    }
    findings
}

fn finding_to_proto(finding: &Finding) -> proto::Finding {
    let kind = match finding.kind {
        FindingKind::MustFireUnmet => proto::FindingKind::MustFireUnmet,
        FindingKind::RuleNeverMatched => proto::FindingKind::RuleNeverMatched,
        FindingKind::StepNeverReached => proto::FindingKind::StepNeverReached,
        FindingKind::UnexpectedMatch => proto::FindingKind::UnexpectedMatch,
        FindingKind::UnfinishedCall => proto::FindingKind::UnfinishedCall,
        FindingKind::OpenUpload => proto::FindingKind::OpenUpload,
        FindingKind::UnsettledTask => proto::FindingKind::UnsettledTask,
        FindingKind::StrayCall => proto::FindingKind::StrayCall,
        FindingKind::UnopenedGate => proto::FindingKind::UnopenedGate,
        FindingKind::JournalEvicted => proto::FindingKind::JournalEvicted,
    };
    proto::Finding {
        kind: kind.into(),
        fails: finding.fails,
        subject: finding.subject.clone(),
        text: finding.text.clone(),
    }
}
