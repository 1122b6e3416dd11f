//! What a test expects of the journal, and what it is told. Judging is done elsewhere.

use std::fmt;
use std::sync::Arc;

use crate::faults::CheckedMatcher;

use super::near_misses::NearMiss;
use super::record::{Phase, Record};

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Label for the report; absent: the matcher's text.
    pub label: Option<String>,
    /// What is expected.
    pub form: Form,
}

/// What is expected.
#[derive(Clone, Debug)]
pub enum Form {
    /// A number of records.
    Count(CountExpectation),
    /// Finished records in this order, others in between allowed; a record serves one matcher at most.
    Sequence(Vec<CheckedMatcher>),
}

/// So many records match.
#[derive(Clone, Debug)]
pub struct CountExpectation {
    /// Which.
    pub matcher: CheckedMatcher,
    /// How many.
    pub range: CountRange,
    /// What is counted.
    pub unit: CountUnit,
    /// Phase that a record must have reached to count.
    pub phase: Phase,
}

/// How many, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRange {
    least: u64,
    most: Option<u64>,
}

/// The most is less than the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("max {most} is less than min {least}")]
pub struct EmptyRange {
    least: u64,
    most: u64,
}

impl CountRange {
    /// From `least` to `most`; without a most, any number from `least` on.
    pub fn new(least: u64, most: Option<u64>) -> Result<Self, EmptyRange> {
        match most {
            Some(most) if most < least => Err(EmptyRange { least, most }),
            _ => Ok(Self { least, most }),
        }
    }

    /// What holds of a count that lies somewhere between two numbers.
    pub(super) fn judge(self, at_least: u64, at_most: u64) -> Verdict {
        let most = self.most.unwrap_or(u64::MAX);
        if at_most < self.least || at_least > most {
            Verdict::Fail
        } else if self.least <= at_least && at_most <= most {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        }
    }

    /// Whether a count is below the range.
    pub(super) fn is_above(self, count: u64) -> bool {
        count < self.least
    }

    /// Whether a count is in the range.
    pub(super) fn contains(self, count: u64) -> bool {
        self.judge(count, count) == Verdict::Pass
    }
}

impl CountRange {
    /// Whether a noun behind the range is in the singular.
    pub(super) fn is_singular(self) -> bool {
        matches!((self.least, self.most), (1, None) | (0 | 1, Some(1)))
    }
}

/// `exactly 2`, `at least 1`, `at most 3`, `1 to 3`, `no`, `any number of`.
impl fmt::Display for CountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (0, Some(0)) => f.write_str("no"),
            (0, None) => f.write_str("any number of"),
            (least, Some(most)) if least == most => write!(f, "exactly {least}"),
            (least, None) => write!(f, "at least {least}"),
            (0, Some(most)) => write!(f, "at most {most}"),
            (least, Some(most)) => write!(f, "{least} to {most}"),
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountUnit {
    /// Each record.
    Calls,
    /// Records of one logical call count once; a record without a logical call is one of its own.
    LogicalCalls,
}

impl CountUnit {
    /// That many of them, in words.
    pub(super) fn of(self, count: u64) -> String {
        format!("{count} {}{}", self.as_str(), if count == 1 { "" } else { "s" })
    }

    /// The word for one of them.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "call",
            Self::LogicalCalls => "logical call",
        }
    }
}

/// A verdict; the worse one is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// The journal no longer holds what would decide it.
    Inconclusive,
    /// It does not hold.
    Fail,
}

impl Verdict {
    /// The word for it in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Fail => "FAIL",
        }
    }
}

/// The verdict on all expectations.
#[derive(Clone, Debug)]
pub struct VerifyResult {
    /// The worst of the items' verdicts; PASS without items.
    pub verdict: Verdict,
    /// Number of the newest record that was looked at; 0 before the first.
    pub checked_through: u64,
    /// One for each expectation, in order.
    pub items: Vec<Item>,
    /// Text to print, at most 40 lines.
    pub text: String,
}

/// The verdict on one expectation.
#[derive(Clone, Debug)]
pub struct Item {
    /// The verdict.
    pub verdict: Verdict,
    /// Numbers of the retained records that matched, oldest first, at most 1 000.
    pub matched: Vec<u64>,
    /// How many matched; the number known for certain when records were evicted. For a sequence, how many of its matchers
    /// were met in order.
    pub actual: u64,
    /// What was expected, in words.
    pub expected: String,
    /// Records that almost matched, the nearest first, at most 3.
    pub near_misses: Vec<NearMiss>,
    /// Text of this item, at most 40 lines.
    pub text: String,
}

/// What was found, before it is put into words.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    /// All retained records that matched.
    pub(super) matched: Vec<Arc<Record>>,
    /// How many are known for certain to match.
    pub(super) actual: u64,
    /// How many may have matched at most.
    pub(super) at_most: u64,
    pub(super) near_misses: Vec<NearMiss>,
    /// What the numbers themselves suggest.
    pub(super) remark: Option<String>,
}
