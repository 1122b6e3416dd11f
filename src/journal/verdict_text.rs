//! Verdicts in words: complete, ready to print, and short enough to be read.
//!
//! The text of an item says what was expected, what was found, which records matched and which almost did. The text of a
//! verdict begins every item and shows the whole of those that do not hold, as far as forty lines go.

use std::fmt::Write as _;

use super::expectation::{Expectation, Form, Item, Judgement, Verdict};
use super::lines::call_line;
use super::log::{Journal, Mark};
use super::near_misses::NearMiss;
use super::record::Phase;

/// Lines of any text.
const LINES_AT_MOST: usize = 40;
/// Records that an item lists.
const RECORDS_AT_MOST: usize = 12;

/// What is expected, in words: ``exactly 2 calls of `oci:manifest.put` ``.
pub(super) fn expected(form: &Form) -> String {
    match form {
        Form::Count(count) => {
            let plural = if count.range.is_singular() { "" } else { "s" };
            let phase = match count.phase {
                Phase::Finished => String::new(),
                phase @ (Phase::Arrived | Phase::Committed | Phase::ReplyStarted) => {
                    format!(", counted from phase {}", phase.as_str())
                }
            };
            format!("{} {}{plural} of `{}`{phase}", count.range, count.unit.as_str(), count.matcher.matcher())
        }
        Form::Sequence(matchers) => {
            let steps: Vec<String> = matchers.iter().map(|matcher| format!("`{}`", matcher.matcher())).collect();
            format!("in this order: {}", steps.join(", then "))
        }
    }
}

/// The text of one item.
pub(super) fn of_item(journal: &Journal, expectation: &Expectation, judgement: &Judgement) -> String {
    let mut lines = vec![headline(expectation, judgement)];
    lines.extend(matching_lines(judgement));
    if judgement.verdict == Verdict::Inconclusive {
        lines.push(format!(
            "  The journal holds records from #{} on; what would decide this is among the {} that it dropped.",
            journal.low_watermark(),
            journal.evicted()
        ));
    }
    if let Some(remark) = &judgement.remark {
        lines.push(format!("  Hint: attempt counted as call: {remark}."));
    }
    if !judgement.near_misses.is_empty() {
        lines.push("  Nearest:".to_owned());
        lines.extend(judgement.near_misses.iter().flat_map(near_miss_lines));
    }
    cut(lines, LINES_AT_MOST, 0).join("\n")
}

/// The text of all items together.
pub(super) fn of_all(journal: &Journal, items: &[Item], since: Mark) -> String {
    let mut lines = vec![summary(journal, items, since)];
    let mut order: Vec<&Item> = items.iter().collect();
    // The sort is stable: items of one verdict stay in the order in which they were asked.
    order.sort_by_key(|item| std::cmp::Reverse(item.verdict));
    let room = LINES_AT_MOST - lines.len();
    let shown = if order.len() > room { room - 1 } else { order.len() };
    let mut spare = room - shown - usize::from(shown < order.len());
    let mut open = order[..shown].iter().filter(|item| item.verdict != Verdict::Pass).count();
    for item in &order[..shown] {
        let whole: Vec<String> = item.text.lines().map(str::to_owned).collect();
        let share = if item.verdict == Verdict::Pass { 0 } else { spare / open.max(1) };
        let part = if share == 0 { whole[..whole.len().min(1)].to_vec() } else { cut(whole, 1 + share, 2) };
        if item.verdict != Verdict::Pass {
            open -= 1;
            spare -= part.len().saturating_sub(1);
        }
        lines.extend(part);
    }
    if shown < order.len() {
        lines.push(format!("… and {} further expectations, none worse than those above.", order.len() - shown));
    }
    lines.join("\n")
}

fn summary(journal: &Journal, items: &[Item], since: Mark) -> String {
    let count = |verdict| items.iter().filter(|item| item.verdict == verdict).count();
    let stretch = match since {
        Mark::START => format!("through #{}", journal.last_number()),
        mark => format!("after `{mark}` through #{}", journal.last_number()),
    };
    let verdict = items.iter().map(|item| item.verdict).max().unwrap_or(Verdict::Pass);
    let mut text = format!("{}: {} of {} expectations hold", verdict.as_str(), count(Verdict::Pass), items.len());
    for (verdict, word) in [(Verdict::Fail, "failed"), (Verdict::Inconclusive, "inconclusive")] {
        if count(verdict) > 0 {
            let _ = write!(text, ", {} {word}", count(verdict));
        }
    }
    format!("{text}; judged on records {stretch}.")
}

fn headline(expectation: &Expectation, judgement: &Judgement) -> String {
    let label = expectation.label.as_ref().map_or_else(String::new, |label| format!(" {label}:"));
    let expected = expected(&expectation.form);
    format!("{}{label} expected {expected}; found {}.", judgement.verdict.as_str(), found(&expectation.form, judgement))
}

fn found(form: &Form, judgement: &Judgement) -> String {
    let Judgement { actual, at_most, .. } = judgement;
    match form {
        Form::Sequence(matchers) if judgement.actual == matchers.len() as u64 => "all of them".to_owned(),
        Form::Sequence(matchers) => {
            let missing =
                matchers.get(judgement.matched.len()).map(|matcher| format!(", then no `{}`", matcher.matcher()));
            format!("the first {actual}{}", missing.unwrap_or_default())
        }
        Form::Count(_) if actual == at_most && *actual == 0 => "none".to_owned(),
        Form::Count(_) if actual == at_most => actual.to_string(),
        Form::Count(_) => format!("{actual} for certain and {at_most} at most"),
    }
}

fn matching_lines(judgement: &Judgement) -> Vec<String> {
    let records = &judgement.matched;
    let evicted = match judgement.actual.checked_sub(records.len() as u64) {
        Some(evicted @ 1..) => vec![format!("  {evicted} more that the journal no longer holds")],
        _ => Vec::new(),
    };
    let shown = if records.len() > RECORDS_AT_MOST { RECORDS_AT_MOST - 1 } else { records.len() };
    let mut lines: Vec<String> = records[..shown].iter().map(|record| format!("  {}", call_line(record))).collect();
    if shown < records.len() {
        lines.push(format!("  … and {} more, through #{}", records.len() - shown, records[records.len() - 1].number));
    }
    lines.extend(evicted);
    lines
}

fn near_miss_lines(miss: &NearMiss) -> Vec<String> {
    let mut lines = vec![format!("    {}", call_line(&miss.record))];
    lines.extend(miss.differences.iter().map(|difference| format!("      {difference}")));
    lines.extend(miss.hint.as_ref().map(|hint| format!("      Hint: {hint}")));
    lines
}

/// The first lines, and how many are left out.
fn cut(mut lines: Vec<String>, at_most: usize, indent: usize) -> Vec<String> {
    if lines.len() > at_most {
        let left_out = lines.len() - at_most + 1;
        lines.truncate(at_most - 1);
        lines.push(format!("{:indent$}… {left_out} more lines", ""));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::expectation::VerifyResult;
    use super::super::log::Limits;
    use super::super::samples::{answer, expect_count, expect_sequence, put};
    use super::super::verify::verify;
    use super::*;

    fn journal(puts: usize) -> Journal {
        let mut journal = Journal::empty();
        for position in 0..puts {
            answer(&mut journal, put("app", &format!("v{position}")), 201);
        }
        journal
    }

    fn judged(journal: &Journal, expectations: &[Expectation]) -> VerifyResult {
        verify(journal, expectations, Mark::START)
    }

    #[test]
    fn a_failed_count_says_what_was_expected_found_and_nearly_found() {
        let result = judged(&journal(1), &[expect_count("oci:manifest.put where repository = \"web\"", 1, Some(1))]);
        let expected = "\
FAIL: 0 of 1 expectations hold, 1 failed; judged on records through #1.
FAIL expected exactly 1 call of `oci:manifest.put where repository = \"web\"`; found none.
  Nearest:
    #1 oci:manifest.put app v0 -> 201
      repository is `app`, expected `web`
      Hint: wrong repository: the call is right but for the repository's name.";
        assert_eq!(result.text, expected);
        assert_eq!(result.items[0].expected, "exactly 1 call of `oci:manifest.put where repository = \"web\"`");
    }

    #[test]
    fn a_count_that_found_too_many_lists_them() {
        let labelled =
            Expectation { label: Some("no pushes".to_owned()), ..expect_count("oci:manifest.put", 0, Some(0)) };
        let result = judged(&journal(20), &[labelled]);
        assert!(
            result.text.contains("FAIL no pushes: expected no calls of `oci:manifest.put`; found 20."),
            "{}",
            result.text
        );
        assert!(
            result.text.contains("  #11 oci:manifest.put app v10 -> 201\n  … and 9 more, through #20"),
            "{}",
            result.text
        );
    }

    #[test]
    fn what_holds_takes_one_line_of_the_whole_and_lists_its_records_apart() {
        let result = judged(&journal(2), &[expect_count("oci:manifest.put", 1, None)]);
        let headline = "PASS expected at least 1 call of `oci:manifest.put`; found 2.";
        assert_eq!(result.text, format!("PASS: 1 of 1 expectations hold; judged on records through #2.\n{headline}"));
        let item = format!("{headline}\n  #1 oci:manifest.put app v0 -> 201\n  #2 oci:manifest.put app v1 -> 201");
        assert_eq!(result.items[0].text, item);
    }

    #[test]
    fn a_broken_sequence_says_where() {
        let sequence = expect_sequence(&["oci:manifest.put where tag = \"v0\"", "oci:blob.get"]);
        let result = judged(&journal(1), &[sequence]);
        assert!(result.items[0].text.contains("; found the first 1, then no `oci:blob.get`."), "{}", result.text);
    }

    #[test]
    fn an_inconclusive_verdict_says_what_is_missing() {
        let mut journal = Journal::within(Limits { entries: 1, ..Limits::default() });
        for tag in ["v1", "v2", "v3"] {
            answer(&mut journal, put("app", tag), 201);
        }
        let result = judged(&journal, &[expect_count("oci:manifest.put where tag = \"v1\"", 1, None)]);
        let expected = "\
INCONCLUSIVE expected at least 1 call of `oci:manifest.put where tag = \"v1\"`; found 0 for certain and 2 at most.
  The journal holds records from #3 on; what would decide this is among the 2 that it dropped.";
        assert_eq!(result.items[0].text, expected);
        assert_eq!((result.verdict, result.checked_through), (Verdict::Inconclusive, 3));
    }

    #[test]
    fn no_text_is_longer_than_forty_lines_and_failures_come_first() {
        for (passing, failing) in [(0, 1), (30, 3), (39, 0), (40, 0), (100, 100), (5, 5), (38, 1)] {
            let journal = journal(50);
            let mut expectations = vec![expect_count("oci:manifest.put", 1, None); passing];
            let too_few = "oci:manifest.put where repository = \"web\" and tag = \"v1\" and region = \"eu-west-1\"";
            expectations.extend(vec![expect_count(too_few, 1, None); failing / 2]);
            expectations.extend(vec![expect_count("oci:*", 0, Some(1)); failing - failing / 2]);
            let result = judged(&journal, &expectations);
            let lines: Vec<&str> = result.text.lines().collect();
            assert!(lines.len() <= LINES_AT_MOST, "{passing} {failing}: {}", result.text);
            assert!(failing == 0 || lines[1].starts_with("FAIL"), "{}", result.text);
            assert!(result.items.iter().all(|item| item.text.lines().count() <= LINES_AT_MOST));
            let headlines = lines.iter().filter(|line| line.starts_with("FAIL expected")).count();
            assert!(headlines >= failing.min(38), "{passing} {failing}: {}", result.text);
        }
    }
}
