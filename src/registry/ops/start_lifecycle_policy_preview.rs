//! `StartLifecyclePolicyPreview`: begins to try out a lifecycle policy, which changes no image.
//!
//! The call only notes the preview; what the policy would do is worked out when the work ends.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartLifecyclePolicyPreview.html>

use super::put_lifecycle_policy::invalid;
use crate::registry::context::{Context, Effect};
use crate::registry::errors::{
    InvalidParameter, LifecyclePolicyNotFound, LifecyclePolicyPreviewInProgress, RepositoryNotFound,
};
use crate::registry::lifecycle::{LifecyclePreview, PreviewState};
use crate::registry::policy::lifecycle::{LifecyclePolicy, LifecyclePolicyError};
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;
use crate::registry::work::Work;

/// What to try out.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The policy, see [`super::put_lifecycle_policy::Input::policy`]; absent: the one in force.
    pub policy: Option<Result<LifecyclePolicy, LifecyclePolicyError>>,
}

/// The preview as it began.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub preview: LifecyclePreview,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The text is no lifecycle policy.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// None was named and none is in force.
    #[error(transparent)]
    PolicyNotFound(#[from] LifecyclePolicyNotFound),
    /// The last preview has not ended.
    #[error(transparent)]
    InProgress(#[from] LifecyclePolicyPreviewInProgress),
}

/// Begins a preview in place of the last one. That a bad text shows before a preview under way is unconfirmed.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let (name, registry_id) = (input.repository.clone(), registry.id());
    let policy = match input.policy {
        Some(policy) => {
            let policy = policy.map_err(|error| invalid(&error))?;
            registry.quotas().check_lifecycle_policy(&policy)?;
            policy
        }
        None => match repository.lifecycle_policy() {
            Some(stored) => stored.policy.clone(),
            None => return Err(LifecyclePolicyNotFound { repository: name, registry_id }.into()),
        },
    };
    if repository.lifecycle_preview().is_some_and(|preview| matches!(preview.state, PreviewState::InProgress)) {
        return Err(LifecyclePolicyPreviewInProgress { repository: name, registry_id }.into());
    }
    let preview = LifecyclePreview { policy, started_at: cx.now, state: PreviewState::InProgress };
    registry.repository_mut(&input.repository)?.lifecycle_mut().preview = Some(preview.clone());
    cx.effects.push(Effect::WorkBegun(Work::Preview { repository: name }));
    Ok(Output { preview })
}
