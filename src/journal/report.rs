//! What the end of a world reports, in words. Finding out is the business of whoever ends it.

use super::lines::journal_tail;
use super::log::Journal;

/// Kinds of findings, in the order in which a report lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A rule with `must_fire` fired less often, or more often, than it must.
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

/// One thing that was found at the end of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// Whether it fails a test that otherwise passed.
    pub fails: bool,
    /// What it is about: a rule's name, a call's number, an upload's id.
    pub subject: String,
    /// One sentence, without its full stop.
    pub text: String,
}

/// A rule and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRule {
    /// Canonical text.
    pub text: String,
    /// Calls and tasks that matched.
    pub matched: u64,
    /// Matches on which an action was taken.
    pub fired: u64,
}

/// What a report tells besides the journal.
#[derive(Clone, Debug)]
pub struct FinishReport<'a> {
    /// What was found; listed in order of kind.
    pub findings: &'a [Finding],
    /// Rules, in order of evaluation.
    pub rules: Vec<ReportedRule>,
    /// Timers due next, one line each.
    pub timers: Vec<String>,
    /// How to do it again.
    pub reproduction: String,
}

/// The whole report: verdict, findings, newest records, rules, timers, reproduction line. Every section is always there, so
/// that its absence is never taken for a clean result.
pub fn finish_report(report: &FinishReport<'_>, journal: &Journal, tail: usize) -> String {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| finding.kind);
    let failing = findings.iter().filter(|finding| finding.fails).count();
    let verdict = if failing == 0 { "OK" } else { "FAIL" };
    let rules =
        report.rules.iter().map(|rule| format!("matched {}, fired {}: {}", rule.matched, rule.fired, rule.text));
    let shown = journal_tail(journal, tail);
    let calls = format!("Calls (newest {} of {})", shown.len(), journal.last_number());
    let sections = [
        section(&format!("Findings ({}, {failing} failing)", findings.len()), findings.iter().map(|found| line(found))),
        section(&calls, shown),
        section("Rules", rules),
        section("Timers due next", report.timers.iter().cloned()),
        section("Reproduce", [report.reproduction.clone()]),
    ];
    format!("{verdict}\n{}", sections.concat().trim_end())
}

fn line(finding: &Finding) -> String {
    let word = if finding.fails { "fails" } else { "note" };
    format!("{word}: {}", finding.text)
}

fn section(title: &str, lines: impl IntoIterator<Item = String>) -> String {
    let mut lines: Vec<String> = lines.into_iter().collect();
    if lines.len() > SECTION_LINES_AT_MOST {
        let left_out = lines.len() - SECTION_LINES_AT_MOST + 1;
        lines.truncate(SECTION_LINES_AT_MOST - 1);
        lines.push(format!("… and {left_out} more"));
    }
    if lines.is_empty() {
        lines.push("none".to_owned());
    }
    format!("{title}:\n  {}\n", lines.join("\n  "))
}

/// Lines of one section; what a section leaves out, its answer's own members still carry.
const SECTION_LINES_AT_MOST: usize = 200;

#[cfg(test)]
mod tests {
    use super::super::samples::{answer, put};
    use super::*;

    fn finding(kind: FindingKind, fails: bool, text: &str) -> Finding {
        Finding { kind, fails, subject: "subject".to_owned(), text: text.to_owned() }
    }

    fn report(findings: &[Finding]) -> FinishReport<'_> {
        FinishReport { findings, rules: Vec::new(), timers: Vec::new(), reproduction: "seed=7".to_owned() }
    }

    #[test]
    fn a_clean_world_shows_every_section_empty() {
        let text = finish_report(&report(&[]), &Journal::empty(), 20);
        let expected = "OK\nFindings (0, 0 failing):\n  none\nCalls (newest 0 of 0):\n  none\nRules:\n  none\n\
                        Timers due next:\n  none\nReproduce:\n  seed=7";
        assert_eq!(text, expected);
    }

    #[test]
    fn sections_come_in_a_fixed_order_and_findings_in_order_of_kind() {
        let mut journal = Journal::empty();
        for tag in ["v1", "v2", "v3"] {
            answer(&mut journal, put("app", tag), 201);
        }
        let findings = [
            finding(FindingKind::OpenUpload, false, "upload u-1 was left open"),
            finding(FindingKind::MustFireUnmet, true, "rule `r` fired 0 times and must fire at least 1"),
        ];
        let rule = ReportedRule { text: "r: on oci:* do status(503)".to_owned(), matched: 2, fired: 0 };
        let timers = vec!["2026-01-01T00:00:00.000Z task".to_owned()];
        let text = finish_report(&FinishReport { rules: vec![rule], timers, ..report(&findings) }, &journal, 2);
        let expected = "FAIL\n\
            Findings (2, 1 failing):\n  \
              fails: rule `r` fired 0 times and must fire at least 1\n  \
              note: upload u-1 was left open\n\
            Calls (newest 2 of 3):\n  #2 oci:manifest.put app v2 -> 201\n  #3 oci:manifest.put app v3 -> 201\n\
            Rules:\n  matched 2, fired 0: r: on oci:* do status(503)\n\
            Timers due next:\n  2026-01-01T00:00:00.000Z task\n\
            Reproduce:\n  seed=7";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_section_has_an_end() {
        let findings = vec![finding(FindingKind::StrayCall, false, "a stray"); 300];
        let text = finish_report(&report(&findings), &Journal::empty(), 20);
        assert!(text.contains("… and 101 more"), "{text}");
        assert!(text.contains("Findings (300, 0 failing)"), "{text}");
    }
}
