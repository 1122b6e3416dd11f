//! What the tests of this room share.

use std::sync::Arc;

use crate::facts::{Fact, Facts, Surface};
use crate::registry::types::Timestamp;

use super::check::{CheckedRule, parse_rules};
use super::operations::Operations;
use super::plan::OpenGates;
use super::rules::{ApplyMode, DecideContext, RuleSet};

/// Enough operations for tests.
pub(crate) struct SomeOperations;

impl Operations for SomeOperations {
    fn names(&self, surface: Surface) -> Vec<&'static str> {
        match surface {
            Surface::Ecr => vec![
                "BatchGetImage",
                "DeleteRepository",
                "DescribeImages",
                "GetAuthorizationToken",
                "PutImage",
                "UploadLayerPart",
            ],
            Surface::Oci => vec![
                "ping",
                "tags.list",
                "manifest.head",
                "manifest.get",
                "manifest.put",
                "blob.head",
                "blob.get",
                "upload.start",
                "upload.patch",
                "upload.put",
            ],
            Surface::Upstream => vec!["manifest.get", "manifest.head", "blob.get", "blob.head", "token"],
            Surface::Task => vec!["replication"],
        }
    }
}

/// Rules of a test, which are right.
pub(crate) fn rules(text: &str) -> Vec<CheckedRule> {
    parse_rules(text, &SomeOperations).unwrap_or_else(|violations| {
        let texts: Vec<String> = violations.iter().map(ToString::to_string).collect();
        panic!("{}", texts.join("\n"))
    })
}

/// A world's rules, its clock and its gates.
pub(crate) struct Bench {
    pub(crate) rules: RuleSet,
    pub(crate) now: Timestamp,
    pub(crate) seed: u64,
    pub(crate) gates: OpenGates,
}

impl Bench {
    /// Applies a text at the epoch.
    pub(crate) fn new(text: &str) -> Self {
        let mut bench = Self { rules: RuleSet::default(), now: Timestamp::EPOCH, seed: 42, gates: OpenGates::new() };
        bench.apply(text, ApplyMode::Add);
        bench
    }

    pub(crate) fn apply(&mut self, text: &str, mode: ApplyMode) -> Vec<String> {
        let cx = DecideContext { now: self.now, seed: self.seed, open_gates: &self.gates };
        self.rules.apply(rules(text), mode, &cx).expect("few rules").warnings
    }

    pub(crate) fn decide(&mut self, facts: &Facts) -> super::Decision {
        let cx = DecideContext { now: self.now, seed: self.seed, open_gates: &self.gates };
        self.rules.decide(facts, &cx)
    }

    pub(crate) fn list(&self) -> Vec<super::RuleStatus> {
        self.rules.list(&DecideContext { now: self.now, seed: self.seed, open_gates: &self.gates })
    }

    pub(crate) fn open(&mut self, gate: &str) {
        self.gates.insert(Arc::from(gate), self.now);
    }

    /// The action of the first hit of each of so many equal calls.
    pub(crate) fn actions(&mut self, facts: &Facts, calls: usize) -> Vec<String> {
        let mut actions = Vec::new();
        for _ in 0..calls {
            actions.extend(self.decide(facts).hits.first().map(|hit| hit.action.to_string()));
        }
        actions
    }
}

/// `ecr:PutImage`.
pub(crate) fn put_image() -> Facts {
    Facts::new(Surface::Ecr, "PutImage", Some("PutImage")).with(Fact::Repository, "app")
}

/// `oci:manifest.put`, which comes down to `PutImage`.
pub(crate) fn manifest_put() -> Facts {
    Facts::new(Surface::Oci, "manifest.put", Some("PutImage")).with(Fact::Repository, "app")
}

/// `oci:blob.get`.
pub(crate) fn blob_get() -> Facts {
    Facts::new(Surface::Oci, "blob.get", None).with(Fact::Repository, "app")
}

/// `task:replication`.
pub(crate) fn replication() -> Facts {
    Facts::new(Surface::Task, "replication", None).with(Fact::DestRegion, "eu-west-1")
}
