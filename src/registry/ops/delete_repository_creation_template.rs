//! `DeleteRepositoryCreationTemplate`: removes a template; repositories that it has created stay.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepositoryCreationTemplate.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::errors::TemplateNotFound;
use crate::registry::state::Registry;
use crate::registry::templates::Template;
use crate::registry::types::TemplatePrefix;

/// Which template.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its prefix.
    pub prefix: TemplatePrefix,
}

/// What was deleted.
#[derive(Clone, Debug)]
pub struct Output {
    /// The template in its last state.
    pub template: Arc<Template>,
}

/// Deletes the template.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, TemplateNotFound> {
    let template = Arc::clone(registry.template(&input.prefix)?);
    registry.templates.remove(input.prefix.without_slash());
    Ok(Output { template })
}
