//! Records and matchers for the tests of this room.

use crate::facts::{Fact, Facts, Surface};
use crate::faults::{CheckedMatcher, Operations, parse_matcher};
use crate::registry::types::Timestamp;

use super::expectation::{CountExpectation, CountRange, CountUnit, Expectation, Form};
use super::log::Journal;
use super::record::{Arrival, Ending, Outcome, Phase};

/// Enough operations for tests.
struct SomeOperations;

impl Operations for SomeOperations {
    fn names(&self, surface: Surface) -> Vec<&'static str> {
        match surface {
            Surface::Ecr => vec!["PutImage", "DeleteRepository"],
            Surface::Oci => vec!["manifest.put", "manifest.get", "blob.get"],
            Surface::Upstream => vec!["blob.get"],
            Surface::Task => vec!["replication"],
        }
    }
}

pub(super) fn matcher(text: &str) -> CheckedMatcher {
    parse_matcher(text, &SomeOperations).expect("a matcher of a test")
}

pub(super) fn count_of(text: &str, least: u64, most: Option<u64>) -> CountExpectation {
    let range = CountRange::new(least, most).expect("a range of a test");
    CountExpectation { matcher: matcher(text), range, unit: CountUnit::Calls, phase: Phase::Finished }
}

pub(super) fn expect_count(text: &str, least: u64, most: Option<u64>) -> Expectation {
    Expectation { label: None, form: Form::Count(count_of(text, least, most)) }
}

pub(super) fn expect_sequence(texts: &[&str]) -> Expectation {
    Expectation { label: None, form: Form::Sequence(texts.iter().map(|text| matcher(text)).collect()) }
}

/// `oci:manifest.put` of a tag into a repository of us-east-1.
pub(super) fn put(repository: &str, tag: &str) -> Facts {
    oci("manifest.put", Some("PutImage")).with(Fact::Repository, repository).with(Fact::Tag, tag)
}

/// `oci:blob.get` from a repository of us-east-1.
pub(super) fn blob(repository: &str) -> Facts {
    oci("blob.get", None).with(Fact::Repository, repository)
}

fn oci(operation: &'static str, any: Option<&'static str>) -> Facts {
    Facts::new(Surface::Oci, operation, any).with(Fact::Account, "123456789012").with(Fact::Region, "us-east-1")
}

pub(super) fn open(journal: &mut Journal, facts: Facts) -> u64 {
    journal.append(Arrival::new(facts, Timestamp::EPOCH, 0, 0))
}

pub(super) fn finish(journal: &mut Journal, number: u64, status: u16) -> bool {
    let (outcome, status) = (Outcome::Completed, Some(status));
    let ending = Ending { at: Timestamp::EPOCH, outcome, status, error: None, bytes_in: 0, bytes_out: 0 };
    journal.update(number, |record| record.finish(ending))
}

/// A call that was answered.
pub(super) fn answer(journal: &mut Journal, facts: Facts, status: u16) -> u64 {
    let number = open(journal, facts);
    finish(journal, number, status);
    number
}
