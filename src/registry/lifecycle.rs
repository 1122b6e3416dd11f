//! What a repository keeps of lifecycle policies: the one in force, and the last preview of one.
//!
//! What rules say of images is decided in `policy::lifecycle`; this file shows it the images of a repository and keeps what
//! it says. Nothing here deletes or archives, and nothing runs by itself.

use std::sync::Arc;

use super::image::{Image, ImageStatus};
use super::policy::lifecycle::{Action, Candidate, LifecyclePolicy, Role, StorageClass, evaluate};
use super::repository::Repository;
use super::types::Timestamp;

/// Policy and preview of one repository.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// The policy in force; absent: none.
    pub policy: Option<StoredLifecyclePolicy>,
    /// The last preview; absent if there never was one.
    pub preview: Option<LifecyclePreview>,
}

/// A policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLifecyclePolicy {
    /// The policy, its text minified.
    pub policy: LifecyclePolicy,
    /// When it was last applied; absent before the first time.
    pub last_evaluated_at: Option<Timestamp>,
}

/// A policy that was tried out.
#[derive(Clone, Debug)]
pub struct LifecyclePreview {
    /// The policy, its text as it was given; that of a policy in force is minified.
    pub policy: LifecyclePolicy,
    /// When the preview was started.
    pub started_at: Timestamp,
    /// How far it is.
    pub state: PreviewState,
}

/// How far a preview is. ECR's `EXPIRED` is none: a preview stays until the next one (unconfirmed for how long in ECR).
#[derive(Clone, Debug)]
pub enum PreviewState {
    /// Under way.
    InProgress,
    /// Ended, with what the policy would do, by priority number of the rule, then oldest image first (unconfirmed).
    Complete(Arc<[PreviewResult]>),
    /// Ended without a result.
    Failed,
}

impl PreviewState {
    /// ECR's name of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete(_) => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }

    /// What the policy would do; nothing before it ended well.
    pub fn results(&self) -> &[PreviewResult] {
        match self {
            Self::Complete(results) => results,
            Self::InProgress | Self::Failed => &[],
        }
    }
}

/// What a policy would do to one image.
#[derive(Clone, Debug)]
pub struct PreviewResult {
    /// The image as it was then.
    pub image: Arc<Image>,
    /// Where it was then.
    pub storage_class: StorageClass,
    /// What would happen to it.
    pub action: Action,
    /// Priority number of the rule.
    pub applied_rule_priority: u32,
}

/// Images of a repository as rules see them. One on its way out of the archive is in neither storage class, so no rule
/// selects or counts it (unconfirmed).
pub fn candidates(repository: &Repository) -> impl Iterator<Item = Candidate<'_>> {
    repository.images().values().filter_map(|image| candidate(repository, image))
}

fn candidate<'a>(repository: &'a Repository, image: &'a Image) -> Option<Candidate<'a>> {
    let storage_class = match image.status() {
        ImageStatus::Active => StorageClass::Standard,
        ImageStatus::Archived => StorageClass::Archive,
        ImageStatus::Activating => return None,
    };
    let role = if image.manifest().subject().is_some() {
        Role::Referrer
    } else if repository.indexes_of(image.digest()).next().is_some() {
        Role::ChildOfIndex
    } else {
        Role::Plain
    };
    Some(Candidate {
        digest: image.digest(),
        tags: image.tags(),
        pushed_at: image.pushed_at(),
        last_recorded_pull_time: image.last_recorded_pull_time(),
        storage_class,
        last_archived_at: image.archive().map(|archive| archive.last_archived_at),
        last_activated_at: image.archive().and_then(|archive| archive.last_activated_at),
        role,
    })
}

/// Ends the preview that is under way, with what the policy says of the images as they are now, or without a result.
/// Nothing happens if none is under way.
pub(super) fn end_preview(repository: &mut Repository, now: Timestamp, succeeded: bool) {
    let is_under_way = |preview: &&LifecyclePreview| matches!(preview.state, PreviewState::InProgress);
    let Some(preview) = repository.lifecycle_preview().filter(is_under_way) else { return };
    let state = if succeeded {
        PreviewState::Complete(results(repository, &preview.policy, now))
    } else {
        PreviewState::Failed
    };
    if let Some(preview) = &mut repository.lifecycle_mut().preview {
        preview.state = state;
    }
}

fn results(repository: &Repository, policy: &LifecyclePolicy, now: Timestamp) -> Arc<[PreviewResult]> {
    let evaluation = evaluate(policy, candidates(repository), now);
    let result = |outcome: super::policy::lifecycle::Outcome<'_>| {
        Some(PreviewResult {
            image: Arc::clone(repository.images().get(outcome.image.digest)?),
            storage_class: outcome.image.storage_class,
            action: outcome.action,
            applied_rule_priority: outcome.applied_rule_priority,
        })
    };
    evaluation.actions().filter_map(result).collect()
}
