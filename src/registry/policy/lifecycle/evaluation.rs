//! What the rules of a policy say of the images of a repository at a given time.
//!
//! Each rule looks at all images of its storage class, as if it were alone; then rules apply by ascending priority
//! number. An image belongs to the first rule whose tag criteria it meets: no later rule touches it, even if that first
//! rule spares it, yet later rules count it.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>

use std::time::Duration;

use super::candidate::{Candidate, Role};
use super::parse::LifecyclePolicy;
use super::rule::{Action, CountType, Rule};
use crate::registry::types::Timestamp;

/// Judges every image. Takes time in proportion to images times rules, plus one sort of the images.
pub fn evaluate<'a>(
    policy: &LifecyclePolicy,
    images: impl IntoIterator<Item = Candidate<'a>>,
    now: Timestamp,
) -> Evaluation<'a> {
    let images: Vec<Candidate<'a>> = images.into_iter().collect();
    // That referrers do not even count is unconfirmed.
    let before_rules = |image: &Candidate<'_>| match image.role {
        Role::Referrer => Verdict::Referrer,
        Role::Plain | Role::ChildOfIndex => Verdict::NoRule,
    };
    let mut verdicts: Vec<Verdict> = images.iter().map(before_rules).collect();
    let mut acted_on = Vec::new();
    let oldest_first = oldest_first(&images);
    for rule in policy.rules() {
        let selection = &rule.selection;
        let is_matching = |image: &Candidate<'_>| {
            image.storage_class == selection.storage_class && selection.tags.are_met_by(image.tags)
        };
        let matching: Vec<usize> = oldest_first.iter().copied().filter(|place| is_matching(&images[*place])).collect();
        let surplus = matching.len().saturating_sub(selection.count_number as usize);
        for (rank, place) in matching.into_iter().enumerate() {
            if verdicts[place] == Verdict::NoRule {
                verdicts[place] = judge(rule, &images[place], rank < surplus, now);
                if let Verdict::ActedOn { .. } = verdicts[place] {
                    acted_on.push(place);
                }
            }
        }
    }
    Evaluation { images, verdicts, acted_on }
}

/// The verdicts on all images of a repository.
#[derive(Clone, Debug)]
pub struct Evaluation<'a> {
    images: Vec<Candidate<'a>>,
    /// One for each image, in the same order.
    verdicts: Vec<Verdict>,
    /// Places of images on which a rule acts: by priority number of the rule, then oldest first.
    acted_on: Vec<usize>,
}

/// What the policy says of one image. Rules are named by their priority number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A rule acts on it.
    ActedOn {
        /// Priority number of the rule.
        rule_priority: u32,
        /// What the rule does.
        action: Action,
    },
    /// It belongs to a rule that leaves it alone, and so do all after it.
    Spared {
        /// Priority number of the rule.
        rule_priority: u32,
        /// Why it is left alone.
        reason: Spared,
    },
    /// It meets the tag criteria of no rule of its storage class.
    NoRule,
    /// It has a subject; rules are not about it.
    Referrer,
}

/// Why a rule leaves one of its images alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared {
    /// It is one of the newest images, as many as the rule keeps.
    WithinCount,
    /// Its days are not over.
    NotOldEnough,
    /// The rule selected it, but an index refers to it; ECR's `ImageReferencedByManifestList`.
    ReferencedByIndex,
}

/// An image and the rule that acts on it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The image.
    pub image: Candidate<'a>,
    /// What happens to it.
    pub action: Action,
    /// Priority number of the rule.
    pub applied_rule_priority: u32,
}

impl<'a> Evaluation<'a> {
    /// Every image with its verdict, in the order in which they were given.
    pub fn verdicts(&self) -> impl Iterator<Item = (Candidate<'a>, Verdict)> {
        self.images.iter().copied().zip(self.verdicts.iter().copied())
    }

    /// What is to be done: by priority number of the rule, then oldest image first. That order is unconfirmed.
    pub fn actions(&self) -> impl Iterator<Item = Outcome<'a>> {
        self.acted_on.iter().filter_map(|place| match self.verdicts[*place] {
            Verdict::ActedOn { rule_priority, action } => {
                Some(Outcome { image: self.images[*place], action, applied_rule_priority: rule_priority })
            }
            _ => None,
        })
    }

    /// Number of images that expire.
    pub fn expiring_image_total_count(&self) -> usize {
        self.actions().filter(|outcome| outcome.action == Action::Expire).count()
    }

    /// Number of images that go to the archive, the only target there is.
    pub fn transitioning_image_total_count(&self) -> usize {
        self.actions().filter(|outcome| outcome.action == Action::Transition).count()
    }
}

/// Places of all images but referrers. Of images of one time, that of the lower digest is the older one (unconfirmed).
fn oldest_first(images: &[Candidate<'_>]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..images.len()).filter(|place| images[*place].role != Role::Referrer).collect();
    places.sort_unstable_by_key(|place| (images[*place].aged_from(), images[*place].digest));
    places
}

/// What a rule says of one of its own images. `is_surplus`: it is none of the newest ones that a count keeps.
fn judge(rule: &Rule, image: &Candidate<'_>, is_surplus: bool, now: Timestamp) -> Verdict {
    let limit = Duration::from_hours(24 * u64::from(rule.selection.count_number));
    let is_older = |time: Timestamp| now.since(time) > limit;
    let (is_selected, otherwise) = match rule.selection.count_type {
        CountType::ImageCountMoreThan => (is_surplus, Spared::WithinCount),
        CountType::SinceImagePushed => (is_older(image.pushed_at), Spared::NotOldEnough),
        CountType::SinceImagePulled => (is_older(image.unused_from()), Spared::NotOldEnough),
        CountType::SinceImageTransitioned => (image.last_archived_at.is_some_and(is_older), Spared::NotOldEnough),
    };
    let spared = |reason| Verdict::Spared { rule_priority: rule.priority, reason };
    match image.role {
        _ if !is_selected => spared(otherwise),
        // The index may expire in this very evaluation; its children are free from the next one on.
        Role::ChildOfIndex => spared(Spared::ReferencedByIndex),
        Role::Plain | Role::Referrer => Verdict::ActedOn { rule_priority: rule.priority, action: rule.action },
    }
}
