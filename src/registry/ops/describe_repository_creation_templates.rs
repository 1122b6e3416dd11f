//! `DescribeRepositoryCreationTemplates`: templates in pages, all of them or those of some prefixes.
//!
//! A prefix without a template is passed over: the operation has no error for it.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositoryCreationTemplates.html>

use std::sync::Arc;

use crate::registry::errors::InvalidParameter;
use crate::registry::map::after;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::templates::Template;
use crate::registry::types::TemplatePrefix;

/// Which templates.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Those of these prefixes; none: all.
    pub prefixes: Vec<TemplatePrefix>,
    /// The page.
    pub page: PageRequest,
}

/// The templates, in order of their prefixes.
#[derive(Clone, Debug)]
pub struct Output {
    /// This page of them.
    pub templates: Vec<Arc<Template>>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// Looks the templates up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, InvalidParameter> {
    let wanted: Vec<&str> = input.prefixes.iter().map(TemplatePrefix::without_slash).collect();
    let operation = "DescribeRepositoryCreationTemplates";
    let filter = &wanted.join(",");
    let scope = Scope { operation, registry: registry.key(), repository: None, filter };
    let cursor = scope.cursor(&input.page)?;
    let rest = after(&registry.templates, cursor.as_deref());
    let rest = rest.filter(|(prefix, _)| wanted.is_empty() || wanted.contains(&&***prefix));
    let templates = rest.map(|(_, template)| Arc::clone(template));
    let token = |last: &Arc<Template>| scope.token(last.prefix.without_slash());
    let (templates, next_token) = take_page(templates, input.page.size(), token);
    Ok(Output { templates, next_token })
}
